"""Labels that a program wrapped: lists of one, formulas, quotes, prefixes."""

import re
from collections import Counter
from collections.abc import Callable, Iterable

from jobs.kinds.sentences.options import AS_WRITTEN
from jobs.uploads.errors import listed
from jobs.uploads.findings import Notes

_LIST = re.compile(r"\[(.*)\]|\((.*)\)|\{(.*)\}", re.DOTALL)
_ITEM = re.compile(
    r"""\s*(?:[ub]?'((?:[^'\\]|\\.)*)'|[ub]?"((?:[^"\\]|\\.)*)"|([^\s'",\[\](){}:][^'",\[\](){}:]*))\s*(?:,|(?=['"])|$)""",
    re.DOTALL,
)
_FORMULA = re.compile(r'=\s*"(.*)"', re.DOTALL)
_APOSTROPHE = re.compile(r"'(?=[\d=+@-])([^']*)")
_PREFIX = "__label__"
_ESCAPE = re.compile(r"\\(u[0-9a-fA-F]{4}|.)", re.DOTALL)
_MOST = 0.9
# What takes back whatever was done to labels.
UNDO = {"spellings": AS_WRITTEN}


def unwrapped(counts: Counter[str], notes: Notes) -> dict[str, str]:
    """Each label as it was before it was wrapped; lists of several stay what they are."""
    found = {label: label for label in counts}
    _lists(found, counts, notes)
    _each(
        found,
        counts,
        notes,
        _formula,
        "Labels that a spreadsheet keeps as text were taken out of their formula",
    )
    if _share(found, counts, _prefixed) > _MOST:
        _each(found, counts, notes, _prefixed, f"The mark {_PREFIX} was taken away from labels")
    if _share(found, counts, _framed) > _MOST:
        _each(found, counts, notes, _framed, "The quotation marks around labels were taken away")
    return found


def items_of(text: str) -> list[str] | None:
    """The items of a list that is written out, as Python, JSON or R do; None where it is none."""
    match = _LIST.fullmatch(text)
    if match is None:
        return None
    inner = next(group for group in match.groups() if group is not None)
    items: list[str] = []
    at = 0
    while at < len(inner):
        item = _ITEM.match(inner, at)
        if item is None or item.end() == at:
            return items if not inner[at:].strip() and items else None
        quoted = item[1] if item[1] is not None else item[2]
        items.append(_ESCAPE.sub(_unescaped, quoted) if quoted is not None else item[3].strip())
        at = item.end()
    return items


def _lists(found: dict[str, str], counts: Counter[str], notes: Notes) -> None:
    lists = {label: items for label in counts if (items := items_of(label))}
    quoted = {label for label in lists if "'" in label or '"' in label}
    one = [label for label, items in lists.items() if len(items) == 1]
    several = [label for label, items in lists.items() if len(items) > 1]
    rows, most = counts.total(), sum(counts[label] for label in lists)
    if not one or (most < _MOST * rows and not quoted) or _rows(several, counts) > _rows(one, counts):
        return  # a class may well stand in brackets; and where most have several labels, that is what they are
    for label in one:
        found[label] = lists[label][0]
    notes.repair(
        "Labels", f"Labels that are a list of one were taken out of it ({listed(one, 3)}).", undo=UNDO
    )


def _each(
    found: dict[str, str],
    counts: Counter[str],
    notes: Notes,
    take_out: Callable[[str], str | None],
    said: str,
) -> None:
    changed = {label: inner for label, now in found.items() if (inner := take_out(now)) is not None}
    if changed:
        found.update(changed)
        notes.repair("Labels", f"{said} ({listed(list(changed), 3)}).", undo=UNDO)


def _share(found: dict[str, str], counts: Counter[str], take_out: Callable[[str], str | None]) -> float:
    fits = [label for label, now in found.items() if take_out(now) is not None]
    return _rows(fits, counts) / max(1, counts.total())


def _formula(label: str) -> str | None:
    if match := _FORMULA.fullmatch(label):
        return match[1].replace('""', '"')
    match = _APOSTROPHE.fullmatch(label)
    return match[1] if match else None


def _prefixed(label: str) -> str | None:
    return label[len(_PREFIX) :].strip() or None if label.startswith(_PREFIX) else None


def _framed(label: str) -> str | None:
    return (
        label[1:-1].strip() or None
        if len(label) > 2 and label[0] == label[-1] and label[0] in "\"'`"
        else None
    )


def _unescaped(match: re.Match[str]) -> str:
    return chr(int(match[1][1:], 16)) if len(match[1]) == 5 else match[1]


def _rows(labels: Iterable[str], counts: Counter[str]) -> int:
    return sum(counts[label] for label in labels)
