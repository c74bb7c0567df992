"""The CSV export of Argilla: columns such as topic.responses, whose cells are lists as Python prints them."""

import itertools
import re
from collections.abc import Iterator
from typing import Any

from jobs.kinds.sentences.formats.annotations.registry import find_annotation
from jobs.kinds.sentences.formats.annotations.rows import AnnotatedRows
from jobs.kinds.sentences.formats.contract import Cells, Meaning, Reader, Source
from jobs.kinds.sentences.formats.delimited import CsvReader, delimited
from jobs.kinds.sentences.formats.python_literals import NOTHING, literal

_HEAD = re.compile(rb"[^\n]*[^\n,;\t]\.responses\b[^\n]*\n")
_SAMPLE = 500


def recognises(head: bytes) -> bool:
    """Whether the first line is that of such an export."""
    line = _HEAD.match(head)
    return line is not None and (b".responses.status" in line[0] or b".suggestion" in line[0])


def argilla_csv(source: Source) -> Reader:
    """Its reader; that of any table, if it is none of Argilla after all. Raises UploadRefused."""
    table = CsvReader(source.open, source.options, source.limits, source.notes)
    header: Cells = next((cells for _, cells in table.records()), [])
    sample = [item for _, item in itertools.islice(_items(table, header), _SAMPLE)]
    rows = find_annotation(sample, source)
    return delimited(source) if rows is None else _Rows(table, header, rows)


class _Rows:
    """The rows as its JSON has them."""

    unit = "Row"

    def __init__(self, table: CsvReader, header: Cells, rows: AnnotatedRows) -> None:
        self._table, self._header, self._rows = table, header, rows
        self.columns: list[str] | None = rows.columns
        self.meaning: Meaning = rows.meaning
        self.encoding, self.delimiter = table.encoding, table.delimiter

    def records(self) -> Iterator[tuple[int, Cells]]:
        """(number of the row, its cells)."""
        yield from self._rows.records(_items(self._table, self._header))


def _items(table: CsvReader, header: Cells) -> Iterator[tuple[int, Any]]:
    for number, cells in itertools.islice(table.records(), 1, None):
        if any(cells):
            yield number, {name: _value(cell) for name, cell in zip(header, cells, strict=False) if name}


def _value(cell: str | None) -> Any:
    if not cell:
        return None
    found = literal(cell) if cell[0] == "[" else NOTHING
    return cell if found is NOTHING else found
