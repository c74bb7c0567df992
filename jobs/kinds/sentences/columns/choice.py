"""Chooses the columns with the text and the label: by name where the column is filled, else by what is in it."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum

from jobs.kinds.sentences.columns.names import (
    input_rank,
    input_word_rank,
    is_answer,
    is_beside,
    is_derived,
    is_unnamed,
    label_rank,
    label_word_rank,
)
from jobs.kinds.sentences.columns.profile import Column, Role
from jobs.kinds.sentences.formats.contract import Cells

_UNKNOWN = 1_000
# A column is filled where it has half as many cells as the fullest that would do, and not quite empty above this.
_FILLED, _HARDLY_FILLED = 0.5, 0.05
# Below so many rows of the sample the table is known as a whole, and a constant column is constant.
_CUT_SAMPLE = 1_000
# From so many rows on, a column of sentences is told from a column of labels.
_TELLING_ROWS = 10


class Fit(IntEnum):
    """How well a column suits, the best first."""

    BY_NAME = 0
    BY_WORD = 1
    BY_CONTENT = 2
    BESIDE = 3
    NAMED_BUT_UNFIT = 4
    UNFIT = 5


@dataclass(frozen=True, slots=True)
class Ranked:
    """A column with how well it suits; `order` sorts the best first."""

    column: Column
    fit: Fit
    order: tuple[float, ...]


def ranked_labels(columns: Sequence[Column]) -> list[Ranked]:
    """The columns by how well they suit as the label, the best first."""
    most = max((column.filled for column in columns), default=0)
    return sorted((_as_label(column, most) for column in columns), key=lambda one: (one.fit, one.order))


def ranked_texts(columns: Sequence[Column]) -> list[Ranked]:
    """The columns by how well they suit as the text, the best first."""
    most = max((column.filled for column in columns if _is_text(column)), default=0)
    texts = [column for column in columns if _is_text(column)]

    def rank(column: Column) -> Ranked:
        return _as_text(column, most, any(is_derived(column.name, other.name) for other in texts))

    return sorted(map(rank, columns), key=lambda one: (one.fit, one.order))


def doubtful_labels(ranked: Sequence[Ranked]) -> list[Column]:
    """The columns that suit equally well as the label; empty where the first is clearly the best.

    One alone where it suits badly, though there are others.
    """
    best = ranked[0]
    if best.fit not in (Fit.BY_CONTENT, Fit.BESIDE):
        return []
    # Where no name tells, zeros and ones are as good as words.
    flags = best.column.role is Role.FLAG or is_unnamed(best.column.name)
    equal = [
        one.column for one in ranked if one.fit is best.fit and (flags or one.column.role is not Role.FLAG)
    ]
    return equal if len(equal) > 1 or (best.fit is Fit.BESIDE and len(ranked) > 1) else []


def doubtful_texts(ranked: Sequence[Ranked]) -> list[Column]:
    """Likewise for the text: columns of equally good names with sentences of much the same length."""
    best = ranked[0]
    if best.fit not in (Fit.BY_CONTENT, Fit.BY_WORD) or best.column.words < 3:
        return []
    equal = [
        one.column
        for one in ranked
        if one.fit is best.fit
        and one.order[:2] == (False, best.order[1])
        and one.column.length > 0.5 * best.column.length
        and one.column.filled > _FILLED * best.column.filled
    ]
    return equal if len(equal) > 1 else []


def names_of_codes(label: Column, columns: Sequence[Column], data: Sequence[Cells]) -> Column | None:
    """The column with the names of the classes whose numbers are in `label`, where each has one name."""
    if not label.is_number:
        return None
    for column in columns:
        if column.role is Role.CATEGORY and column.distinct == label.distinct and not column.is_number:
            pairs = {(_cell(row, label.index), _cell(row, column.index)) for row in data}
            pairs = {pair for pair in pairs if all(pair)}
            if len(pairs) == label.distinct:
                return column
    return None


def _as_label(column: Column, most: int) -> Ranked:
    known, word = label_rank(column.name), label_word_rank(column.name)
    rank = known if known is not None else word if word is not None else _UNKNOWN
    order = (
        rank if rank < _UNKNOWN else _UNKNOWN,
        column.role is Role.FLAG,
        column.variety > 0.5,
        column.role is Role.MEASURE,
        column.distinct < 2,
        column.variety,
        column.length,
    )
    return Ranked(column, _fit_of_label(column, most, known, word), order)


def _fit_of_label(column: Column, most: int, known: int | None, word: int | None) -> Fit:
    named = known is not None or word is not None
    if not column.filled or (known is None and input_rank(column.name) is not None):
        return Fit.UNFIT
    if not _is_class(column, named):
        # Of what is unfit, numbers that mean measures are asked about.
        return Fit.NAMED_BUT_UNFIT if named or column.role is Role.MEASURE else Fit.UNFIT
    if column.filled < _HARDLY_FILLED * most:
        return Fit.UNFIT
    filled = column.filled >= _FILLED * most
    if named and filled:
        return Fit.BY_NAME if known is not None else Fit.BY_WORD
    if is_beside(column.name) or is_answer(column.name) or _is_nearly_constant(column):
        return Fit.BESIDE
    return Fit.BY_CONTENT if filled or named else Fit.UNFIT


def _is_class(column: Column, named: bool) -> bool:
    if column.role in (Role.CATEGORY, Role.FLAG):
        return True
    if column.role is Role.CONSTANT:
        # Many tables are sorted by the label.
        return named and column.rows >= _CUT_SAMPLE
    return column.role is Role.TEXT and named and column.filled < _TELLING_ROWS


def _is_nearly_constant(column: Column) -> bool:
    return column.filled >= _TELLING_ROWS and max(column.values.values()) > 0.95 * column.filled


def _as_text(column: Column, most: int, derived: bool) -> Ranked:
    known, word = input_rank(column.name), input_word_rank(column.name)
    rank = known if known is not None else word if word is not None else _UNKNOWN
    order = (derived, rank, -column.length, -column.variety)
    return Ranked(column, _fit_of_text(column, most, known, word), order)


def _fit_of_text(column: Column, most: int, known: int | None, word: int | None) -> Fit:
    named = known is not None or word is not None
    if not column.filled:
        return Fit.UNFIT
    if not _is_text(column):
        return Fit.NAMED_BUT_UNFIT if known is not None else Fit.UNFIT
    if column.filled < _FILLED * most:
        return Fit.BESIDE if named and column.filled >= _HARDLY_FILLED * most else Fit.UNFIT
    if is_answer(column.name) or (not named and is_beside(column.name)):
        return Fit.BESIDE
    return Fit.BY_NAME if known is not None else Fit.BY_WORD if named else Fit.BY_CONTENT


def _is_text(column: Column) -> bool:
    return column.role is Role.TEXT or (column.role is Role.CATEGORY and column.words >= 2)


def _cell(row: Cells, index: int) -> str:
    return (row[index] or "").strip() if index < len(row) else ""
