"""A sheet of an XLSX, XLS or ODS file as lines of JSON, made by a child process; see `workbook_child`."""

import subprocess
import sys
from pathlib import Path
from typing import IO

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


def write_sheet(path: Path, lines: IO[str], *, sheet: str = "", rows: int, chars: int) -> bool:
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
            stderr=subprocess.DEVNULL,
            timeout=_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return False
    return done.returncode == 0
