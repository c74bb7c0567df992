"""Labels that are several: with separators in a cell, as a list in a cell, or as columns of zeros and ones."""

import ast
import json
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from jobs.kinds.sentences.columns.flags import BETWEEN
from jobs.uploads.errors import UploadRefused, listed, shown
from jobs.uploads.findings import Notes

_SEPARATORS = ("|", ";", ",", "、", "，")
# These stand in names of single classes as well, so all parts must be labels of their own.
_RARE_SEPARATORS = ("/", "+", "&")
# Tags as Stack Overflow writes them: <python><csv>.
_TAG = re.compile(r"<([^<>\n]{1,60})>")
_TAGS = re.compile(r"(?:<[^<>\n]{1,60}>\s*){2,}")
_LONGEST_PART, _MOST_WORDS = 60, 5
# Fewer rows than this prove nothing, and of the labels in them so many must come in other cells, too.
_FEWEST_ROWS = 3
_COME_AGAIN = 0.6
# What stands behind the comma of a rating.
_HALVES = frozenset(("0", "00", "5", "50", "25", "75"))
# Up to this share the rows with several labels are left out, and the rest is learnt.
_A_FEW = 0.2
_LONGEST_LIST = 2_000
_WHAT_TO_DO = (
    "Flash does not learn several labels for a row yet. Choose another column as the label; or keep only the rows with "
    "one label (several_labels=keep_single); or take each combination as a class of its own (several_labels=as_is)."
)


@dataclass(frozen=True, kw_only=True, slots=True)
class SeveralLabels:
    """The labels as written that stand for several, with the number of `rows` that have them."""

    parts: Mapping[str, tuple[str, ...]]
    rows: int
    total: int

    @property
    def are_few(self) -> bool:
        return self.rows <= _A_FEW * self.total

    @property
    def example(self) -> str:
        return shown(max(self.parts, key=lambda label: len(self.parts[label])), 60)

    def leave_out(self, column: str, notes: Notes) -> None:
        """Says that these rows are left out, and how to keep them."""
        message = (
            f'Left out: these rows have several labels each, such as "{self.example}" in "{shown(column, 40)}". Flash '
            "does not learn several labels for a row yet."
        )
        notes.skip("Labels", message, self.rows)
        notes.warn(
            "Labels",
            f"{self.rows:,} of {self.total:,} rows have several labels and are left out.",
            undo={"several_labels": "as_is"},
        )

    def refusal(self, column: str) -> UploadRefused:
        """The refusal of a table in which too many rows are so."""
        return UploadRefused(
            f'{self.rows:,} of {self.total:,} rows have several labels each in the column "{shown(column, 40)}", such '
            f'as "{self.example}". {_WHAT_TO_DO}',
            status=422,
            code="several_labels",
            fields={"several_labels": ["Choose keep_single or as_is, or another label_column."]},
        )


def find_several(counts: Mapping[str, int], *, of_flags: bool = False) -> SeveralLabels | None:
    """The labels that are several by the evidence of all of them, with how often each is; None where there are none.

    `of_flags` says that they were put together from columns of zeros and ones.
    """
    found = _lists(counts) | _tags(counts)
    if of_flags:
        found |= _split(counts, BETWEEN.strip())
    else:
        separated = max((_separated(counts, one) for one in _SEPARATORS), key=lambda parts: len(parts))
        rarely = max((_between_words(counts, one) for one in _RARE_SEPARATORS), key=lambda parts: len(parts))
        found |= separated or rarely
    if not found:
        return None
    rows = sum(counts[label] for label in found)
    return SeveralLabels(parts=found, rows=rows, total=sum(counts.values()))


def refuse_flags(columns: list[str], marks: str) -> UploadRefused:
    """The refusal of a table with columns of zeros and ones of which several are set in a row."""
    return UploadRefused(
        f"{len(columns)} columns of {marks} look like classes ({listed(columns)}), and a row may have several "
        "labels. Flash does not learn several labels for a row yet. Choose one of these columns as the label, which is "
        "then learnt as yes or no; or keep only the rows with one label (several_labels=keep_single).",
        status=422,
        code="several_labels",
        fields={"label_column": [f"Choose one of {listed(columns, 20)}."]},
    )


def _separated(counts: Mapping[str, int], separator: str) -> dict[str, tuple[str, ...]]:
    """Labels with this separator, if their parts come again alone or in other combinations."""
    found = _split(counts, separator)
    alone = {label.casefold() for label in counts if label not in found}
    if sum(counts[label] for label in found) < _FEWEST_ROWS or _are_decimals(found, separator, alone):
        return {}
    cells: Counter[str] = Counter(part.casefold() for parts in found.values() for part in set(parts))
    combined = list(cells)
    for part in alone & cells.keys():
        cells[part] += 1
    if _one_stands_alone(found, alone):
        return found
    again = sum(1 for part in combined if cells[part] > 1)
    if again < _COME_AGAIN * len(combined) or (len(found) < _FEWEST_ROWS and not alone & cells.keys()):
        return {}
    return found


def _between_words(counts: Mapping[str, int], separator: str) -> dict[str, tuple[str, ...]]:
    """Labels with a separator that names may have, where most parts are labels alone, and not the first only."""
    found = _split(counts, separator)
    alone = {label.casefold() for label in counts if label not in found}
    parts = {part.casefold() for several in found.values() for part in several}
    if sum(counts[label] for label in found) < _FEWEST_ROWS or len(parts & alone) < _COME_AGAIN * len(parts):
        return {}
    return found if _one_stands_alone(found, alone) else {}


def _one_stands_alone(found: Mapping[str, tuple[str, ...]], alone: set[str]) -> bool:
    """Whether a part of each is a label of its own, and not only the first one, as of classes with classes in them."""
    places = {
        place for parts in found.values() for place, part in enumerate(parts) if part.casefold() in alone
    }
    return bool(places - {0}) and all(
        any(part.casefold() in alone for part in parts) for parts in found.values()
    )


def _tags(counts: Mapping[str, int]) -> dict[str, tuple[str, ...]]:
    """Labels that are two tags or more, each between angle brackets."""
    return {label: tuple(_TAG.findall(label)) for label in counts if _TAGS.fullmatch(label)}


def _split(counts: Mapping[str, int], separator: str) -> dict[str, tuple[str, ...]]:
    found = {}
    for label in counts:
        if separator in label:
            parts = tuple(part for piece in label.split(separator) if (part := piece.strip()))
            if len(parts) > 1 and all(
                len(part) <= _LONGEST_PART and part.count(" ") < _MOST_WORDS for part in parts
            ):
                found[label] = parts
    return found


def _are_decimals(found: Mapping[str, tuple[str, ...]], separator: str, alone: set[str]) -> bool:
    """Numbers with a decimal comma; codes of classes come by threes, too, or are all classes alone."""
    if separator != "," or not all(
        len(parts) == 2 and all(part.lstrip("-").isdecimal() for part in parts) for parts in found.values()
    ):
        return False
    halves = {parts[1] for parts in found.values()}
    return halves <= _HALVES or not all(part in alone for parts in found.values() for part in parts)


def _lists(counts: Mapping[str, int]) -> dict[str, tuple[str, ...]]:
    """Labels written as lists of two or more, in JSON or as Python prints them."""
    found = {}
    for label in counts:
        if label.startswith("[") and label.endswith("]") and len(label) <= _LONGEST_LIST:
            values = _list_in(label)
            if len(values) > 1:
                found[label] = tuple(map(str, values))
    return found


def _list_in(text: str) -> list[Any]:
    for read in (json.loads, ast.literal_eval):
        try:
            value = read(text)
        except (ValueError, SyntaxError, RecursionError, MemoryError):
            continue
        if isinstance(value, list) and all(isinstance(one, str | int | float) for one in value):
            return value
    return []
