"""Real data through a running site's API: accuracy shown, accuracy measured on files held out, seconds from
submit to deployed, ten jobs at once, a worker killed half-way.

    make bench NAME=first_jobs            everything
    make bench NAME=first_jobs ARGS=quick the first data sets only

The data are looked for in ../shared/data (or FLASH_BENCH_DATA): images/NAME/{train,test}.zip and
text/NAME/{train,test}.csv.
"""

import csv
import os
import signal
import sys
import tempfile
import time
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from benchmarks.site import DATA, Flash, bar, running_site

IMAGE, TEXT = "imageclassification", "textclassification"


@dataclass(frozen=True)
class Case:
    """One data set, one choice of model, and the goals of its accuracies."""

    task: str
    data: str
    fields: dict[str, str]
    shown: float | None = None
    held_out: float | None = None


CASES = [
    Case(IMAGE, "hymenoptera-224", {"model": "mobilenet_v2", "preset": "quick"}, shown=0.90),
    Case(IMAGE, "cats-dogs-mini", {"model": "mobilenet_v2", "preset": "quick"}, shown=0.96),
    Case(TEXT, "trec6", {"model": "bag_of_ngrams", "preset": "quick"}, held_out=0.88),
    Case(TEXT, "trec6", {"model": "lstm", "preset": "balanced"}, held_out=0.80),
    Case(TEXT, "thucnews-title-zh", {"preset": "quick"}, held_out=0.80),
    Case(TEXT, "wisesight-th", {"preset": "quick"}, held_out=0.60),
    Case(TEXT, "trec6", {"model": "gru", "preset": "balanced"}, held_out=0.80),
    Case(IMAGE, "trashnet-mini", {"model": "mobilenet_v2", "preset": "quick"}, held_out=0.75),
]
Bars = list[tuple[str, float, float]]


def main() -> None:
    if not DATA.is_dir():
        raise SystemExit(f"There is no data in {DATA}; set FLASH_BENCH_DATA.")
    quick = "quick" in sys.argv[1:]
    bars: Bars = []
    with running_site() as (flash, var):
        for case in CASES[:3] if quick else CASES:
            bars += run_case(flash, case)
        if not quick:
            bars += ten_at_once(flash)
            bars += worker_killed(flash, var)
    for name, value, goal in bars:
        bar(name, value, goal)


def run_case(flash: Flash, case: Case) -> Bars:
    """Trains one case and measures it on the held-out file through the API."""
    label = f"{case.data}:{case.fields.get('model', case.fields['preset'])}"
    folder = DATA / ("images" if case.task == IMAGE else "text") / case.data
    train = folder / ("train.zip" if case.task == IMAGE else "train.csv")
    start = time.monotonic()
    job = flash.train(train, task_type=case.task, task_name=case.data, **case.fields)
    job = flash.wait(job["token"], poll=0.5)
    seconds = time.monotonic() - start
    if job["status"] != "deployed":
        print(f"{label}: {job['status']}: {job['error']}")
        return [(f"{label}:deployed", 0, 1)]
    model = flash.model(job["token"])
    low, high = model["accuracy_interval"] or (0.0, 1.0)
    measured = (pictures_accuracy if case.task == IMAGE else sentences_accuracy)(flash, job["token"], folder)
    majority = float(model["metrics"].get("majority_accuracy", 0))
    print(
        f"{label}: {seconds:.1f} s, shown {model['accuracy']:.4f} in [{low:.4f}, {high:.4f}],"
        f" held out {measured:.4f}, majority {majority:.4f}",
        flush=True,
    )
    bars: Bars = [(f"{label}:held-out-within-interval", float(low <= measured <= high), 1)]
    if case.shown is not None:
        bars.append((f"{label}:shown", model["accuracy"], case.shown))
    if case.held_out is not None:
        bars.append((f"{label}:held-out", measured, case.held_out))
    return bars


def sentences_accuracy(flash: Flash, token: str, folder: Path) -> float:
    with (folder / "test.csv").open(encoding="utf-8", newline="") as file:
        rows = [(row["input"], row["label"]) for row in csv.DictReader(file)]
    hits = 0
    for batch in _batches(rows, 500):
        answers = flash.predict_texts(token, [text for text, _ in batch], top_k=1)
        hits += sum(answer["label"] == label for answer, (_, label) in zip(answers, batch, strict=True))
    return hits / len(rows)


def pictures_accuracy(flash: Flash, token: str, folder: Path) -> float:
    hits = count = 0
    with tempfile.TemporaryDirectory() as unpacked, zipfile.ZipFile(folder / "test.zip") as archive:
        archive.extractall(unpacked)
        files = sorted(path for path in Path(unpacked).rglob("*") if path.is_file())
        for batch in _batches(files, 50):
            answers = flash.predict_pictures(token, batch, top_k=1)
            hits += sum(
                answer["label"] == path.parent.name for answer, path in zip(answers, batch, strict=True)
            )
            count += len(batch)
    return hits / count


def ten_at_once(flash: Flash) -> Bars:
    """Ten jobs submitted without waiting: each deploys, each once."""
    train = DATA / "text" / "sms-spam" / "train.csv"
    start = time.monotonic()
    jobs = [
        flash.train(train, task_type=TEXT, task_name=f"ten {number}", seed=number) for number in range(10)
    ]
    ends = [flash.wait(job["token"]) for job in jobs]
    deployed = sum(job["status"] == "deployed" for job in ends)
    print(f"ten at once: {deployed} deployed in {time.monotonic() - start:.1f} s")
    return [("ten-at-once:deployed", deployed, 10)]


def worker_killed(flash: Flash, var: Path) -> Bars:
    """kill -9 to every process of the training worker while it trains."""
    job = flash.train(DATA / "text" / "trec6" / "train.csv", task_type=TEXT, task_name="killed", model="lstm")
    while flash.job(job["token"])["status"] in ("queued", "starting"):
        time.sleep(0.2)
    time.sleep(3)
    killed = list(_processes(lambda line: "training" in line and str(var) in _environ(line.split("\0")[0])))
    for pid in killed:
        os.kill(pid, signal.SIGKILL)
    start = time.monotonic()
    end = flash.wait(job["token"])
    print(
        f"killed {len(killed)} processes of the worker: {end['status']} {time.monotonic() - start:.1f} s later"
    )
    return [("worker-killed:deployed", float(end["status"] == "deployed"), 1)]


def _processes(wanted: Callable[[str], bool]) -> Iterator[int]:
    for entry in Path("/proc").iterdir():
        if not entry.name.isdecimal() or int(entry.name) == os.getpid():
            continue
        try:
            line = f"{entry.name}\0" + (entry / "cmdline").read_bytes().decode("utf-8", "replace")
        except OSError:
            continue
        if wanted(line):
            yield int(entry.name)


def _environ(pid: str) -> str:
    try:
        return Path(f"/proc/{pid}/environ").read_bytes().decode("utf-8", "replace")
    except OSError:
        return ""


def _batches(items: list[Any], size: int) -> Iterator[list[Any]]:
    rest = iter(items)
    while batch := list(islice(rest, size)):
        yield batch


if __name__ == "__main__":
    main()
