"""The formats of tables. A new one is a module with a reader, and a line in `FORMATS`."""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from jobs.kinds.sentences.options import TableOptions
from jobs.kinds.sentences.table_columns import Cells
from jobs.kinds.sentences.table_csv import CsvReader
from jobs.kinds.sentences.table_encoding import Opener
from jobs.kinds.sentences.table_json import JsonReader
from jobs.kinds.sentences.table_parquet import ParquetReader
from jobs.uploads.errors import TABLE_EXAMPLE, UploadRefused
from jobs.uploads.findings import Notes
from training.ground.limits import Limits

_HEAD_BYTES = 4096
_JSON_LINES = re.compile(rb'(?:\xef\xbb\xbf)?\s*\{\s*"[^"\n]*"\s*:')
_JSON_ARRAY = re.compile(rb"(?:\xef\xbb\xbf)?\s*\[\s*[\[{\]]")


class Reader(Protocol):
    """A table as records: cells as text, None for what is no single value."""

    columns: list[str] | None
    encoding: str
    delimiter: str | None
    unit: str

    def records(self) -> Iterable[tuple[int, Cells]]: ...


@dataclass(frozen=True, kw_only=True, slots=True)
class Source:
    """A table that is to be read: `open` gives its bytes from the start, `path` is the file that was uploaded."""

    path: Path
    open: Opener
    options: TableOptions
    limits: Limits
    notes: Notes


@dataclass(frozen=True, slots=True)
class Format:
    """Whether the first bytes (UTF-16 without its zeros) are of this format, and its reader."""

    recognises: Callable[[bytes], object]
    reader: Callable[[Source], Reader]


# The first that recognises a table reads it; the last takes whatever is left.
FORMATS = (
    Format(lambda head: head.startswith(b"PAR1"), lambda source: ParquetReader(source.path, source.limits)),
    Format(_JSON_ARRAY.match, lambda source: JsonReader(source.open, source.limits, array=True)),
    Format(_JSON_LINES.match, lambda source: JsonReader(source.open, source.limits, array=False)),
    Format(
        lambda head: True,
        lambda source: CsvReader(source.open, source.options, source.limits, source.notes),
    ),
)


def open_reader(source: Source) -> Reader:
    """The reader for the format that the first bytes show; raises UploadRefused."""
    with source.open() as file:
        head = file.read(_HEAD_BYTES)
    if not head.strip(b"\x00\r\n\t \xef\xbb\xbf\xff\xfe"):
        raise UploadRefused(f"The file is empty. {TABLE_EXAMPLE}", code="upload_empty")
    head = head.removeprefix(b"\xff\xfe").removeprefix(b"\xfe\xff").replace(b"\x00", b"")
    return next(form.reader(source) for form in FORMATS if form.recognises(head))
