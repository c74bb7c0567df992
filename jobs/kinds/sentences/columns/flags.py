"""Columns of zeros and ones, of yes and no, or of ticks, one for each class."""

import itertools
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from jobs.kinds.sentences.columns.names import is_beside
from jobs.kinds.sentences.columns.profile import Column
from jobs.kinds.sentences.formats.contract import Cells

# Stands between the labels of a row that has several.
BETWEEN = " | "
# What is set and what is not; the first are numbers as they may stand in one column.
_NUMBERS = (("1", "0"), ("1.0", "0.0"))
_PAIRS = (
    ("true", "false"), ("yes", "no"), ("y", "n"), ("t", "f"), ("ja", "nein"), ("oui", "non"), ("sí", "no"),
    ("si", "no"), ("sim", "não"), ("да", "нет"), ("tak", "nie"), ("wahr", "falsch"), ("vrai", "faux"),
    ("是", "否"), ("x", "-"), ("✓", "✗"), ("✔", "✘"),
)  # fmt: skip
# What stands in a cell that is set, where the others are empty.
_TICKS = frozenset(("x", "✓", "✔", "☑", "✅", "*", "•", "1", "1.0")) | {yes for yes, _ in _PAIRS}
_YES = frozenset(yes for yes, _ in (*_NUMBERS, *_PAIRS)) | _TICKS
_SEPARATORS = "_ .:-=/"
_TICK, _TICKED = "tick", "ticks"
_FEWEST_TICKED = 0.5
_FEWEST_OF_SEVERAL = 3
_ONE_EACH = 0.98


@dataclass(frozen=True, kw_only=True, slots=True)
class Flags:
    """The columns, the class that each stands for, and whether exactly one of them is set in (nearly) every row.

    With ticks, rows without any have no label, and say nothing against that. `marks` is what stands in the cells.
    """

    columns: tuple[int, ...]
    classes: tuple[str, ...]
    is_exclusive: bool
    marks: str = "zeros and ones"

    @property
    def tells_none(self) -> bool:
        """Whether a row may have any number of them, and says so where it has none."""
        return not self.is_exclusive and self.marks != _TICKED

    def label_in(self, cells: Cells) -> str:
        """The class whose flag is set; several with `BETWEEN`, "" without any."""
        found = [
            name for index, name in zip(self.columns, self.classes, strict=True) if _is_set(cells, index)
        ]
        return BETWEEN.join(found)


def find_flags(columns: Sequence[Column], data: Sequence[Cells]) -> Flags | None:
    """Columns of zeros and ones, or the like, that look like classes: one set in each row, or three or more."""
    ways: dict[str, list[Column]] = defaultdict(list)
    for column in columns:
        if way := _way(column):
            ways[way].append(column)
    # Of the ways to write them, the one that most columns have.
    way = max(ways, key=lambda one: len(ways[one]), default="")
    flags = ways[way] if way else []
    if len(flags) < 2 or (way != _TICK and not any(column.distinct > 1 for column in flags)):
        return None
    indices = tuple(column.index for column in flags)
    rows = [sum(_is_set(cells, index) for index in indices) for cells in data]
    told = [count for count in rows if count] if way == _TICK else rows
    if len(told) < _FEWEST_TICKED * len(rows):
        return None
    is_exclusive = sum(1 for count in told if count == 1) >= _ONE_EACH * len(told)
    if not is_exclusive and len(flags) < _FEWEST_OF_SEVERAL:
        return None
    return Flags(
        columns=indices,
        classes=_classes([column.name for column in flags]),
        is_exclusive=is_exclusive,
        marks={"number": "zeros and ones", _TICK: _TICKED}.get(way, "yes and no"),
    )


def _way(column: Column) -> str:
    """How a column says yes and no; "" where it says something else."""
    values = column.values.keys()
    if not values or column.distinct > 4 or is_beside(column.name):
        return ""
    if column.filled < column.rows:
        return _TICK if column.distinct == 1 and values <= _TICKS else ""
    if values <= {value for pair in _NUMBERS for value in pair}:
        return "number"
    return next((yes for yes, no in _PAIRS if values <= {yes, no}), "")


def _is_set(cells: Cells, index: int) -> bool:
    return index < len(cells) and (cells[index] or "").strip().casefold() in _YES


def _classes(names: Sequence[str]) -> tuple[str, ...]:
    """The names without what all of them begin with: `label_spam`, `label_ham`."""
    first, last = min(names), max(names)
    same = itertools.takewhile(lambda pair: pair[0] == pair[1], zip(first, last, strict=False))
    shared = "".join(letter for letter, _ in same)
    end = max(shared.rfind(separator) for separator in _SEPARATORS) + 1
    short = tuple(name[end:].strip() for name in names)
    return short if all(short) else tuple(names)
