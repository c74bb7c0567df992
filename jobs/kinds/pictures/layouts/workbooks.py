"""The rows of a workbook (XLSX, XLS, ODS) that lies beside pictures."""

import os
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import IO

from jobs.kinds.pictures.layouts.contract import Contents
from jobs.uploads.archive import Archive, Entry
from jobs.uploads.errors import UploadRefused
from jobs.uploads.workbook_sheet import (
    HEAD_BYTES,
    MOST_BYTES,
    read_about,
    read_rows,
    workbook_suffix,
    write_sheet,
)
from training.ground.limits import MIB
from training.kinds.pictures import KIND

_MOST_TEXT = 160 * MIB  # of a sheet as JSON
WORKBOOKS = {".xlsx", ".xlsm", ".xls", ".ods"}


def workbook_rows(contents: Contents, entry: Entry, most_rows: int, most_chars: int) -> list[Sequence[str]]:
    """The rows of its fullest sheet, from the first on that has two cells; empty for a damaged or too large one."""
    data = contents.archive.read(entry)
    suffix = workbook_suffix(data[:HEAD_BYTES])
    with tempfile.TemporaryDirectory() as folder, tempfile.TemporaryFile() as lines:
        path = Path(folder, "book" + suffix)
        path.write_bytes(data)
        if suffix != ".xls" and not _is_small(path, contents):
            return []
        if not write_sheet(path, lines, rows=most_rows, chars=most_chars):
            return []
        if lines.seek(0, os.SEEK_END) > _MOST_TEXT:
            return []
        return _rows(lines)


def _is_small(path: Path, contents: Contents) -> bool:
    try:
        with path.open("rb") as file:
            entries = Archive(file, contents.limits, KIND).entries
    except UploadRefused:
        return False
    return sum(entry.size for entry in entries) <= MOST_BYTES


def _rows(lines: IO[bytes]) -> list[Sequence[str]]:
    try:
        about = read_about(lines)
        rows = [
            [str(cell).strip() for cell in row] for some in read_rows(lines, lines.tell()) for row in some
        ]
    except (ValueError, TypeError):
        return []
    if not isinstance(about, dict) or "wrong" in about:
        return []
    # A title stands in a row of its own.
    first = next((at for at, row in enumerate(rows) if sum(map(bool, row)) > 1), len(rows))
    return [row for row in rows[first:] if any(row)]
