"""A sheet of an XLSX, XLS or ODS file as lines of JSON, made by a child process; see `workbook_child`."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

from jobs.uploads.detection import OLE_MAGIC
from training.ground.limits import GIB, MIB

HEAD_BYTES = 128
MOST_BYTES = 512 * MIB  # of a workbook, unpacked
_CHILD = Path(__file__).with_name("workbook_child.py")
_MEMORY = 2 * GIB
_SECONDS = 120
_SUFFIXES = ((OLE_MAGIC, ".xls"), (b"opendocument.spreadsheet", ".ods"), (b"", ".xlsx"))


def workbook_suffix(head: bytes) -> str:
    """The suffix that says the format of a workbook, by its first HEAD_BYTES."""
    return next(suffix for magic, suffix in _SUFFIXES if magic in head)


def write_sheet(path: Path, lines: IO[bytes], *, sheet: str = "", rows: int, chars: int) -> bool:
    """Writes what the child says of the workbook at `path`, which has the right suffix, into a file.

    `sheet` is the name of one, or empty; `rows` and `chars` (of a cell) are the most that are read. Whoever calls it
    has looked at the sizes of the members. False where it takes too much memory or time.
    """
    command = [
        sys.executable,
        "-I",
        str(_CHILD),
        str(path),
        sheet,
        *map(str, (rows, chars, _MEMORY, _SECONDS)),
    ]
    try:
        done = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            stdout=lines,
            # Nobody reads it; but without a pipe to wait for, Python looks every 50 ms whether the child has ended.
            stderr=subprocess.PIPE,
            timeout=_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return False
    return done.returncode == 0


def read_about(lines: IO[bytes]) -> dict[str, Any]:
    """What the child says first; then `lines` stands at the rows. Raises ValueError where it said nothing."""
    lines.seek(0)
    about: dict[str, Any] = json.loads(lines.readline())
    return about


def read_rows(lines: IO[bytes], at: int) -> Iterator[list[list[str]]]:
    """Rows, some at a time, from the place `at` on; several may read at once."""
    while True:
        lines.seek(at)
        line = lines.readline()
        if not line:
            return
        at += len(line)
        yield json.loads(line)
