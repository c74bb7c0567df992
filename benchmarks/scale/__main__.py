"""Preset Quick with the bag of n-grams on ever more rows, beside fastText (five epochs, pairs of words, two threads).

    make bench NAME=scale
    make bench NAME=scale ARGS='--rows 10000 100000'

Both sides start from a table and end with a model file; seconds are those of the whole process, the clock's and the
processor's. The rows are made of agnews-small. Of the time of a row, the fewest rows and the most are compared,
without what a process takes to start.
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
from benchmarks.scale.rows import write_rows
from benchmarks.site import DATA, bar
from benchmarks.tools_environment import python_of
from benchmarks.training_runs import run_dir, train

_HERE = Path(__file__).parent
_SOURCE = DATA / "text" / "agnews-small" / "train.csv"
_TEST_ROWS = 5_000
# What a training of a hundred rows takes is the start.
_FEWEST = 100
_CHOICE = {"preset": "quick", "model": "bag_of_ngrams", "threads": 2}


@dataclass(frozen=True, slots=True)
class Cost:
    """Seconds by the clock and of the processor, the peak of memory in MB, accuracy in percent."""

    seconds: float
    processor: float
    peak_mb: float
    accuracy: float


def by_flash(table: Path, test: Path, folder: Path) -> Cost:
    """A training process from a table to its bundle."""
    run = run_dir(folder, "textclassification", _CHOICE)
    (run / "data").mkdir()
    shutil.copy(table, run / "data" / "data.csv")
    trained = train(run)
    phases = {name: round(seconds, 1) for name, seconds in trained.report["seconds"].items()}
    print(f"    phases: {phases}", flush=True)
    return Cost(trained.seconds, trained.processor, trained.peak_mb, accuracy(run / "bundle", test, 2))


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
    parser.add_argument("--rows", type=int, nargs="+", default=[10_000, 100_000, 1_000_000])
    counts = sorted(parser.parse_args().rows)
    python = python_of("scale_tools", _HERE / "tools.txt")
    costs: dict[int, tuple[Cost, Cost]] = {}
    with tempfile.TemporaryDirectory(prefix="flash-bench-") as temporary:
        folder = Path(temporary)
        test = folder / "test.csv"
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
    bar("scale-rows-seconds-over-fasttext", flash.seconds / other.seconds, 2.0, at_least=False)
    bar("scale-rows-accuracy-above-fasttext", flash.accuracy - other.accuracy, 0.0)
    bar("scale-rows-trainer-peak-mb", flash.peak_mb, 2000, at_least=False)
    bar("scale-rows-growth-of-seconds-a-row", each[1] / each[0], 1.1, at_least=False)


if __name__ == "__main__":
    main()
