"""Finds the header of a table among its first rows: below titles and comments, above questions."""

import re
from collections.abc import Sequence

from jobs.kinds.sentences.columns.names import input_rank, is_known, label_rank
from jobs.kinds.sentences.formats.contract import Cells, Meaning

_COMMENTS = ("#", "//")
_MOST_TITLES = 20
_MOST_QUESTIONS = 3
_LONGEST_NUMBER = 40
_IMPORT_ID = re.compile(r'\s*\{\s*"ImportId"\s*:\s*"([^"]*)"')
_QUESTION_ID = re.compile(r"QID\w+")
_NUMERIC = re.compile(r"\s*[-+(]?[\d.,:/T\sZ%$€£+-]*\d[\d.,:/T\sZ%$€£+)-]*\s*")
_ANSWERS = frozenset(
    ("response", "open-ended response", "other (please specify)", "antwort", "réponse", "respuesta")
)


def past_comments(rows: Sequence[Cells]) -> int:
    """Index of the first row below lines that begin with # or //, where it is, or may be, the header."""
    count = 0
    while count < min(len(rows) - 1, _MOST_TITLES) and _bare(
        rows[count][0] if rows[count] else ""
    ).startswith(_COMMENTS):
        count += 1
    if not count:
        return 0
    names, data = plain_cells(rows[count]), [plain_cells(row) for row in rows[count + 1 :]]
    if any(map(is_known, filter(None, names))) or is_header(names, data):
        return count
    return 0


def header_at(rows: Sequence[Cells]) -> int:
    """Index of the header where titles stand above it; 0 where the first row is header or data."""
    fills = [sum(1 for cell in plain_cells(row) if cell) for row in rows[: 10 * _MOST_TITLES]]
    if len(fills) < 4:
        return 0
    most = max(fills)
    if most < 2 or fills[0] * 4 >= most * 3 or _names_text_and_label(plain_cells(rows[0])):
        return 0
    for at in range(1, min(len(rows), _MOST_TITLES)):
        if fills[at] >= 2 and fills[at] * 4 >= most * 3:
            names = [name for name in plain_cells(rows[at]) if name]
            alone = all(fill * 2 <= fills[at] for fill in fills[:at])
            words = not any(map(is_number, names)) and len(set(names)) == len(names)
            known = any(map(is_known, names))
            return (
                at if alone and words and (known or len(rows) - at > 4) and max(map(len, names)) <= 100 else 0
            )
    return 0


def _names_text_and_label(names: Sequence[str]) -> bool:
    """Whether both are named, as no title does it."""
    return any(input_rank(name) is not None for name in names) and any(
        label_rank(name) is not None for name in names
    )


def questions_below(rows: Sequence[Cells], width: int) -> int:
    """How many rows below the header say more about the columns, as exports of surveys have them."""
    for count in range(min(_MOST_QUESTIONS, len(rows)), 0, -1):
        filled = [cell for cell in plain_cells(rows[count - 1]) if cell]
        if filled and all(map(_IMPORT_ID.match, filled)):
            return count
    if len(rows) < 4:
        return 0
    first, data = plain_cells(rows[0]), [plain_cells(row) for row in rows[1:]]
    filled = [cell.casefold() for cell in first if cell]
    if filled and len(filled) < width and set(filled) <= _ANSWERS:
        return 1
    if len(first) != width or width < 4:
        return 0
    columns = [[row[i] for row in data if i < len(row) and row[i]] for i in range(width)]
    numbers = [bool(column) and all(map(is_number, column)) for column in columns]
    words = [bool(cell) and not is_number(cell) for cell in first]
    odd = sum(1 for number, word in zip(numbers, words, strict=True) if number and word)
    return 1 if odd >= 2 and all(words) and len(set(first)) == len(first) else 0


def meaning_of(names: Sequence[str], last: Sequence[str]) -> Meaning | None:
    """What Qualtrics says of its columns: answers in one's own words, and one question with answers to choose from."""
    ids = [match[1] if (match := _IMPORT_ID.match(cell)) else "" for cell in last]
    asked = [(name, one) for name, one in zip(names, ids, strict=False) if _QUESTION_ID.fullmatch(one)]
    texts = [name for name, one in asked if one.endswith("_TEXT")]
    choices = [name for name, one in asked if not one.endswith("_TEXT")]
    if len(texts) != 1 or len(choices) != 1:
        return None
    return Meaning(inputs=tuple(texts), label=choices[0])


def is_header(names: Sequence[str], data: Sequence[Sequence[str]]) -> bool:
    """Whether the first row names the columns: its cells come nowhere below them, but with the whole row."""
    if not data or not any(names):
        return False
    below = [{row[i].casefold() for row in data if i < len(row)} for i in range(len(names))]
    fresh = [bool(name) and name.casefold() not in values for name, values in zip(names, below, strict=True)]
    if any(is_known(name) and new for name, new in zip(names, fresh, strict=True)):
        return True
    if not all(names) or any(map(is_number, names)) or len(set(names)) < len(names) or not all(fresh):
        return False
    return max(map(len, names)) <= 40 and any(len(values) * 2 <= len(data) for values in below)


def is_number(cell: str) -> bool:
    """A number, date, time, share or price."""
    return len(cell) <= _LONGEST_NUMBER and _NUMERIC.fullmatch(cell) is not None


def _bare(cell: str | None) -> str:
    return cell.strip() if cell else ""


def plain_cells(cells: Cells) -> tuple[str, ...]:
    return tuple(map(_bare, cells))
