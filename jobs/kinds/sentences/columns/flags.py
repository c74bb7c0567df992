"""Columns of zeros and ones, one for each class."""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

from jobs.kinds.sentences.columns.names import is_beside
from jobs.kinds.sentences.columns.profile import FLAGS, Column, Role
from jobs.kinds.sentences.formats.contract import Cells

# Stands between the labels of a row that has several.
BETWEEN = " | "
_YES = frozenset(("1", "1.0", "true"))
_WORDS = frozenset(("true", "false"))
_SEPARATORS = "_ .:-=/"
_FEWEST_OF_SEVERAL = 3
_ONE_EACH = 0.98


@dataclass(frozen=True, kw_only=True, slots=True)
class Flags:
    """The columns, the class that each stands for, and whether exactly one of them is set in (nearly) every row."""

    columns: tuple[int, ...]
    classes: tuple[str, ...]
    is_exclusive: bool

    def label_in(self, cells: Cells) -> str:
        """The class whose flag is set; several with `BETWEEN`, "" without any."""
        found = [
            name for index, name in zip(self.columns, self.classes, strict=True) if _is_set(cells, index)
        ]
        return BETWEEN.join(found)


def find_flags(columns: Sequence[Column], data: Sequence[Cells]) -> Flags | None:
    """Columns of zeros and ones that look like classes: one set in each row, or three or more of them."""
    flags = [column for column in columns if _is_flag(column)]
    # Of the two ways to write them, the one that most columns have.
    words = [column for column in flags if column.values.keys() <= _WORDS]
    flags = max([column for column in flags if column not in words], words, key=len)
    if len(flags) < 2 or not any(column.role is Role.FLAG for column in flags):
        return None
    indices = tuple(column.index for column in flags)
    rows = [sum(_is_set(cells, index) for index in indices) for cells in data]
    is_exclusive = sum(1 for count in rows if count == 1) >= _ONE_EACH * len(rows)
    if not is_exclusive and len(flags) < _FEWEST_OF_SEVERAL:
        return None
    return Flags(
        columns=indices, classes=_classes([column.name for column in flags]), is_exclusive=is_exclusive
    )


def _is_flag(column: Column) -> bool:
    looks_so = column.role is Role.FLAG or (
        column.role is Role.CONSTANT and all(value in FLAGS for value in column.values)
    )
    return looks_so and column.filled == column.rows and not is_beside(column.name)


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
