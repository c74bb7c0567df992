"""How long checking an upload and preparing it for the trainer takes, and its peak memory, beside the usual tools.

    make bench NAME=reading
    make bench NAME=reading ARGS='--rows 1000000 --pictures 50000 --sheet 100000 --times 3 --folder var/bench/reading'

- A CSV of a million rows: check and preparation against pandas.read_csv.
- A zip of 50,000 pictures (2 GB): check and preparation, in which each is decoded once, against unzipping,
  torchvision's ImageFolder and a decode of each picture. Both sides have a thread for each processor.
- An XLSX of 100,000 rows: the check against openpyxl (read only) going through all cells.

Flash's side is what a user waits for: the file that arrived is checked, stored with its row, and then prepared as the
worker does it. Imports and the start of the reader are not counted on either side. Each figure is the median of runs
in processes of their own, in turns; memory is the most that all processes of a run had at a time (shared pages count
once). Processor time stands beside, for a machine that has other things to do.
"""

import argparse
import os
import statistics
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from benchmarks.reading.files import write_csv, write_xlsx, write_zip
from benchmarks.reading.measure import Cost, cost_of
from benchmarks.reading.peers import PEERS
from benchmarks.site import ROOT, bar
from benchmarks.tools_environment import python_with_tools

_MOST_MB = 600


@dataclass(frozen=True, slots=True)
class _Pair:
    """What is compared: a file for Flash and for `PEERS[name]`, which `python` runs; `goal` is about seconds."""

    name: str
    file: Path
    python: Path
    goal: float


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--pictures", type=int, default=50_000)
    parser.add_argument("--sheet", type=int, default=100_000)
    parser.add_argument("--times", type=int, default=3)
    parser.add_argument("--folder", type=Path, help="keep the files that are read in this folder")
    chosen = parser.parse_args()
    if chosen.folder:
        chosen.folder.mkdir(parents=True, exist_ok=True)
    # Beside the files, so that they can be linked. What is written there stays to the end: ext4 without a journal takes
    # no inode that was freed within a minute, and looks for others one by one.
    with tempfile.TemporaryDirectory(prefix="flash-reading-", dir=chosen.folder) as temporary:
        bars = []
        for pair in _pairs(chosen.folder or Path(temporary), chosen):
            bars += _compared(pair, Path(temporary), chosen.times)
    for name, value, goal, at_least in bars:
        bar(name, value, goal, at_least=at_least)


def _pairs(folder: Path, chosen: argparse.Namespace) -> list[_Pair]:
    tools = python_with_tools()
    pairs = []
    if chosen.rows:
        table = _made(folder / f"rows_{chosen.rows}.csv", chosen.rows, write_csv)
        pairs.append(_Pair("csv", table, tools, 2.5))
    if chosen.pictures:
        pictures = _made(folder / f"photos_{chosen.pictures}.zip", chosen.pictures, write_zip)
        pairs.append(_Pair("pictures", pictures, Path(sys.executable), 1.1))
    if chosen.sheet:
        sheet = _made(folder / f"rows_{chosen.sheet}.xlsx", chosen.sheet, write_xlsx)
        pairs.append(_Pair("xlsx", sheet, tools, 5.0))
    return pairs


def _made(path: Path, count: int, write: Callable[[Path, int], None]) -> Path:
    if not path.exists():
        unfinished = path.with_name(f"unfinished_{path.name}")
        write(unfinished, count)
        unfinished.rename(path)
        os.sync()
    return path


def _compared(pair: _Pair, scratch: Path, times: int) -> list[tuple[str, float, float, bool]]:
    """Runs both in turns, prints how they did, and answers the bars."""
    ours: list[Cost] = []
    theirs: list[Cost] = []
    flash = [sys.executable, "-m", "benchmarks.reading.flash", pair.name, str(pair.file), str(scratch)]
    peer = [str(pair.python), "-c", PEERS[pair.name].program, str(pair.file), str(scratch)]
    with pair.file.open("rb") as file:  # from memory for the first one, too
        while file.read(1024**2):
            pass
    for number in range(times):
        turns = [(flash, ours), (peer, theirs)]
        for command, costs in turns if number % 2 == 0 else reversed(turns):
            costs.append(cost_of(command, cwd=ROOT))
            os.sync()
    print(f"{pair.name}, {pair.file.stat().st_size / 1e6:,.0f} MB, {times} times each", flush=True)
    _tell("Flash", ours)
    _tell(PEERS[pair.name].name, theirs)
    seconds = _median(ours, "seconds") / _median(theirs, "seconds")
    processor = _median(ours, "processor") / _median(theirs, "processor")
    print(f"  Flash takes {seconds:.2f} times as long, {processor:.2f} times by processor time", flush=True)
    if pair.name == "xlsx":
        return [(f"reading_{pair.name}_times_faster", 1 / seconds, pair.goal, True)]
    return [
        (f"reading_{pair.name}_times_as_long", seconds, pair.goal, False),
        (f"reading_{pair.name}_memory_mb", max(cost.peak_mb for cost in ours), _MOST_MB, False),
    ]


def _tell(name: str, costs: list[Cost]) -> None:
    parts = ", ".join(
        f"{part} {statistics.median(cost.parts[part] for cost in costs):.2f} s" for part in costs[0].parts
    )
    print(
        f"  {name}: {_median(costs, 'seconds'):.2f} s{f' ({parts})' if parts else ''}, processor time "
        f"{_median(costs, 'processor'):.2f} s, peak {max(cost.peak_mb for cost in costs):,.0f} MB; "
        f"all: {', '.join(f'{cost.seconds:.2f}' for cost in costs)} s",
        flush=True,
    )


def _median(costs: list[Cost], figure: str) -> float:
    return statistics.median(getattr(cost, figure) for cost in costs)


if __name__ == "__main__":
    main()
