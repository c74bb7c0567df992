"""The formats of tables. A new one is a module with a reader, and a line in `FORMATS`."""

import re

from jobs.kinds.sentences.example import TABLE_EXAMPLE
from jobs.kinds.sentences.formats.contract import Format, Reader, Source
from jobs.kinds.sentences.formats.delimited import delimited
from jobs.kinds.sentences.formats.json_tables import JsonReader
from jobs.kinds.sentences.formats.parquet import ParquetReader
from jobs.kinds.sentences.formats.trimmed import Trimmed
from jobs.kinds.sentences.formats.workbook import WorkbookReader
from jobs.uploads.detection import OLE_MAGIC, is_zip
from jobs.uploads.errors import UploadRefused

_HEAD_BYTES = 4096
_JSON_LINES = re.compile(rb'(?:\xef\xbb\xbf)?\s*\{\s*"[^"\n]*"\s*:')
_JSON_ARRAY = re.compile(rb"(?:\xef\xbb\xbf)?\s*\[\s*[\[{\]]")


def _trimmed(reader: Reader, source: Source) -> Reader:
    return Trimmed(reader, source.notes, has_header=source.options.has_header)


# The first that recognises a table reads it; the last takes whatever is left.
FORMATS = (
    Format(
        lambda head: is_zip(head) or head.startswith(OLE_MAGIC.replace(b"\x00", b"")),
        lambda source: _trimmed(WorkbookReader(source), source),
    ),
    Format(lambda head: head.startswith(b"PAR1"), lambda source: ParquetReader(source.path, source.limits)),
    Format(_JSON_ARRAY.match, lambda source: JsonReader(source.open, source.limits, array=True)),
    Format(_JSON_LINES.match, lambda source: JsonReader(source.open, source.limits, array=False)),
    Format(lambda head: True, lambda source: _trimmed(delimited(source), source)),
)


def open_reader(source: Source) -> Reader:
    """The reader for the format that the first bytes show; raises UploadRefused."""
    with source.open() as file:
        head = file.read(_HEAD_BYTES)
    if not head.strip(b"\x00\r\n\t \xef\xbb\xbf\xff\xfe"):
        raise UploadRefused(f"The file is empty. {TABLE_EXAMPLE}", code="upload_empty")
    head = head.removeprefix(b"\xff\xfe").removeprefix(b"\xfe\xff").replace(b"\x00", b"")
    return next(form.reader(source) for form in FORMATS if form.recognises(head))
