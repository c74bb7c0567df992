"""Whether the code of a model is as good as Flash on real data: trained by Flash, then by its script, without Flash.

    make bench NAME=generated_code
    make bench NAME=generated_code ARGS='--sets trec6 --presets quick balanced'

The script runs in a process of its own, on the same files, with the weights of FLASH_WEIGHTS_DIR. Bar: by how many
percent points its accuracy on the validation part lies outside of the interval that Flash told.
"""

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import django

from benchmarks.honesty.sets import ALL, TEXTS, Sample, of_file, write_samples
from benchmarks.site import bar
from benchmarks.training_runs import run_dir, train

SETS = ("hymenoptera-224", "trec6")
_WEIGHTS = Path(os.environ.get("FLASH_WEIGHTS_DIR", "var/weights")).resolve()


def main() -> None:
    """A line for each training, then the bars."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--sets", nargs="*", default=list(SETS), choices=[*ALL])
    parser.add_argument("--presets", nargs="*", default=["quick"])
    chosen = parser.parse_args()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "flashsite.settings")
    django.setup()
    print(f"{'set':20} {'preset':9} {'Flash':>6} {'interval':>16} {'script':>7} {'s':>6} {'s':>6}  lines")
    bars = [
        (f"code-{name}-{preset}", _outside(name, preset)) for name in chosen.sets for preset in chosen.presets
    ]
    for name, value in bars:
        bar(name, value, 0.0, at_least=False)


def _outside(name: str, preset: str) -> float:
    with tempfile.TemporaryDirectory(prefix="flash-bench-") as temporary:
        folder = Path(temporary)
        samples = of_file(name).learned
        report, seconds = _by_flash(folder, name, preset, samples)
        started = time.monotonic()
        accuracy = _by_script(folder / "code", folder / "run" / "data", name, report["model"])
        low, high = report["accuracy_interval"]
        lines = len((folder / "code" / "train.py").read_text().splitlines())
        print(
            f"{name:20} {preset:9} {100 * report['accuracy']:6.1f} {100 * low:6.1f} to {100 * high:6.1f} "
            f"{100 * accuracy:7.1f} {seconds:6.0f} {time.monotonic() - started:6.0f}  {lines}",
            flush=True,
        )
        return round(100 * max(low - accuracy, accuracy - high, 0.0), 2)


def _by_flash(folder: Path, name: str, preset: str, samples: list[Sample]) -> tuple[dict[str, Any], float]:
    """The report of a training, whose code then lies in `folder`/code, and how long it took."""
    from modelstore.bundles.code_files import code_files
    from modelstore.bundles.standalone_files import write_files
    from modelstore.models import TrainedModel

    task = "textclassification" if name in TEXTS else "imageclassification"
    run = run_dir(folder / "run", task, {"preset": preset})
    write_samples(name, run / "data", samples)
    started = time.monotonic()
    report = train(run).report
    seconds = time.monotonic() - started
    manifest = json.loads((run / "bundle" / "model.json").read_text())
    model = TrainedModel(
        task_type=task,
        task_name=name,
        model_name=manifest["model"],
        classes=manifest["classes"],
        score_name="accuracy",
        score_value=report["accuracy"],
        manifest=manifest,
        report=report,
    )
    write_files(code_files(model, lambda file: (run / "bundle" / file).open("rb")), folder / "code")
    return report | {"model": manifest["model"]}, seconds


def _by_script(code: Path, data: Path, name: str, model: str) -> float:
    """The accuracy that the script measures."""
    from training.kinds.sentences.encoders.specs import ENCODERS

    told = {"DATA": data / "data.csv" if name in TEXTS else data}
    if model in ENCODERS:
        told["ENCODER"] = _WEIGHTS / ENCODERS[model].folder
    elif (_WEIGHTS / f"{model}.pth").is_file():
        told["WEIGHTS"] = _WEIGHTS / f"{model}.pth"
    done = subprocess.run(
        [sys.executable, "-P", "train.py"],
        cwd=code,
        env=os.environ | {key: str(value) for key, value in told.items()},
        capture_output=True,
        text=True,
        check=True,
    )
    found = re.search(r"^accuracy ([\d.]+)", done.stdout, re.MULTILINE)
    assert found, done.stdout
    return float(found[1])


if __name__ == "__main__":
    main()
