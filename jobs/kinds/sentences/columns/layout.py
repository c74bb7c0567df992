"""Finds the header and which columns hold the text and the label: by choice, by name, by what is in them."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

from jobs.kinds.sentences.columns.names import input_rank, is_known, label_rank, plain_name
from jobs.kinds.sentences.formats.contract import Cells, Meaning, Reader
from jobs.kinds.sentences.options import TableOptions
from jobs.uploads.errors import TABLE_EXAMPLE, UploadRefused, listed, shown
from jobs.uploads.findings import Notes
from training.ground.limits import Limits

_NUMBER = re.compile(r"\s*[-+]?\d+(?:[.,]\d+)?(?:[eE][-+]?\d+)?\s*")
_LONGEST_NAME = 100


@dataclass(frozen=True, slots=True)
class Layout:
    """Names of the columns, whether they come from the file's first row, and which two are used."""

    columns: list[str]
    has_header: bool
    input: int
    label: int


@dataclass(frozen=True, slots=True)
class _Column:
    index: int
    filled: int
    distinct: int
    length: float
    numeric: float

    @property
    def variety(self) -> float:
        return self.distinct / max(1, self.filled)


def find_layout(
    reader: Reader, sample: Sequence[Cells], options: TableOptions, limits: Limits, notes: Notes
) -> Layout:
    """The layout of a table from its first rows, and from what its format says of them.

    Raises UploadRefused (413, 422).
    """
    named = reader.columns
    if not sample and not named:
        raise UploadRefused(f"The table has no rows. {TABLE_EXAMPLE}", code="upload_empty")
    has_header = named is not None or _has_header(sample, options)
    columns, data = _columns(named, sample, has_header)
    if len(columns) > limits.max_columns:
        raise UploadRefused(
            f"The table has {len(columns):,} columns; at most {limits.max_columns:,} are allowed. "
            "Keep only the text and the label.",
            status=413,
            code="too_many_columns",
        )
    if len(columns) < 2:
        raise UploadRefused(
            f'There is only one column ("{shown(columns[0] if columns else "", 40)}"); a text and a label are needed. '
            f"If there are two, choose what separates them. {TABLE_EXAMPLE}",
            status=422,
            code="one_column",
        )
    if not has_header:
        notes.repair(
            "Header",
            f'The first row looks like data, so the columns are called "column 1" to "column {len(columns)}".',
        )
    found = _choose(columns, data, options, reader.meaning)
    _note_choice(columns, found, notes)
    return Layout(columns, has_header, *found)


def find_text(reader: Reader, sample: Sequence[Cells], options: TableOptions) -> tuple[list[str], bool, int]:
    """Names of the columns, whether the first row names them, and the column that holds the text.

    For tables without labels, of one column or more. Raises UploadRefused (422).
    """
    named = reader.columns
    has_header = named is not None or (bool(sample) and _has_header(sample, options))
    columns, data = _columns(named, sample, has_header) if named or sample else (["column 1"], [])
    told = next(iter(reader.meaning.inputs), None)
    chosen = _chosen(options.input_column or told, columns, "input_column")
    if chosen is None:
        chosen = _best([input_rank(name) for name in columns], without=None)
    if chosen is None:
        stats = [_describe(data, index) for index in range(len(columns))]
        chosen = max(stats, key=lambda column: (column.length, column.variety)).index
    return columns, has_header, chosen


def _columns(
    named: list[str] | None, sample: Sequence[Cells], has_header: bool
) -> tuple[list[str], Sequence[Cells]]:
    if named is not None:
        return _unique(named), sample
    if has_header:
        header = list(sample[0])
        while (
            len(header) > 2
            and not (header[-1] or "").strip()
            and all(_blank_at(row, len(header) - 1) for row in sample)
        ):
            header.pop()
        return _unique([cell or "" for cell in header]), sample[1:]
    width = Counter(len(row) for row in sample).most_common(1)[0][0]
    return [f"column {number}" for number in range(1, width + 1)], sample


def _blank_at(row: Cells, index: int) -> bool:
    return index >= len(row) or not (row[index] or "").strip()


def _unique(names: Sequence[str]) -> list[str]:
    """Names without blanks around them; empty ones get a number, repeated ones too."""
    seen: dict[str, None] = {}
    for number, name in enumerate(names, start=1):
        plain = shown(" ".join(name.split()), _LONGEST_NAME) or f"column {number}"
        while plain in seen:
            plain = f"{plain} ({number})"
        seen[plain] = None
    return list(seen)


def _has_header(sample: Sequence[Cells], options: TableOptions) -> bool:
    if options.has_header is not None:
        return options.has_header
    first, rest = [(cell or "").strip() for cell in sample[0]], sample[1:]
    chosen = {plain_name(name) for name in (options.input_column, options.label_column) if name}
    if chosen & {plain_name(cell) for cell in first}:
        return True
    columns = [{(row[i] or "").strip().casefold() for row in rest if i < len(row)} for i in range(len(first))]
    fresh = [cell.casefold() not in values for cell, values in zip(first, columns, strict=True)]
    if any(is_known(cell) and new for cell, new in zip(first, fresh, strict=True)):
        return True
    if not rest or not all(first) or any(map(_NUMBER.fullmatch, first)) or len(set(first)) < len(first):
        return False
    if not all(fresh) or max(map(len, first)) > 40:
        return False
    # Unusual names: then no cell of theirs is found below, and below the same labels come again and again.
    return any(len(values) * 2 <= len(rest) for values in columns)


def _choose(
    columns: Sequence[str], data: Sequence[Cells], options: TableOptions, meaning: Meaning
) -> tuple[int, int]:
    options = replace(
        options,
        input_column=options.input_column or next(iter(meaning.inputs), None),
        label_column=options.label_column or meaning.label or None,
    )
    text = _chosen(options.input_column, columns, "input_column")
    label = _chosen(options.label_column, columns, "label_column")
    if text is not None and text == label:
        message = "Text and label cannot be the same column."
        raise UploadRefused(message, status=422, code="column_invalid", fields={"label_column": [message]})
    split = meaning.split if len(columns) > 2 else ""
    free = [name if name != split else "" for name in columns]
    if label is None:
        label = _best([label_rank(name) for name in free], without=text)
    if text is None:
        text = _best([input_rank(name) for name in free], without=label)
    if text is None or label is None:
        stats = [_describe(data, index) for index, name in enumerate(columns) if name != split]
        if label is None:
            label = _likeliest_label(stats, text)
        if text is None:
            text = max((c for c in stats if c.index != label), key=lambda c: (c.length, c.variety)).index
    return text, label


def _chosen(name: str | None, columns: Sequence[str], field: str) -> int | None:
    if name is None:
        return None
    for same in (str, plain_name):
        for index, column in enumerate(columns):
            if same(column) == same(name):
                return index
    message = f'There is no column "{shown(name, 40)}"; there are {listed(columns, 10)}.'
    raise UploadRefused(message, status=422, code="column_unknown", fields={field: [message]})


def _best(ranks: Sequence[int | None], *, without: int | None) -> int | None:
    found = [(rank, index) for index, rank in enumerate(ranks) if rank is not None and index != without]
    return min(found)[1] if found else None


def _describe(data: Sequence[Cells], index: int) -> _Column:
    values = [value for row in data if index < len(row) and (value := (row[index] or "").strip())]
    count = max(1, len(values))
    return _Column(
        index,
        len(values),
        len({value.casefold() for value in values}),
        sum(map(len, values)) / count,
        sum(1 for value in values if _NUMBER.fullmatch(value)) / count,
    )


def _likeliest_label(stats: Sequence[_Column], text: int | None) -> int:
    """Few different values, short, filled in. A constant may be a label, too: many tables are sorted by it."""
    others = [column for column in stats if column.index != text]
    filled = [column for column in others if column.filled] or others

    def rank(column: _Column) -> tuple[bool, bool, bool, float, float]:
        is_measure = column.numeric > 0.9 and column.variety > 0.2
        return column.variety > 0.5, is_measure, column.distinct < 2, column.variety, column.length

    return min(filled, key=rank).index


def _note_choice(columns: Sequence[str], found: tuple[int, int], notes: Notes) -> None:
    text, label = columns[found[0]], columns[found[1]]
    others = [name for index, name in enumerate(columns) if index not in found]
    if (text, label) == ("input", "label") and not others:
        return
    rest = f" Not used: {listed(others)}." if others else ""
    notes.repair(
        "Columns", f'"{shown(text, 40)}" is read as the text and "{shown(label, 40)}" as the label.{rest}'
    )
