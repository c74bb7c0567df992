"""What is in a column, judged by the first rows of a table."""

import itertools
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from jobs.kinds.sentences.formats.contract import Cells

_NUMBER = re.compile(r"[-+]?\d+(?:[.,]\d+)?(?:[eE][-+]?\d+)?")
_WHOLE = re.compile(r"[-+]?\d+(?:[.,]0+)?")
_DATE = re.compile(
    r"\d{4}[-/.]\d{1,2}[-/.]\d{1,2}(?:[T ,].*)?"
    r"|\d{1,2}[-/. ](?:\d{1,2}|[A-Za-z]{3,9})[-/., ]+\d{2,4}(?:[ ,T].*)?"
    r"|[A-Za-z]{3,9},? \d{1,2},? (?:\d{2}:\d{2}.*|\d{4}.*)"
    r"|\d{1,2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?: ?[AaPp][Mm])?"
)
_LINK = re.compile(
    r"(?:https?|ftp|file)://\S+|www\.\S+|[^@\s]+@[^@\s]+\.\w+|\S+\.(?:jpe?g|png|gif|webp|wav|mp3|mp4|pdf|html?|txt|docx?|eml|json|xml)",
    re.IGNORECASE,
)
_MISSING = frozenset(("nan", "n/a", "null", "\\n", "<na>", "#n/a"))
FLAGS = frozenset(("0", "1", "0.0", "1.0", "true", "false"))
# So many different values tell what a column is.
_LOOKED_AT = 200
# From so many filled cells on, nearly all different ones are names of rows.
_ENOUGH = 10
_MOST_CLASSES_OF_NUMBERS = 20


class Role(StrEnum):
    """What the cells of a column are like."""

    EMPTY = "empty"
    CONSTANT = "constant"
    DATE = "date"
    LINK = "link"
    IDENTIFIER = "identifier"
    MEASURE = "measure"
    FLAG = "flag"
    CATEGORY = "category"
    TEXT = "text"


@dataclass(frozen=True, kw_only=True, slots=True)
class Column:
    """A column of the sample: `filled` cells of `rows`, their mean `length` in characters, how often each value is."""

    index: int
    name: str
    rows: int
    filled: int
    length: float
    words: float
    values: Counter[str]
    role: Role

    @property
    def distinct(self) -> int:
        return len(self.values)

    @property
    def variety(self) -> float:
        """The share of different values among the filled cells."""
        return self.distinct / max(1, self.filled)

    @property
    def is_number(self) -> bool:
        """Whether all that was looked at are numbers."""
        return all(_NUMBER.fullmatch(value) for value in itertools.islice(self.values, _LOOKED_AT))


def profiles(names: Sequence[str], data: Sequence[Cells]) -> list[Column]:
    """The columns of these names, from the first rows of the table."""
    return [_profile(index, name, data) for index, name in enumerate(names)]


def is_typed(values: Iterable[str]) -> bool:
    """Whether all that is not empty are numbers, dates or links."""
    filled = [value for value in itertools.islice(values, _LOOKED_AT) if value and value not in _MISSING]
    return bool(filled) and any(all(map(one.fullmatch, filled)) for one in (_NUMBER, _DATE, _LINK))


def _profile(index: int, name: str, data: Sequence[Cells]) -> Column:
    cells = [value for row in data if index < len(row) and (value := (row[index] or "").strip())]
    filled = [value for value in cells if value.casefold() not in _MISSING]
    values = Counter(value.casefold() for value in filled)
    count = max(1, len(filled))
    words = sum(value.count(" ") + 1 for value in filled) / count
    length = sum(map(len, filled)) / count
    return Column(
        index=index,
        name=name,
        rows=len(data),
        filled=len(filled),
        length=length,
        words=words,
        values=values,
        role=_role(values, len(filled), length, words),
    )


def _role(values: Counter[str], filled: int, length: float, words: float) -> Role:
    if not values:
        return Role.EMPTY
    if len(values) == 1:
        return Role.CONSTANT
    looked = list(itertools.islice(values, _LOOKED_AT))
    if all(value in FLAGS for value in looked):
        return Role.FLAG
    if _mostly(_NUMBER, looked):
        return _role_of_numbers(looked, values, filled)
    if _mostly(_DATE, looked):
        return Role.DATE
    if _mostly(_LINK, looked):
        return Role.LINK
    variety = len(values) / filled
    if filled >= _ENOUGH and variety > 0.9 and words < 1.5 and length < 64 and _is_coded(looked):
        return Role.IDENTIFIER
    return Role.CATEGORY if variety <= 0.5 and words <= 8 and length <= 100 else Role.TEXT


def _role_of_numbers(looked: list[str], values: Counter[str], filled: int) -> Role:
    whole = all(_WHOLE.fullmatch(value) for value in looked if _NUMBER.fullmatch(value))
    variety = len(values) / filled
    if whole and filled >= _ENOUGH and variety > 0.9:
        return Role.IDENTIFIER
    many = len(values) > _MOST_CLASSES_OF_NUMBERS and (variety > 0.1 or not whole)
    return Role.MEASURE if many or (not whole and variety > 0.2 and filled >= _ENOUGH) else Role.CATEGORY


def _is_coded(values: Sequence[str]) -> bool:
    """ASCII with digits, as names of rows are: sentences of languages without spaces are not."""
    coded = sum(1 for value in values if value.isascii() and any(map(str.isdigit, value)))
    return coded > 0.5 * len(values)


def _mostly(pattern: re.Pattern[str], values: Sequence[str]) -> bool:
    return sum(1 for value in values if pattern.fullmatch(value)) >= 0.9 * len(values)
