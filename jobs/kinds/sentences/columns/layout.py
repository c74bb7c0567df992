"""Finds the header and what the columns mean: by the user's choice, by the format, by name, by what is in them."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from jobs.kinds.sentences.columns.choice import ranked_texts
from jobs.kinds.sentences.columns.meaning import Found, find_meaning, named_columns
from jobs.kinds.sentences.columns.names import is_known, plain_name
from jobs.kinds.sentences.columns.profile import is_typed, profiles
from jobs.kinds.sentences.example import TABLE_EXAMPLE
from jobs.kinds.sentences.formats.contract import Cells, Reader
from jobs.kinds.sentences.options import TableOptions
from jobs.uploads.errors import ColumnChoice, UploadRefused, shown
from jobs.uploads.findings import Notes
from training.ground.limits import Limits

_NUMBER = re.compile(r"\s*[-+]?\d+(?:[.,]\d+)?(?:[eE][-+]?\d+)?\s*")
_LONGEST_NAME = 100
_GLANCE_ROWS, _GLANCE_CHARS = 5, 80
# So many different numbers or dates below a word make it a name.
_TELLING = 5


@dataclass(frozen=True, slots=True)
class Layout:
    """Names of the columns, whether they come from the file's first row, and what they mean."""

    columns: list[str]
    has_header: bool
    found: Found

    @property
    def input(self) -> int:
        """The first column of the text."""
        return self.found.inputs[0]

    @property
    def label(self) -> int:
        """The column with the label, or the first of those of zeros and ones."""
        return self.found.label

    @property
    def input_names(self) -> list[str]:
        return [self.columns[index] for index in self.found.inputs]

    @property
    def label_name(self) -> str:
        """The column with the label; of columns of zeros and ones all of them."""
        flags = self.found.flags
        return ", ".join(self.columns[index] for index in (flags.columns if flags else (self.label,)))

    def name_of(self, index: int | None) -> str:
        """The name of a column; "" for none."""
        return "" if index is None else self.columns[index]

    @property
    def least(self) -> int:
        """So many cells a row must have."""
        return max((*self.found.inputs, self.label)) + 1


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
            undo={"has_header": "true" if options.has_header is None else ""},
        )
    try:
        found = find_meaning(columns, data, options, reader.meaning, notes)
    except UploadRefused as refusal:
        refusal.columns = ColumnChoice(names=columns, rows=glance(data, len(columns)))
        raise
    return Layout(columns, has_header, found)


def glance(data: Sequence[Cells], width: int) -> list[list[str]]:
    """The first rows, cut to what a person needs to tell the columns apart."""
    return [[shown(cell or "", _GLANCE_CHARS) for cell in row[:width]] for row in data[:_GLANCE_ROWS]]


def find_text(
    reader: Reader, sample: Sequence[Cells], options: TableOptions, learnt: Sequence[str] = ()
) -> tuple[list[str], bool, tuple[int, ...]]:
    """Names of the columns, whether the first row names them, and the columns that hold the text.

    For tables without labels, of one column or more; `learnt` are the names of the columns that a model learnt from,
    which are read where all of them are there. Raises UploadRefused (422).
    """
    named = reader.columns
    has_header = named is not None or (bool(sample) and _has_header(sample, options))
    columns, data = _columns(named, sample, has_header) if named or sample else (["column 1"], [])
    known = {plain_name(column) for column in columns}
    usual = learnt if all(plain_name(name) in known for name in learnt) else ()
    wanted = options.inputs or reader.meaning.inputs or usual
    if wanted:
        chosen = tuple(index for name in wanted for index in named_columns(name, columns, "input_column"))
    else:
        chosen = (ranked_texts(profiles(columns, data))[0].column.index,)
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
    chosen = {plain_name(name) for name in (*options.inputs, options.label_column) if name}
    if chosen & {plain_name(cell) for cell in first}:
        return True
    columns = [{(row[i] or "").strip().casefold() for row in rest if i < len(row)} for i in range(len(first))]
    fresh = [cell.casefold() not in values for cell, values in zip(first, columns, strict=True)]
    if any(is_known(cell) and new for cell, new in zip(first, fresh, strict=True)):
        return True
    if not any(map(_NUMBER.fullmatch, first)) and any(
        cell and not is_typed([cell]) and len(values) >= _TELLING and is_typed(values)
        for cell, values in zip(first, columns, strict=True)
    ):
        return True  # a word above nothing but numbers or dates
    if not rest or not all(first) or any(map(_NUMBER.fullmatch, first)) or len(set(first)) < len(first):
        return False
    if not all(fresh) or max(map(len, first)) > 40:
        return False
    # Unusual names: then no cell of theirs is found below, and below the same labels come again and again.
    return any(len(values) * 2 <= len(rest) for values in columns)
