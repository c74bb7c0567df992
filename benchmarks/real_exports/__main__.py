"""Files that real tools write, fed to the check of uploads: what is read rightly, asked, refused truly, or wrong.

    make bench NAME=real_exports
    make bench NAME=real_exports ARGS='--tools pandas r --show'

The tools are installed into an environment of their own (var/bench/tools, kept for the next time; `--newest`
takes their newest versions instead of the pinned ones). R and LibreOffice are used where `Rscript` and `soffice` are on
the PATH (Debian: r-base-core, libreoffice-calc), and named where they are not.

Right is a table of which every row came back with its text and its label, or a zip of pictures with the right number of
each class. A question counts as asked; its guess must be right all the same.
"""

import argparse
import csv
import json
import re
import shutil
import subprocess
import sys
import tempfile
from collections import Counter, defaultdict
from pathlib import Path
from typing import Any

from benchmarks.site import bar
from benchmarks.tools_environment import python_with_tools
from jobs.uploads import UploadRefused, uploads_of
from training.ground.limits import Limits
from training.kinds import KINDS

HERE = Path(__file__).parent
TOOLS = tuple(
    sorted(path.stem.removeprefix("write_") for path in HERE.glob("write_*.py") if path.stem != "write_files")
)
_PROGRAMS = {"r": "Rscript", "libreoffice": "soffice"}
_VERDICTS = ("right", "asked", "refused", "WRONG")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--tools", nargs="+", choices=TOOLS, default=TOOLS)
    parser.add_argument("--newest", action="store_true", help="install the newest versions of the tools")
    parser.add_argument(
        "--files", type=Path, help="keep the files in this folder; it is used again if it is there"
    )
    parser.add_argument("--show", action="store_true", help="say of each file how it was read")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="flash-exports-") as temporary:
        folder = chosen.files or Path(temporary)
        rows = []
        for tool in chosen.tools:
            program = _PROGRAMS.get(tool)
            if program and not shutil.which(program):
                print(f"{tool}: {program} is not on the PATH, so its files were not tried.")
                continue
            if not (folder / tool / "expected.jsonl").exists():
                _write(tool, folder / tool, newest=chosen.newest)
            rows += [judge(line, folder / tool, chosen.show) for line in _expected(folder / tool)]
    _report(rows)


def _write(tool: str, folder: Path, *, newest: bool) -> None:
    python = python_with_tools(newest=newest)
    command = [str(python), str(HERE / "write_files.py"), tool, str(folder)]
    written = subprocess.run(command, capture_output=True, text=True)
    if written.returncode:
        sys.exit(f"{tool} could not write its files:\n{written.stderr[-2000:]}")


def _expected(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / "expected.jsonl").read_text(encoding="utf-8").splitlines()]


def judge(line: dict[str, Any], folder: Path, show: bool) -> tuple[str, str, int, int]:
    """(tool, verdict, rows that should be read, rows read rightly) of one file."""
    try:
        verdict, why, found = _read(line, folder / line["file"])
    except UploadRefused as refusal:
        words = line.get("refused") or line.get("or_refused")
        true = words is not None and re.search(words, refusal.detail, re.IGNORECASE)
        verdict, why, found = (
            ("refused" if true else "WRONG"),
            f"{refusal.code}: {refusal.detail[:160]}",
            Counter(),
        )
    wanted = Counter(line["counts"])
    right = (found & wanted).total()
    if show or verdict == "WRONG":
        print(f"{verdict:>8} {line['tool']}/{line['file']} {why}")
    counted = 0 if verdict == "refused" else wanted.total()
    return line["tool"], verdict, counted, min(right, counted)


def _read(line: dict[str, Any], path: Path) -> tuple[str, str, Counter[str]]:
    kind = next(kind for kind in KINDS.values() if kind.name == line["kind"])
    uploads = uploads_of(kind.task)
    findings = uploads.inspect(path, path.name, Limits(), {})
    found = Counter({entry.label: entry.count for entry in findings.classes})
    asked = [question.field for question in findings.questions]
    if "refused" in line:
        return "WRONG", f"read as {dict(found)}", found
    if found != Counter(line["counts"]):
        return "WRONG", f"{dict(found.most_common(5))}, not {line['counts']}", found
    if "splits" in line and findings.splits != line["splits"]:
        return "WRONG", f"parts {findings.splits}, not {line['splits']}", found
    if "rows" in line and (wrong := _wrong_texts(uploads, path, line["rows"])):
        return "WRONG", f"{len(wrong)} texts differ, such as {wrong[0]!r}", found
    return ("asked" if asked else "right"), ", ".join(asked), found


def _wrong_texts(uploads: Any, path: Path, rows: list[list[str]]) -> list[str]:
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder) / "data"
        uploads.unpack(path, path.name, data, Limits(), {})
        with (data / "data.csv").open(encoding="utf-8", newline="") as file:
            read = {(_plain(row["input"]), row["label"]) for row in csv.DictReader(file)}
    return [text for text, label in rows if (_plain(text), label) not in read]


def _plain(text: str) -> str:
    return " ".join(text.split())


def _report(rows: list[tuple[str, str, int, int]]) -> None:
    tally: dict[str, Counter[str]] = defaultdict(Counter)
    for tool, verdict, _, _ in rows:
        tally[tool][verdict] += 1
    print(f"\n{'tool':>14} " + " ".join(f"{name:>8}" for name in ("files", *_VERDICTS)))
    for tool, counts in tally.items():
        print(f"{tool:>14} {counts.total():>8} " + " ".join(f"{counts[name]:>8}" for name in _VERDICTS))
    files = len(rows)
    right = sum(verdict != "WRONG" for _, verdict, _, _ in rows)
    read = [row for row in rows if row[2]]
    bar("real_exports_rows_right", sum(row[3] for row in read) / max(1, sum(row[2] for row in read)), 0.95)
    bar("real_exports_files_right_or_refused_truly", right / max(1, files), 0.95)
    bar("real_exports_asked", sum(row[1] == "asked" for row in rows) / max(1, files), 1 / 7, at_least=False)


if __name__ == "__main__":
    main()
