"""Bar 5: a hundred models, requests spread over all, room in memory for twenty; and a model's first prediction."""

import argparse
import statistics
from pathlib import Path

import psutil

from benchmarks.serving_load import multipart, quantile, run_load
from benchmarks.serving_models import photos, publish, slim, trained
from benchmarks.site import bar, port_of, running_site
from modelstore.prediction.memory_cache import session_bytes
from training.bundle.manifest import ONNX_FILE

MODELS, ROOM = 100, 20


def main(options: argparse.Namespace, work: Path) -> None:
    """Prints latencies, memory and bars."""

    bundle, pictures = slim(trained(work, "pictures"), work / "plain"), photos(work)
    setting = ROOM * session_bytes((bundle / ONNX_FILE).stat().st_size)
    with running_site(FLASH_MODEL_CACHE_BYTES=str(setting)) as (client, var_dir):
        tokens = publish(var_dir, [bundle] * (MODELS + 12))
        picture = sorted(pictures.iterdir())[0].read_bytes()
        requests = [multipart(f"/api/v1/models/{token}/predict/", "image", picture) for token in tokens]
        run_load(port_of(client), requests[-2:] * 4, connections=2, seconds=1)
        first = [
            run_load(port_of(client), [request], connections=1, seconds=0.001).milliseconds[0]
            for request in requests[MODELS:-2]
        ]
        print(
            f"\nFirst prediction of a model: median {statistics.median(first):.0f} ms, worst {max(first):.0f} ms"
        )
        bar("first_prediction_ms", statistics.median(first), 300, at_least=False)
        load = run_load(
            port_of(client), requests[:MODELS], connections=8, seconds=max(20.0, options.seconds * 4)
        )
        print(
            f"{MODELS} models, room for {ROOM}: {load.rate:.0f}/s, p50 {load.quantile(0.5):.0f} ms, "
            f"p99 {load.quantile(0.99):.0f} ms, statuses {load.statuses}"
        )
        bar("many_models_errors", load.errors, 0, at_least=False)
        # Eight at once on two cores, most of which load: each waits for its share of the others.
        bound = quantile(first, 0.5) * 8
        bar("many_models_p99_ms", load.quantile(0.99), bound, at_least=False)
        used = max(rss for rss in web_memory(port_of(client))) - setting
        bar("web_memory_over_setting_mb", used / 2**20, 150, at_least=False)


def web_memory(port: int) -> list[int]:
    """Bytes resident in each worker process of the web."""
    from benchmarks.serving import web_master

    return [child.memory_info().rss for child in psutil.Process(web_master(port)).children()]
