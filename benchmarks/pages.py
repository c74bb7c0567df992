"""Every page and every read of the API over HTTP, at 10 and at 100,000 jobs and models: median, p99, size, weight.

    make bench NAME=pages ARGS='--rows 100000 --requests 60'

Bars: each page's median under 50 ms at the most rows; each page under 200 kB with all that it loads.
"""

import argparse
import gzip
import http.client
import itertools
import os
import re
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urljoin, urlsplit

from benchmarks.site import bar, running_site

GOAL_MS, GOAL_KB = 50.0, 200.0
_BATCH = 2000
_numbers = itertools.count(int(time.time()) * 1000)


def main() -> None:
    arguments = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    arguments.add_argument("--rows", type=int, default=100_000)
    arguments.add_argument("--requests", type=int, default=60)
    chosen = arguments.parse_args()
    with running_site() as (flash, folder):
        _use_database_of(folder)
        world = _World(flash)
        few = {}
        if world.rows <= 10:
            world.grow(10)
            few = _measure_all(world, chosen.requests)
        world.grow(chosen.rows)
        many = _measure_all(world, chosen.requests)
        _report(few, many, _processor_time(world), chosen.rows)
        _report_weights(world)


class _Reader:
    """One connection that stays open, as a browser's."""

    def __init__(self, url: str, headers: dict[str, str]) -> None:
        self._host = urlsplit(url).netloc
        self.sent = headers
        self._headers = {"Accept-Encoding": "gzip", **headers}
        self._connection = http.client.HTTPConnection(self._host, timeout=120)

    def get(self, path: str) -> tuple[int, float, bytes, dict[str, str]]:
        """Status, milliseconds, body as it travelled, headers."""
        began = time.perf_counter()
        try:
            self._connection.request("GET", path, headers=self._headers)
            answer = self._connection.getresponse()
        except (http.client.HTTPException, OSError):
            # The server closes a connection after a while, as servers do.
            self._connection.close()
            began = time.perf_counter()
            self._connection.request("GET", path, headers=self._headers)
            answer = self._connection.getresponse()
        body = answer.read()
        headers = {name.lower(): value for name, value in answer.getheaders()}
        return answer.status, (time.perf_counter() - began) * 1000, body, headers


class _World:
    """The rows, and who looks at them: a visitor with tokens, a program with a key, an operator."""

    def __init__(self, flash: Any) -> None:
        from django.contrib.auth.models import User
        from django.test import Client

        from jobs.models import Job, JobEvent, PlatformStatus
        from modelstore import api_keys
        from modelstore.ground import tokens
        from modelstore.models import CleanupPolicy

        # So that nothing is trained or pruned meanwhile: rows are looked at, not worked on.
        PlatformStatus.objects.update_or_create(pk=1, defaults={"queue_limit": 1_000_000})
        CleanupPolicy.objects.update_or_create(pk=1, defaults={"active": False})
        self.url = flash._root.split("/api/")[0]
        operator = Client()
        operator.force_login(
            User.objects.get_or_create(username="bench", is_staff=True, is_superuser=True)[0]
        )
        session = operator.cookies["sessionid"].value
        _, key = api_keys.create(name="bench", scopes=["operate"])
        with tempfile.TemporaryDirectory() as temporary:
            table = Path(temporary) / "messages.csv"
            table.write_text("input,label\n" + "".join(f"text {n},{'ab'[n % 2]}\n" for n in range(2000)))
            dataset = flash.check(table, task_type="textclassification")
        # A running site (FLASH_BENCH_URL) may hold its rows already.
        self.rows = Job.objects.count()
        self._insert(max(0, 9 - self.rows))
        job, token = Job.objects.filter(status="failed").latest("pk"), tokens.new_token()
        Job.objects.filter(pk=job.pk).update(token_digest=tokens.digest(token))
        for number in range(1, 21):
            job.epochs.get_or_create(
                epoch=number, train_loss=1 / number, val_loss=1 / number, train_accuracy=0.5, val_accuracy=0.5
            )
            JobEvent.objects.create(job=job, kind="log", message=f"line {number} of the log")
        self.tokens = {
            "job": token,
            "model": "demo",
            "dataset": dataset["token"],
            "batch": _done_batch("demo"),
        }
        picture = _picture_model()
        self.pictures = {"model": picture, "batch": _done_batch(picture)}
        self.program = _Reader(self.url, {"Authorization": f"Bearer {key}"})
        self.visitor = _Reader(self.url, {})
        self.operator = _Reader(self.url, {"Cookie": f"sessionid={session}"})

    def grow(self, rows: int) -> None:
        began = time.perf_counter()
        self._insert(max(0, rows - self.rows))
        print(f"{rows:,} jobs and models after {time.perf_counter() - began:.0f} s", flush=True)

    def _insert(self, count: int) -> None:
        for start in range(0, count, _BATCH):
            _insert(min(_BATCH, count - start))
        self.rows += count

    def addresses(self) -> Iterator[tuple[str, str, _Reader]]:
        from tests.site.addresses import addresses, admin_addresses

        found = addresses(self.tokens)
        # Pictures have more to show: samples behind the figures, a camera.
        of_pictures = {
            f"{name} of pictures": path
            for name, path in addresses(self.pictures).items()
            if name.startswith(("model", "batch")) and not name.startswith("model-download")
        }
        for name, path in {**found, **of_pictures}.items():
            yield name, path, self.program if path.startswith("/api/") else self.visitor
        yield "api:jobs failed", "/api/v1/jobs/?status=failed", self.program
        deep = self.program.get("/api/v1/jobs/?limit=200")[2]
        page = re.search(rb'"next": ?"([^"]+)"', gzip.decompress(deep) if deep[:2] == b"\x1f\x8b" else deep)
        if page:
            yield (
                "api:jobs next page",
                urlsplit(page[1].decode()).path + "?" + urlsplit(page[1].decode()).query,
                self.program,
            )
        for name, path in admin_addresses().items():
            yield name, path, self.operator


def _picture_model() -> str:
    """The token of a small model of pictures with kept samples and findings, made once."""
    from modelstore.bundles import store
    from modelstore.ground import tokens
    from modelstore.models import TrainedModel
    from tests.bundles import COLOURS, image_bundle
    from tests.site.kept_examples import add_findings, keep_examples

    token = "benchOfColours" + "0" * 8
    if TrainedModel.objects.filter(token_digest=tokens.digest(token)).exists():
        return token
    with tempfile.TemporaryDirectory() as temporary:
        folder, prefix = image_bundle(Path(temporary) / "bundle", COLOURS), f"bench/{tokens.new_token()}/1"
        store.upload_bundle(folder=folder, prefix=prefix)
        model = store.create_model(
            token_digest=tokens.digest(token),
            prefix=prefix,
            folder=folder,
            task_name="bench of colours",
            downloadable=True,
        )
    add_findings(keep_examples(model, source="red/000.jpg"))
    return token


def _done_batch(model_token: str) -> str:
    """The token of a file of a hundred items that the model has predicted, as far as its pages know."""
    from django.core.files.base import ContentFile
    from django.core.files.storage import default_storage
    from django.utils import timezone

    from jobs.batches.child.order import CSV_FILE
    from jobs.models import BatchPrediction
    from modelstore.ground.tokens import digest, new_token
    from modelstore.models import TrainedModel

    model, token = TrainedModel.objects.get(token_digest=digest(model_token)), new_token()
    label, kind = model.classes[0], "pictures" if model.task_type.startswith("image") else "sentences"
    first = [
        {"file": f"{n}.jpg", "row": n, "text": f"text {n}", "label": label, "probability": 0.9}
        for n in range(100)
    ]
    BatchPrediction.objects.create(
        token_digest=digest(token), model=model, kind=kind, name="holiday", size_bytes=1_000_000,
        status="done", finished=timezone.now(), total=100, done=100, progress=1, counts={label: 100}, first=first,
        results_prefix=f"batches/{token}/1",
    )  # fmt: skip
    default_storage.save(f"batches/{token}/1/{CSV_FILE}", ContentFile(b"file,label\n"))
    return token


def _insert(count: int) -> None:
    """Jobs of all kinds, nine of ten deployed, each with its model; documents of a usual size."""
    from django.db import transaction
    from django.utils import timezone

    from jobs.models import Job
    from modelstore.ground.tokens import digest, new_token
    from modelstore.models import TrainedModel
    from training.ground.recipe import resolve

    config = resolve("textclassification", {"preset": "quick"}).to_json()
    report = {
        "accuracy": 0.9, "confusion": [[90, 10], [10, 90]], "val_count": 200,
        "epochs": [{"epoch": n, "train_loss": 0.5, "val_loss": 0.5, "val_accuracy": 0.9} for n in range(10)],
        "per_class": [{"label": label, "precision": 0.9, "recall": 0.9, "support": 100} for label in "ab"],
    }  # fmt: skip
    now, models, jobs = timezone.now(), [], []
    for number in itertools.islice(_numbers, count):
        token = new_token()
        common = {"token_digest": digest(token), "task_type": "textclassification"}
        common |= {"task_name": f"nightly import {number}", "model_name": "bag_of_ngrams"}
        status = {0: "failed", 5: "cancelled"}.get(number % 20, "deployed")
        if status == "deployed":
            models.append(
                TrainedModel(
                    **common,
                    classes=["a", "b"],
                    accuracy=0.9,
                    accuracy_low=0.85,
                    accuracy_high=0.93,
                    report=report,
                    manifest=report,
                    storage_prefix=f"jobs/{number}/1",
                    size_bytes=900_000,
                )
            )
        jobs.append(
            Job(
                **common,
                preset="quick",
                config=config,
                status=status,
                progress=1,
                created=now,
                finished=now,
                error="The data has one class only." if status == "failed" else "",
            )
        )
    with transaction.atomic():
        made = {model.token_digest: model for model in TrainedModel.objects.bulk_create(models)}
        for job in jobs:
            job.model = made.get(job.token_digest)
        Job.objects.bulk_create(jobs)


def _measure_all(world: _World, requests: int) -> dict[str, tuple[list[float], int, int]]:
    """Milliseconds of each request, status and bytes as they travel, by name of the address."""
    found = {}
    for name, path, reader in world.addresses():
        for _ in range(3):
            status, _, body, _ = reader.get(path)
        found[name] = ([reader.get(path)[1] for _ in range(requests)], status, len(body))
    return found


def _processor_time(world: _World) -> dict[str, float]:
    """Median milliseconds of processor that an address takes inside Django: the same on a busy machine."""
    import logging

    from django.conf import settings
    from django.test import Client

    logging.disable(logging.CRITICAL)
    settings.ALLOWED_HOSTS = ["*"]
    client, found = Client(raise_request_exception=False), {}
    for name, path, reader in world.addresses():
        times = []
        for _ in range(6):
            began = time.thread_time()
            answer = client.get(path, headers=reader.sent)
            if answer.streaming:
                b"".join(answer.streaming_content)  # type: ignore[arg-type]
            times.append((time.thread_time() - began) * 1000)
        found[name] = statistics.median(times[1:])
    return found


def _report(few: dict[str, Any], many: dict[str, Any], processor: dict[str, float], rows: int) -> None:
    print(f"load average {os.getloadavg()[0]:.1f} on {os.cpu_count()} processors")
    print(f"{'address':<34} {'':>4} {'10 rows':>16} {f'{rows:,} rows':>18} {'':>9} {'kB':>8}")
    print(f"{'':<34} {'':>4} {'median':>8}{'p99':>8} {'median':>9}{'p99':>9} {'cpu':>8}")
    worst, slowest = 0.0, ""
    for name, (times, status, size) in sorted(many.items()):
        before = few[name][0] if name in few else [float("nan")]
        median = statistics.median(times)
        line = f"{name:<34} {status:>4} {statistics.median(before):>8.1f}{_p99(before):>8.1f}"
        print(f"{line} {median:>9.1f}{_p99(times):>9.1f} {processor[name]:>8.1f} {size / 1000:>8.1f}")
        if median > worst and status == 200:
            worst, slowest = median, name
    print(f"slowest: {slowest}")
    bar("slowest median in ms", worst, GOAL_MS, at_least=False)
    bar("most processor time in ms", max(processor.values()), GOAL_MS, at_least=False)


def _p99(times: list[float]) -> float:
    return sorted(times)[min(len(times) - 1, int(len(times) * 0.99))]


def _report_weights(world: _World) -> None:
    """What a first visit loads: the page, and every style, script and picture that it names."""
    heaviest, name_of = 0.0, ""
    for name, path, reader in world.addresses():
        status, _, body, headers = reader.get(path)
        if status != 200 or not headers.get("content-type", "").startswith("text/html"):
            continue
        html = gzip.decompress(body) if headers.get("content-encoding") == "gzip" else body
        links = re.findall(rb'<(?:script|img|link)[^>]+?(?:src|href)="([^"]+)"', html)
        loaded = {urljoin(path, link.decode()) for link in links if not link.startswith((b"data:", b"http"))}
        weight = len(body) + sum(len(reader.get(one)[2]) for one in loaded)
        if weight > heaviest:
            heaviest, name_of = weight, name
        print(f"weight {name:<34} {weight / 1000:>8.1f} kB, {len(loaded)} files")
    print(f"heaviest: {name_of}")
    bar("heaviest page in kB", heaviest / 1000, GOAL_KB, at_least=False)


def _use_database_of(folder: Path) -> None:
    os.environ["FLASH_VAR_DIR"] = str(folder)
    os.environ["DJANGO_SETTINGS_MODULE"] = "flashsite.settings"
    import django

    django.setup()


if __name__ == "__main__":
    sys.exit(main())
