"""Ever more rows and pictures with preset Quick: time and memory.

    make bench NAME=scale
    make bench NAME=scale ARGS='--rows 10000 100000 --pictures 0'

Rows: the bag of n-grams beside fastText (five epochs, pairs of words, two threads). Both start from a table and end
with a model file; seconds are those of the whole process, the clock's and the processor's. The rows are made of
agnews-small. Of the time of a row, and of what the check of duplicates and labels takes of it, the fewest rows and the
most are compared, without what a process takes to start. Then the most rows are sent to a site, which checks them.

Pictures: as many as wanted (0: none) beside decoding and the bare network for all of them, and beside a tenth of them.
"""

import argparse
import json
import resource
import shutil
import subprocess
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from benchmarks.quality_text import accuracy
from benchmarks.scale.pictures import bare_seconds, trained, write_pictures
from benchmarks.scale.rows import write_rows
from benchmarks.scale.web import checked
from benchmarks.site import DATA, bar
from benchmarks.tools_environment import python_of
from benchmarks.training_runs import run_dir, train

_HERE = Path(__file__).parent
_SOURCE = DATA / "text" / "agnews-small" / "train.csv"
_TEST_ROWS = 5_000
# What a training of a hundred rows takes is the start.
_FEWEST = 100
# Name, value, goal, and whether the goal is the least that it may be.
Bar = tuple[str, float, float, bool]
_CHOICE = {"preset": "quick", "model": "bag_of_ngrams", "threads": 2}


@dataclass(frozen=True, slots=True)
class Cost:
    """Seconds by the clock and of the processor, the peak of memory in MB, accuracy in percent.

    `audit` are the seconds of the check of duplicates and labels.
    """

    seconds: float
    processor: float
    peak_mb: float
    accuracy: float
    audit: float = 0.0


def by_flash(table: Path, test: Path, folder: Path) -> Cost:
    """A training process from a table to its bundle."""
    run = run_dir(folder, "textclassification", _CHOICE)
    (run / "data").mkdir()
    shutil.copy(table, run / "data" / "data.csv")
    trained = train(run)
    phases = {name: round(seconds, 1) for name, seconds in trained.report["seconds"].items()}
    print(f"    phases: {phases}", flush=True)
    right = accuracy(run / "bundle", test, 2)
    return Cost(trained.seconds, trained.processor, trained.peak_mb, right, phases["audit"])


def by_fasttext(python: Path, table: Path, test: Path, folder: Path) -> Cost:
    """The same by fastText."""
    folder.mkdir()
    before, started = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    command = [python, _HERE / "by_fasttext.py", table, test, folder]
    told = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    seconds, after = time.monotonic() - started, resource.getrusage(resource.RUSAGE_CHILDREN)
    processor = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    found = json.loads(told.splitlines()[-1])
    return Cost(seconds, processor, found["peak_mb"], found["accuracy"])


def main() -> None:
    """See the module."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rows", type=int, nargs="*", default=[10_000, 100_000, 1_000_000])
    parser.add_argument("--pictures", type=int, default=50_000)
    parser.add_argument("--no-web", action="store_true", help="leave out what the site takes")
    chosen = parser.parse_args()
    bars: list[Bar] = []
    with tempfile.TemporaryDirectory(prefix="flash-bench-") as temporary:
        if chosen.rows:
            bars += _of_rows(sorted(chosen.rows), Path(temporary), with_web=not chosen.no_web)
        if chosen.pictures:
            bars += _of_pictures(chosen.pictures, Path(temporary))
    for name, value, goal, at_least in bars:
        bar(name, value, goal, at_least=at_least)


def _of_rows(counts: list[int], folder: Path, *, with_web: bool) -> list[Bar]:
    python = python_of("scale_tools", _HERE / "tools.txt")
    costs: dict[int, tuple[Cost, Cost]] = {}
    test, table = folder / "test.csv", folder / "none"
    write_rows(_SOURCE, test, _TEST_ROWS, seed=2)
    for count in [_FEWEST, *counts]:
        table = folder / f"{count}.csv"
        write_rows(_SOURCE, table, count, seed=1)
        flash = by_flash(table, test, folder / f"flash-{count}")
        other = by_fasttext(python, table, test, folder / f"fasttext-{count}")
        costs[count] = flash, other
        for name, cost in (("Flash", flash), ("fastText", other)):
            print(
                f"{count:>9,} rows, {name}: {cost.seconds:.1f} s, of the processor {cost.processor:.1f}, "
                f"{cost.peak_mb:,.0f} MB, test {cost.accuracy:.2f} %",
                flush=True,
            )
    flash, other = costs[counts[-1]]
    start = costs[_FEWEST][0].processor
    each = [(costs[count][0].processor - start) / count for count in (counts[0], counts[-1])]
    audits = [max(costs[count][0].audit, 0.1) / count for count in (counts[0], counts[-1])]
    bars: list[Bar] = [
        ("scale-rows-seconds-over-fasttext", flash.seconds / other.seconds, 2.0, False),
        ("scale-rows-accuracy-above-fasttext", flash.accuracy - other.accuracy, 0.0, True),
        ("scale-rows-trainer-peak-mb", flash.peak_mb, 2000, False),
        ("scale-rows-growth-of-seconds-a-row", each[1] / each[0], 1.1, False),
        ("scale-rows-growth-of-audit-a-row", audits[1] / audits[0], 1.1, False),
    ]
    if with_web:
        bars.append(("scale-rows-web-peak-mb", checked(table), 250, False))
    return bars


def _of_pictures(count: int, folder: Path) -> list[Bar]:
    costs = []
    for some in (count // 10, count):
        run = folder / f"pictures-{some}"
        write_pictures(run / "data", some)
        found = trained(run)
        costs.append(found)
        phases = {name: round(seconds, 1) for name, seconds in found.report["seconds"].items()}
        print(f"    phases: {phases}", flush=True)
        print(f"{some:>9,} pictures: {found.seconds:.1f} s, {found.peak_mb:,.0f} MB", flush=True)
    bare = bare_seconds(folder / f"pictures-{count}")
    print(f"{count:>9,} pictures, decoding and the bare network: {bare:.1f} s", flush=True)
    return [
        ("scale-pictures-seconds-over-bare", costs[1].seconds / bare, 1.15, False),
        ("scale-pictures-growth-of-peak-mb", costs[1].peak_mb / costs[0].peak_mb, 1.1, False),
    ]


if __name__ == "__main__":
    main()
