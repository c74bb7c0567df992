"""The CSV export of Label Studio: columns of its own beside the data, lists of choices as JSON."""

import itertools
import json
import re
from collections.abc import Iterator

from jobs.kinds.sentences.formats.annotations.label_studio import ADMIN, minimal_columns
from jobs.kinds.sentences.formats.contract import Cells, Meaning, Source
from jobs.kinds.sentences.formats.delimited import CsvReader

_HEAD = re.compile(rb"[^\n]*\bannotation_id\b[^\n]*\n")
_CHOICES = '{"choices"'
_SAMPLE = 500


def recognises(head: bytes) -> bool:
    """Whether the first line is that of such an export."""
    line = _HEAD.match(head)
    return line is not None and b"lead_time" in line[0] and b"annotator" in line[0]


class LabelStudioCsv:
    """Its rows, with lists of choices as JSON lists; what its columns mean is known."""

    unit = "Row"

    def __init__(self, source: Source) -> None:
        self._csv = CsvReader(source.open, source.options, source.limits, source.notes)
        self.columns: list[str] | None = None
        self.encoding, self.delimiter = self._csv.encoding, self._csv.delimiter
        rows = [cells for _, cells in itertools.islice(self._csv.records(), _SAMPLE)]
        header = rows[0] if rows else []
        records = [
            {name: _opened(cell or "") for name, cell in zip(header, row, strict=False) if name}
            for row in rows[1:]
        ]
        text, label, _ = minimal_columns(records)
        known = {name for record in records for name in record} - ADMIN
        self.meaning = Meaning(inputs=(text,), label=label) if {text, label} <= known else Meaning()
        source.notes.repair(
            "Format", f'This is a Label Studio export: "{text}" is the text, "{label}" the label.'
        )

    def records(self) -> Iterator[tuple[int, Cells]]:
        """(number of the row, its cells)."""
        for number, cells in self._csv.records():
            if any(cell and cell.startswith(_CHOICES) for cell in cells):
                yield number, [_listed(cell) for cell in cells]
            else:
                yield number, cells


def _opened(cell: str) -> object:
    if not cell.startswith(_CHOICES):
        return cell
    try:
        return json.loads(cell)
    except (ValueError, RecursionError):
        return cell


def _listed(cell: str | None) -> str | None:
    found = _opened(cell or "")
    choices = found.get("choices") if isinstance(found, dict) else None
    return json.dumps(choices, ensure_ascii=False) if isinstance(choices, list) else cell
