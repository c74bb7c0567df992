"""Reads tables that lie beside pictures: CSV and the like, JSON, JSON Lines, Parquet, lists of paths."""

import csv
import io
import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from jobs.kinds.pictures.layouts.contract import Contents
from jobs.kinds.pictures.layouts.workbooks import WORKBOOKS, workbook_rows
from jobs.uploads.archive import Entry
from jobs.uploads.arrow_blocks import blocks_of, open_parquet, pieces_of, size_of
from jobs.uploads.code_pages import likely_code_pages

Cell = str | tuple[str, ...]
SUFFIXES = {".csv", ".tsv", ".tab", ".txt", ".json", ".jsonl", ".ndjson", ".parquet", *WORKBOOKS}
_MOST_BYTES = 40 * 1024**2
_MOST_COLUMNS = 2_000
_MOST_ROWS = 2_000_000
_MOST_CELL = 4_096
_SNIFFED = 50
_MOST_TITLES = 20
_DELIMITERS = (",", "\t", ";", "|")


@dataclass(slots=True)
class PictureTable:
    """A table: `columns` as its header says, or "column 1" and so on; missing cells are empty.

    `names` tells what the codes of a column mean, where the file itself says so.
    """

    entry: Entry
    columns: list[str]
    rows: list[Sequence[Cell]]
    has_header: bool = True
    names: dict[str, list[str]] = field(default_factory=dict)
    # The first row as it is in the file, where a header had to be found.
    head: Sequence[Cell] = ()
    # The code page of the text, where it was guessed.
    encoding: str = ""

    @property
    def where(self) -> str:
        return self.entry.where


def read_table(contents: Contents, entry: Entry) -> PictureTable | None:
    """The table in a file, None where it is none or too large to lie beside pictures."""
    if entry.suffix not in SUFFIXES or not 0 < entry.size <= _MOST_BYTES:
        return None
    if entry.suffix == ".parquet":
        return _parquet(contents, entry)
    if entry.suffix in WORKBOOKS:
        sheet: list[Sequence[Cell]] = list(workbook_rows(contents, entry, _MOST_ROWS, _MOST_CELL))
        return _with_header(entry, sheet) if sheet and len(sheet[0]) <= _MOST_COLUMNS else None
    if entry.suffix == ".json":
        return _from_records(entry, records_of(contents.json(entry)))
    text, encoding = _decoded(contents.archive.read(entry), contents.options.encoding)
    if entry.suffix in (".jsonl", ".ndjson") or text.lstrip()[:1] == "{":
        return _from_records(entry, _json_lines(text))
    table = _delimited(entry, text)
    if table is not None:
        table.encoding = encoding
    return table


def records_of(document: Any) -> Sequence[Mapping[str, Any]]:
    """The rows of a JSON document: a list of objects, one list inside an object, or names with their labels."""
    if isinstance(document, dict):
        lists = [value for value in document.values() if isinstance(value, list) and value]
        if len(lists) == 1 and all(isinstance(row, dict) for row in lists[0]):
            document = lists[0]
        elif isinstance(document.get("labels"), dict) and isinstance(document.get("classes"), list):
            # FiftyOne: names of classes, and for each picture the place of its class among them.
            names = dict(enumerate(map(str, document["classes"])))
            return [{"file": file, "label": names.get(at, at)} for file, at in document["labels"].items()]
        elif len(lists) == 1 and all(isinstance(row, list) and len(row) == 2 for row in lists[0]):
            return [{"file": file, "label": label} for file, label in lists[0]]
        elif document and all(isinstance(value, str | int | list) for value in document.values()):
            return [{"file": name, "label": value} for name, value in document.items()]
        elif document and all(isinstance(value, dict) for value in document.values()):
            return [{"file": name, **value} for name, value in document.items()]
    if isinstance(document, list) and all(isinstance(row, dict) for row in document):
        return document
    return []


def _json_lines(text: str) -> Sequence[Mapping[str, Any]]:
    rows = []
    for line in text.splitlines():
        if line.strip():
            try:
                row = json.loads(line)
            except (ValueError, RecursionError):
                continue
            if isinstance(row, dict):
                rows.append(row)
    return rows


def _from_records(entry: Entry, records: Sequence[Mapping[str, Any]]) -> PictureTable | None:
    counts = Counter(name for record in records for name in record)
    columns = [str(name) for name in counts][:_MOST_COLUMNS]
    if len(columns) < 2 or len(records) > _MOST_ROWS:
        return None
    rows: list[Sequence[Cell]] = [[_cell(record.get(name)) for name in columns] for record in records]
    return PictureTable(entry, columns, rows)


def _cell(value: Any) -> Cell:
    if value is None:
        return ""
    if isinstance(value, str):
        return value.strip()[:_MOST_CELL]
    if isinstance(value, bool):
        return str(value)
    if isinstance(value, int | float):
        return str(int(value)) if value == value and abs(value) < 1e15 and value == int(value) else str(value)
    if isinstance(value, dict):
        inner = [item for item in value.values() if isinstance(item, str | list)]
        return _cell(inner[0]) if len(inner) == 1 else ""
    if isinstance(value, list) and all(isinstance(item, str | int) for item in value):
        return str(value[0]) if len(value) == 1 else tuple(str(item) for item in value)
    return ""


def _decoded(data: bytes, chosen: str | None) -> tuple[str, str]:
    """The text, and Python's name of the code page where that had to be guessed."""
    if chosen is not None:
        return data.decode(chosen, "replace").removeprefix("\ufeff"), ""
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return data.decode("utf-16", "replace"), ""
    try:
        return data.decode("utf-8-sig"), ""
    except UnicodeDecodeError:
        page = likely_code_pages(data)[0]
        return data.decode(page, "replace"), page


def _delimited(entry: Entry, text: str) -> PictureTable | None:
    lines = [line for line in text.splitlines()[: _SNIFFED * 2] if line.strip()][:_SNIFFED]
    if not lines:
        return None
    delimiter = _delimiter(lines)
    rows: list[Sequence[Cell]]
    if delimiter is None:
        if entry.suffix != ".txt":
            return None
        rows = _by_spaces([line.strip() for line in text.splitlines() if line.strip()])
    else:
        csv.field_size_limit(_MOST_BYTES)
        try:
            rows = [[cell.strip()[:_MOST_CELL] for cell in row] for row in _csv(text, delimiter) if row]
        except csv.Error:
            return None
    rows = _past_titles(rows)
    if not rows or len(rows) > _MOST_ROWS or len(rows[0]) > _MOST_COLUMNS:
        return None
    return _with_header(entry, rows)


def _past_titles(rows: list[Sequence[Cell]]) -> list[Sequence[Cell]]:
    """The rows without the titles above the header, which fill half of the cells of the others at most, or comments."""
    filled = [sum(map(bool, row)) for row in rows[: 10 * _MOST_TITLES]]
    most = Counter(filled).most_common(1)[0][0] if filled else 0
    for at, row in enumerate(rows[:_MOST_TITLES]):
        is_comment = isinstance(row[0], str) and row[0].startswith("#") if row else True
        if filled[at] * 2 > most and not is_comment:
            return rows[at:]
    return rows


def _by_spaces(lines: Sequence[str]) -> list[Sequence[Cell]]:
    """Lines in as many columns as all of them have words; else a path and the last word; else one column."""
    lines = [line for line in lines if not line.startswith("#")] or lines
    if len(lines) > 2 and lines[0].isdigit() and int(lines[0]) in (len(lines) - 1, len(lines) - 2):
        # How many there are.
        lines = lines[1:]
    rows: list[Sequence[Cell]] = [line.split() for line in lines]
    if len(rows) > 2 and len(rows[0]) > 1 and {len(row) for row in rows[1:]} == {len(rows[0]) + 1}:
        return rows
    for ways in ([line.split() for line in lines], [line.rsplit(None, 1) for line in lines]):
        if len(ways[0]) > 1 and len({len(row) for row in ways}) == 1:
            return list(ways)
    return [[line] for line in lines]


def _csv(text: str, delimiter: str) -> Iterable[list[str]]:
    return csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, skipinitialspace=True)


def _delimiter(lines: Sequence[str]) -> str | None:
    """The delimiter that gives the most rows of the width of the first, and at least two columns."""
    best, most = None, 0.0
    for delimiter in _DELIMITERS:
        try:
            widths = [len(row) for row in _csv("\n".join(lines), delimiter)]
        except csv.Error:
            continue
        # Titles may stand above.
        width = max(widths[:1] + [one for one, count in Counter(widths).most_common(1) if count > 1])
        share = widths.count(width) / max(1, len(widths))
        if width > 1 and share > max(most, 0.7):
            best, most = delimiter, share
    return best


def _with_header(entry: Entry, rows: list[Sequence[Cell]]) -> PictureTable:
    """The first row taken as a header; who knows the pictures may take it back, see `without_header`."""
    names: list[str] = []
    for at, name in enumerate(rows[0]):
        text = str(name) or f"column {at + 1}"
        names.append(text if text not in names else f"{text} ({at + 1})")
    width = len(names)
    # A table of R has one name less than columns: those of the rows have none.
    if len(rows) > 1 and len(rows[1]) == width + 1:
        names, width = ["row", *names], width + 1
    filled = [row if len(row) >= width else [*row, *[""] * (width - len(row))] for row in rows[1:]]
    return PictureTable(entry, names, filled, head=rows[0])


def without_header(table: PictureTable) -> PictureTable:
    """The same table where the first row is one like the others."""
    if len(table.head) < len(table.columns):
        return table
    columns = [f"column {at + 1}" for at in range(len(table.columns))]
    return PictureTable(table.entry, columns, [table.head, *table.rows], has_header=False)


def _parquet(contents: Contents, entry: Entry) -> PictureTable | None:
    import pyarrow

    try:
        file = open_parquet(io.BytesIO(contents.archive.read(entry)))
        columns = [str(name) for name in file.schema_arrow.names]
        if file.metadata.num_rows > _MOST_ROWS or not 2 <= len(columns) <= _MOST_COLUMNS:
            return None
        rows = _parquet_rows(file)
    except MemoryError:
        raise
    except (pyarrow.ArrowException, OSError, ValueError):
        return None
    if rows is None:
        return None
    return PictureTable(entry, columns, rows, names=_class_names(file.schema_arrow.metadata or {}))


def _parquet_rows(file: Any) -> list[Sequence[Cell]] | None:
    """The cells of all rows; None where they are larger than a table beside pictures, found before they are made."""
    rows: list[Sequence[Cell]] = []
    size = 0
    for block in blocks_of(file):
        size += size_of(block)
        if size > 4 * _MOST_BYTES:
            return None
        for piece in pieces_of(block):
            rows.extend(zip(*(list(map(_cell, column.to_pylist())) for column in piece.columns), strict=True))
    return rows


def _class_names(metadata: Mapping[bytes, bytes]) -> dict[str, list[str]]:
    """Names of the classes of each column, as `datasets` of Hugging Face stores them."""
    try:
        features = json.loads(metadata.get(b"huggingface", b"{}"))["info"]["features"]
        return {
            str(column): [str(name) for name in feature["names"]]
            for column, feature in features.items()
            if isinstance(feature, dict) and isinstance(feature.get("names"), list)
        }
    except (ValueError, KeyError, TypeError, AttributeError):
        return {}
