"""What versions of a large dataset cost: listed, compared, as of a time, restored, over HTTP and in services.

    make bench NAME=versions                       # SQLite in a temporary folder, about 500 MB
    make bench NAME=versions ARGS="--samples 100000 --versions 20"

A dataset of 1,000,000 samples with event times, and 100 versions of it, each of which relabels, leaves out or brings
back 10,000; every tenth adds 5,000. Times are medians of some calls in this process, the files lie on its disk. "as of"
is the whole manifest: numbers, labels and SHA-256 of all samples known at a time half-way. Restore is measured of a
difference of one sample and of a large one. Memory is what Python allocates in one call at its peak; CPU is the mean of
what this process used, which tells what a busy machine adds.
"""

import argparse
import hashlib
import os
import random
import statistics
import sys
import tempfile
import time
import tracemalloc
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from benchmarks.site import bar

_CLASSES = 20
_CHANGED, _ADDED = 10_000, 5_000
_REPEATS = 9
_GOAL_MS = 100.0
_BEGAN = datetime(2026, 1, 1, tzinfo=UTC)


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--samples", type=int, default=1_000_000)
    parser.add_argument("--versions", type=int, default=100)
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="flash-versions-", ignore_cleanup_errors=True) as folder:
        _start_django(Path(folder))
        began = time.perf_counter()
        dataset = _grow(options.samples, options.versions)
        print(
            f"{dataset.sample_numbers:,} samples, {dataset.head} versions after {time.perf_counter() - began:.0f} s;"
            f" {_bytes_of(dataset) / 1e6:,.0f} MB of changes and labels",
            flush=True,
        )
        print(f"{'call':>16} {'median ms':>10} {'worst ms':>9} {'CPU ms':>7} {'peak MB':>8}")
        calls = _calls(dataset)
        medians = {name: _measured(name, call) for name, call in calls.items()}
        for name, median in medians.items():
            bar(f"versions_{name}_ms", median, _GOAL_MS, at_least=False)
        small, large, change = _restores(dataset)
        print(f"restore of 1 change {small:.1f} ms, of {change:,} changes {large:.1f} ms")
        bar("versions_restore_small_ms", small, _GOAL_MS, at_least=False)
        # Of its difference: what each changed sample adds, in microseconds.
        bar("versions_restore_us_per_change", 1000 * max(0.0, large - small) / change, 5.0, at_least=False)
    return 0


def _start_django(folder: Path) -> None:
    os.environ["FLASH_VAR_DIR"] = str(folder)
    os.environ["FLASH_LOG_LEVEL"] = "ERROR"
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "flashsite.settings")
    (folder / "tmp").mkdir()
    import django

    django.setup()
    from django.core.management import call_command

    call_command("migrate", verbosity=0)


def _grow(samples: int, versions: int) -> Any:
    """A dataset by the services themselves, but for the reading of an upload."""
    import numpy as np

    from jobs.datasets.versions import manifests, recording
    from jobs.models import DatasetVersion, VersionedDataset

    chance = np.random.default_rng(0)
    dataset = VersionedDataset.with_new_token(
        task_type="textclassification", name="messages.csv", columns=["input", "label"]
    )
    _added(dataset, samples, recording.Kind.UPLOAD)
    for number in range(2, versions + 1):
        if number % 10 == 0:
            _added(dataset, _ADDED, recording.Kind.EXTENSION)
            continue
        labels = manifests.labels_of(dataset, manifests.get_version(dataset))
        chosen = chance.choice(dataset.sample_numbers, min(_CHANGED, samples // 10), replace=False)
        new = {
            int(place): None if part < 0.2 and labels.codes[place] >= 0 else f"class {int(label):02}"
            for place, part, label in zip(
                chosen, chance.random(len(chosen)), chance.integers(_CLASSES, size=len(chosen)), strict=True
            )
        }
        recording.change_labels(dataset=dataset, labels=new, kind=recording.Kind.CORRECTION)
    # As if each had been made a day after the one before.
    for row in DatasetVersion.objects.filter(dataset=dataset):
        DatasetVersion.objects.filter(pk=row.pk).update(created=_BEGAN + timedelta(days=row.number))
    for segment in dataset.segments.all():
        dataset.segments.filter(pk=segment.pk).update(created=_BEGAN)
    return dataset


def _added(dataset: Any, count: int, kind: Any) -> None:
    """A version with `count` samples more, packed as a reader packs them."""
    from jobs.datasets.versions import recording
    from jobs.datasets.versions.segment_files import Packed
    from jobs.uploads.samples.packing import pack
    from modelstore.ground import temporary

    with temporary.folder() as folder:
        pack(_samples(dataset.sample_numbers, count), dataset.columns, folder)
        recording.add(dataset=dataset, packed=Packed.read(folder), folder=folder, kind=kind)


def _samples(first: int, count: int) -> Iterator[Any]:
    from jobs.datasets.versions.manifests import microseconds
    from jobs.uploads.samples.sample import Sample

    chance, start = random.Random(first), microseconds(_BEGAN)
    for number in range(first, first + count):
        content = f"message {number}: {hashlib.md5(str(number).encode()).hexdigest()}".encode()
        moment = start + chance.randrange(100 * 86_400) * 1_000_000
        yield Sample(content, f"class {chance.randrange(_CLASSES):02}", time=moment)


def _calls(dataset: Any) -> dict[str, Callable[[], object]]:
    """What is asked of a dataset with many versions."""
    from django.test import Client

    from jobs.datasets.versions import differences, manifests

    client, token = Client(headers={"host": "localhost"}), dataset.token
    middle = _BEGAN + timedelta(days=dataset.head // 2, hours=1)
    first, half, last = (
        manifests.get_version(dataset, str(number)) for number in (1, dataset.head // 2, dataset.head)
    )

    def as_of() -> None:
        found = manifests.manifest(dataset, manifests.as_of(dataset, middle), middle)
        assert 0 < len(found) < dataset.sample_numbers
        found.ids()

    def listed() -> None:
        answer = client.get(f"/api/v1/versions/{token}/?limit=100")
        assert len(answer.json()["results"]) == min(100, dataset.head)

    def neighbours() -> None:
        before = manifests.get_version(dataset, str(dataset.head - 1))
        differences.compare(dataset=dataset, earlier=before, later=last, shown=0)

    def manifest_page() -> None:
        time = f"{middle:%Y-%m-%dT%H:%M:%SZ}"
        answer = client.get(f"/api/v1/versions/{token}/head/samples/?as_of={time}&count=100")
        assert len(answer.json()["samples"]) == 100

    return {
        "list": listed,
        "diff_one": neighbours,
        "diff_all": lambda: differences.compare(dataset=dataset, earlier=first, later=last, shown=0),
        "as_of_manifest": as_of,
        "as_of_page": manifest_page,
        "manifest": lambda: manifests.manifest(dataset, half),
    }


def _restores(dataset: Any) -> tuple[float, float, int]:
    """Milliseconds to restore what differs in one sample, and in many; and in how many."""
    from jobs.datasets.versions import manifests, recording

    def restored(earlier: Any) -> float:
        began = time.perf_counter()
        recording.restore(dataset=dataset, version=earlier)
        return (time.perf_counter() - began) * 1000

    small, large, changed = [], [], 1
    for turn in range(3):
        before = manifests.get_version(dataset)
        label = f"class {turn:02}x"
        recording.change_labels(dataset=dataset, labels={7: label}, kind=recording.Kind.RELABELLING)
        small.append(restored(before))
        half = manifests.get_version(dataset, str(dataset.head // 2))
        changed = len(manifests.between(dataset, half.number, dataset.head))
        large.append(restored(half))
        recording.restore(dataset=dataset, version=before)
    return statistics.median(small), statistics.median(large), changed


def _measured(name: str, call: Callable[[], object]) -> float:
    """Prints and answers the median in milliseconds."""
    call()
    times, used = [], time.process_time()
    for _ in range(_REPEATS):
        began = time.perf_counter()
        call()
        times.append((time.perf_counter() - began) * 1000)
    cpu = (time.process_time() - used) / _REPEATS * 1000
    tracemalloc.start()
    call()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    median = statistics.median(times)
    print(f"{name:>16} {median:>10.1f} {max(times):>9.1f} {cpu:>7.1f} {peak / 1e6:>8.1f}", flush=True)
    return median


def _bytes_of(dataset: Any) -> int:
    from django.db.models import Sum

    return int(dataset.versions.aggregate(total=Sum("size_bytes"))["total"])


if __name__ == "__main__":
    sys.exit(main())
