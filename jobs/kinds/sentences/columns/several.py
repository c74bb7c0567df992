"""Labels that are several: with separators in a cell, as a list in a cell, or as columns of zeros and ones."""

import ast
import json
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from jobs.kinds.sentences.columns.flags import BETWEEN
from jobs.kinds.sentences.options import AS_IS, EACH, KEEP_SINGLE
from jobs.uploads.errors import shown
from jobs.uploads.findings import Notes, Question

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
# Commas are part of many a name: they surely separate labels where so many of these stand alone, too.
_STAND_ALONE = 0.9
_SURE_SEPARATORS = ("|", ";")
_LONGEST_LIST = 2_000
# A label that says that a row has none: the list with nothing in it.
NO_LABEL = "[]"


@dataclass(frozen=True, kw_only=True, slots=True)
class SeveralLabels:
    """The labels as written that stand for several, with the number of `rows` that have them.

    `is_sure` where nothing else can be meant.
    """

    parts: Mapping[str, tuple[str, ...]]
    rows: int
    total: int
    is_sure: bool = True

    @property
    def are_few(self) -> bool:
        return self.rows <= _A_FEW * self.total

    @property
    def example(self) -> str:
        return shown(max(self.parts, key=lambda label: len(self.parts[label]), default=""), 60)

    def leave_out(self, column: str, notes: Notes) -> None:
        """Says that these rows are left out, and how to keep them."""
        message = (
            f'Left out: these rows have several labels each, such as "{self.example}" in "{shown(column, 40)}". To '
            f"learn each label, choose so (several_labels={EACH})."
        )
        notes.skip("Labels", message, self.rows)
        notes.warn(
            "Labels",
            f"{self.rows:,} of {self.total:,} rows have several labels and are left out.",
            undo={"several_labels": EACH},
        )

    def learn_each(self, column: str, notes: Notes, *, asked: bool) -> None:
        """Says that each label is learnt; asks whether that is meant, where nobody `asked` for it and it may not be."""
        if not self.rows:
            return
        told = (
            f'{self.rows:,} of {self.total:,} rows have several labels each in "{shown(column, 40)}", such as '
            f'"{self.example}"'
        )
        if asked or self.is_sure:
            notes.repair(
                "Labels",
                f"{told}. Each label is learnt, and a prediction names all that are likely.",
                undo={"several_labels": AS_IS},
            )
            return
        notes.ask(
            Question(
                field="several_labels",
                message=f"{told}, or so it seems. Are these several labels, each to be learnt ({EACH}); or is each "
                f"such text the name of one class ({AS_IS})?",
                guess=EACH,
                choices=(EACH, AS_IS, KEEP_SINGLE),
            )
        )


def find_several(counts: Mapping[str, int], *, of_flags: bool = False) -> SeveralLabels | None:
    """The labels that are several by the evidence of all of them, with how often each is; None where there are none.

    `of_flags` says that they were put together from columns of zeros and ones.
    """
    found = _lists(counts) | _tags(counts)
    is_sure = True
    if of_flags:
        found |= _split(counts, BETWEEN.strip())
    else:
        separated, separator = max(
            ((_separated(counts, one), one) for one in _SEPARATORS), key=lambda pair: len(pair[0])
        )
        rarely = max((_between_words(counts, one) for one in _RARE_SEPARATORS), key=lambda parts: len(parts))
        if separated or rarely:
            is_sure = bool(separated) and (separator in _SURE_SEPARATORS or _stand_alone(counts, separated))
        found |= separated or rarely
    return _several(found, counts, is_sure=is_sure) if found else None


def each_label(counts: Mapping[str, int], *, of_flags: bool = False) -> SeveralLabels:
    """As `find_several` where somebody said that each label counts: a separator needs no evidence then."""
    found = find_several(counts, of_flags=of_flags)
    if found is not None:
        return found
    split = max((_split(counts, one) for one in _SEPARATORS), key=lambda parts: len(parts))
    return _several(split, counts, is_sure=True)


def _several(
    parts: Mapping[str, tuple[str, ...]], counts: Mapping[str, int], *, is_sure: bool
) -> SeveralLabels:
    rows = sum(counts[label] for label in parts)
    return SeveralLabels(parts=parts, rows=rows, total=sum(counts.values()), is_sure=is_sure)


def labels_in(label: str, several: SeveralLabels) -> tuple[str, ...]:
    """The labels that a label as written stands for; none for the list with nothing in it."""
    if label in several.parts:
        return several.parts[label]
    found = _list_in(label) if label.startswith("[") and label.endswith("]") else None
    return (label,) if found is None else tuple(map(str, found))


def _stand_alone(counts: Mapping[str, int], found: Mapping[str, tuple[str, ...]]) -> bool:
    """Whether nearly all parts are labels of their own in other rows."""
    alone = {label.casefold() for label in counts if label not in found}
    parts = {part.casefold() for several in found.values() for part in several}
    return len(parts & alone) >= _STAND_ALONE * len(parts)


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
            values = _list_in(label) or []
            if len(values) > 1:
                found[label] = tuple(map(str, values))
    return found


def _list_in(text: str) -> list[Any] | None:
    """The plain values of a list in JSON or as Python prints it; None where it is no such list."""
    for read in (json.loads, ast.literal_eval):
        try:
            value = read(text)
        except (ValueError, SyntaxError, RecursionError, MemoryError):
            continue
        if isinstance(value, list) and all(isinstance(one, str | int | float) for one in value):
            return value
    return None
