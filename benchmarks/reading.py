"""How long checking an upload and unpacking it for the trainer takes, and its peak memory, beside the usual tools.

    make bench NAME=reading
    make bench NAME=reading ARGS='--rows 1000000 --pictures 50000 --sheet 100000 --times 3'

- A CSV of a million rows: check and unpacking against pandas.read_csv.
- A zip of 50,000 pictures (2 GB): check and unpacking, which decode for 20 s each and read headers after that, against
  unzipping, torchvision's ImageFolder and a decode of each picture with as many threads.
- An XLSX of 100,000 rows: the check against openpyxl (read only) going through all cells.

Each figure is the median of runs in processes of their own, in turns; memory is the peak of such a process.
"""

import argparse
import csv
import io
import os
import random
import resource
import statistics
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Callable
from pathlib import Path

from benchmarks.site import ROOT, bar
from benchmarks.tools_environment import python_with_tools

# fmt: off
_WORDS = (
    "order", "parcel", "invoice", "late", "broken", "refund", "thanks", "please", "when", "where", "account", "card",
    "password", "screen", "page", "shop", "delivery", "box", "colour", "size", "wrong", "missing", "twice", "again",
    "never", "always", "support", "answer", "week", "month", "street",
)
# fmt: on
_CLASSES = ("billing", "delivery", "login", "praise", "returns")
_SIDES = (720, 540)  # about 42 kB as JPEG of noise and shapes: 50,000 make 2 GB


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--pictures", type=int, default=50_000)
    parser.add_argument("--sheet", type=int, default=100_000)
    parser.add_argument("--times", type=int, default=3)
    parser.add_argument("--folder", type=Path, help="keep the files that are read in this folder")
    parser.add_argument("--run", nargs=2, metavar=("WHAT", "FILE"), help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.run:
        _run(*chosen.run)
        return
    with tempfile.TemporaryDirectory(prefix="flash-reading-") as temporary:
        folder = chosen.folder or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        _report(folder, chosen)


def _report(folder: Path, chosen: argparse.Namespace) -> None:
    tools = python_with_tools()
    pairs = []
    if chosen.rows:
        table = _made(folder / f"rows_{chosen.rows}.csv", lambda path: _write_csv(path, chosen.rows))
        pairs.append(("csv", 2.5, table, "table", tools))
    if chosen.pictures:
        pictures = _made(
            folder / f"pictures_{chosen.pictures}.zip", lambda path: _write_zip(path, chosen.pictures)
        )
        pairs.append(("pictures", 1.1, pictures, "pictures", Path(sys.executable)))
    if chosen.sheet:
        sheet = _made(folder / f"rows_{chosen.sheet}.xlsx", lambda path: _write_xlsx(path, chosen.sheet))
        pairs.append(("xlsx", 5.0, sheet, "sheet", tools))
    bars = []
    for name, goal, path, what, python in pairs:
        ours, theirs, memory = _measured(path, what, python, chosen.times)
        print(
            f"{name:>9}: Flash {ours:7.2f} s, peak {memory:5.0f} MB; {_PEERS[what][0]} {theirs:7.2f} s",
            flush=True,
        )
        if what == "sheet":
            bars.append((f"reading_{name}_times_faster", theirs / ours, goal, True))
        else:
            bars += [(f"reading_{name}_times_as_long", ours / theirs, goal, False)]
            bars += [(f"reading_{name}_memory_mb", memory, 600, False)]
    for name, value, goal, at_least in bars:
        bar(name, value, goal, at_least=at_least)


def _measured(path: Path, what: str, python: Path, times: int) -> tuple[float, float, float]:
    """Median seconds of Flash and of the other, and Flash's peak memory in MB."""
    ours, theirs, peaks = [], [], []
    for _ in range(times):
        seconds, peak = _timed([sys.executable, "-m", "benchmarks.reading", "--run", what, str(path)])
        ours.append(seconds)
        peaks.append(peak)
        theirs.append(_timed([str(python), "-c", _PEERS[what][1], str(path)])[0])
    return statistics.median(ours), statistics.median(theirs), max(peaks)


def _timed(command: list[str]) -> tuple[float, float]:
    """(seconds, peak MB) that a child prints of its work, without its imports."""
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"{command[:4]} failed:\n{done.stderr[-2000:]}")
    seconds, peak = done.stdout.split()[-2:]
    return float(seconds), float(peak)


def _run(what: str, file: str) -> None:
    """Checks and unpacks a file as the site does; prints seconds and peak memory."""
    from jobs.uploads import uploads_of
    from training.ground.limits import Limits
    from training.kinds import KINDS

    name = "pictures" if what == "pictures" else "sentences"
    uploads = uploads_of(next(kind.task for kind in KINDS.values() if kind.name == name))
    limits = Limits(
        max_rows=max(2_000_000, Limits().max_rows), max_pictures=max(100_000, Limits().max_pictures)
    )
    path = Path(file)
    with tempfile.TemporaryDirectory(prefix="flash-reading-") as folder:
        start = time.perf_counter()
        uploads.inspect(path, path.name, limits, {})
        if what != "sheet":
            uploads.unpack(path, path.name, Path(folder) / "data", limits, {})
        seconds = time.perf_counter() - start
    print(seconds, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)


_CLOCK = """
import resource, sys, time
def told(start):
    print(time.perf_counter() - start, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
"""
_PEERS = {
    "table": (
        "pandas.read_csv",
        _CLOCK + "import pandas\nstart = time.perf_counter()\npandas.read_csv(sys.argv[1])\ntold(start)",
    ),
    "sheet": (
        "openpyxl",
        _CLOCK
        + "import openpyxl\nstart = time.perf_counter()\n"
        + "sheet = openpyxl.load_workbook(sys.argv[1], read_only=True).active\n"
        + "sum(1 for row in sheet.iter_rows(values_only=True))\ntold(start)",
    ),
    "pictures": (
        "unzip, ImageFolder, decode",
        _CLOCK
        + """
import os, tempfile, zipfile
from concurrent.futures import ThreadPoolExecutor
from torchvision.datasets import ImageFolder
start = time.perf_counter()
with tempfile.TemporaryDirectory() as folder:
    zipfile.ZipFile(sys.argv[1]).extractall(folder)
    data = ImageFolder(folder)
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        sum(1 for _ in pool.map(lambda sample: data.loader(sample[0]).size, data.samples))
told(start)
""",
    ),
}


def _made(path: Path, write: Callable[[Path], None]) -> Path:
    if not path.exists():
        write(path)
    return path


def _sentences(count: int) -> list[tuple[str, str]]:
    dice = random.Random(4)
    return [
        (f"{' '.join(dice.choices(_WORDS, k=dice.randint(6, 24)))}, no. {number}", dice.choice(_CLASSES))
        for number in range(count)
    ]


def _write_csv(path: Path, count: int) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(("text", "label"))
        writer.writerows(_sentences(count))


def _write_xlsx(path: Path, count: int) -> None:
    import xlsxwriter

    with xlsxwriter.Workbook(path, {"constant_memory": True}) as book:
        sheet = book.add_worksheet()
        for number, row in enumerate([("text", "label"), *_sentences(count)]):
            sheet.write_row(number, 0, row)


def _write_zip(path: Path, count: int) -> None:
    import numpy as np
    from PIL import Image

    dice = np.random.default_rng(4)
    noise = [dice.normal(0, 26, (_SIDES[1], _SIDES[0], 3)) for _ in range(8)]
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        for number in range(count):
            pixels = np.roll(noise[number % 8], number * 37, axis=1) + dice.integers(60, 200, 3)
            content = io.BytesIO()
            Image.fromarray(pixels.clip(0, 255).astype(np.uint8)).save(content, "JPEG", quality=30)
            archive.writestr(f"{_CLASSES[number % 5]}/{number:06}.jpg", content.getvalue())
    os.sync()


if __name__ == "__main__":
    main()
