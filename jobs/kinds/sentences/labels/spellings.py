"""Spellings of one class: by case, by forms of the same letters, by ways of writing a number or a truth value."""

import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence

from jobs.kinds.sentences.labels.wrapping import UNDO
from jobs.uploads.errors import listed
from jobs.uploads.findings import Notes
from jobs.uploads.names import same_class

_WHOLE_FLOAT = re.compile(r"([-+]?\d+)(?:\.0+|,(?:00?|0{4,}))")  # a comma and three zeros may be thousands
_NUMBER = re.compile(r"[-+]?\d+(?:[.,]\d+)?")
_COMMA = re.compile(r"([-+]?\d+),(\d{1,2}|\d{4,})")
_CODED = re.compile(r"\(?\d{1,4}\)?\s*[-.:=)\u2013]\s*(\D.*)")
# Forms of a letter that are only another width, place or look of it; not what is raised, circled or a fraction.
_SAME_LETTER = ("<wide>", "<narrow>", "<initial>", "<medial>", "<final>", "<isolated>", "<noBreak>")
_LIGATURES = range(0xFB00, 0xFB07)
_SIGNS = str.maketrans({
    **dict.fromkeys("\u2018\u2019\u201b\u02bc\u00b4`", "'"), **dict.fromkeys("\u201c\u201d\u201e\u00ab\u00bb", '"'),
    **dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2212", "-"),
    **dict.fromkeys(map(chr, range(0xFE00, 0xFE10)), None),
})  # fmt: skip
_TWINS = str.maketrans(
    "\u0430\u0435\u043e\u0440\u0441\u0443\u0445\u0456\u0458\u0455\u0410\u0412\u0415\u041a\u041c\u041d\u041e\u0420\u0421\u0422\u0425"
    "\u03bf\u0391\u0392\u0395\u0396\u0397\u0399\u039a\u039c\u039d\u039f\u03a1\u03a4\u03a7\u03a5",
    "aeopcyxijsABEKMHOPCTXoABEZHIKMNOPTXY",
)  # fmt: skip
_SEPARATORS = re.compile(r"[\s_-]+")
_TRUTHS: tuple[tuple[str, str], ...] = (("true", "false"), ("1", "0"), ("t", "f"))
_ANSWERS: tuple[tuple[str, str], ...] = (("yes", "no"), ("y", "n"))


def joined(counts: Counter[str], notes: Notes) -> dict[str, str]:
    """Each spelling of a label with the one that stands for it: the most frequent."""
    plain = _numbers(counts, notes)
    _truths(plain, counts, notes)
    groups: dict[str, list[str]] = defaultdict(list)
    for label in counts:
        groups[same_class(_letters(plain[label]))].append(label)
    merged: Counter[str] = Counter()
    for label, count in counts.items():
        merged[plain[label]] += count
    canonical = {}
    for same in groups.values():
        best = max((plain[label] for label in same), key=lambda label: (merged[label], label.isascii()))
        canonical.update(dict.fromkeys(same, best))
        _note(best, list(dict.fromkeys(plain[label] for label in same)), notes)
    _without_codes(canonical, notes)
    _warn_of_twins(sorted(set(canonical.values())), notes)
    return canonical


def _numbers(counts: Counter[str], notes: Notes) -> dict[str, str]:
    """Whole numbers without decimals and decimal points for commas, where all labels are numbers."""
    plain = {label: label for label in counts}
    if not all(map(_NUMBER.fullmatch, counts)):
        return plain
    whole = all(_WHOLE_FLOAT.fullmatch(label) or label.lstrip("+-").isdecimal() for label in counts)
    floats = [label for label in counts if whole and _WHOLE_FLOAT.fullmatch(label)]
    if floats:
        plain.update({label: re.split("[.,]", label)[0] for label in floats})
        notes.repair(
            "Labels",
            f"Labels that are whole numbers were written without decimals ({listed(floats)}).",
            undo=UNDO,
        )
        return plain
    commas = [label for label in counts if _COMMA.fullmatch(label)]
    if commas and any("." in label for label in counts):
        plain.update({label: label.replace(",", ".") for label in commas})
        notes.repair(
            "Labels", f"Decimal commas and points were taken for the same ({listed(commas, 3)}).", undo=UNDO
        )
    return plain


def _truths(plain: dict[str, str], counts: Counter[str], notes: Notes) -> None:
    """TRUE, true and 1 are one class where there are no other numbers or words."""
    words = {label: _WHOLE_FLOAT.sub(r"\1", now).casefold() for label, now in plain.items()}
    for pairs in (_TRUTHS, _ANSWERS):
        used = [pair for pair in pairs if set(pair) & set(words.values())]
        if len(used) < 2 or not set(words.values()) <= {word for pair in used for word in pair}:
            continue
        for side in (0, 1):
            same = [label for label, word in words.items() if word in {pair[side] for pair in used}]
            if not same:
                continue
            best = _WHOLE_FLOAT.sub(r"\1", plain[max(same, key=lambda label: counts[label])])
            plain.update(dict.fromkeys(same, best))
            notes.repair(
                best, f"Ways of writing the same truth value were combined: {listed(same)}.", undo=UNDO
            )
        return


def _letters(label: str) -> str:
    """The label by its letters alone: the same for all forms of the same letters."""
    if label.isascii():
        return label.replace("`", "'")
    return unicodedata.normalize("NFC", "".join(map(_form, label.translate(_SIGNS)))).strip()


def _form(letter: str) -> str:
    if unicodedata.decomposition(letter).startswith(_SAME_LETTER) or ord(letter) in _LIGATURES:
        return unicodedata.normalize("NFKC", letter)
    return letter


def _note(best: str, same: Sequence[str], notes: Notes) -> None:
    if len(same) < 2:
        return
    if len({same_class(label) for label in same}) == 1:
        notes.repair(
            best, f"Labels that differ only in upper and lower case were combined: {listed(same)}.", undo=UNDO
        )
    else:
        told = ", ".join(_told(label) for label in same[:4])
        notes.repair(best, f"Labels that look alike were combined: {told}.", undo=UNDO)


def _told(label: str) -> str:
    """A label with the codes of what does not show."""
    codes = " ".join(f"U+{ord(letter):04X}" for letter in label if not letter.isascii())
    return f"{listed([label])} ({codes})" if 0 < len(codes) <= 40 else listed([label])


def _without_codes(canonical: dict[str, str], notes: Notes) -> None:
    """ "2 - Billing" is "Billing" where both are there."""
    names = {same_class(name): name for name in canonical.values()}
    for label, name in list(canonical.items()):
        coded = _CODED.fullmatch(name)
        plain = names.get(same_class(coded[1].strip())) if coded else None
        if plain is not None and plain != name:
            canonical[label] = plain
            notes.repair(
                plain,
                f"Labels with and without their code were combined: {listed([name, plain])}.",
                undo=UNDO,
            )


def _warn_of_twins(names: Iterable[str], notes: Notes) -> None:
    """Classes that may well be one, which nobody can be sure of."""
    groups: dict[str, list[str]] = defaultdict(list)
    padded: dict[str, list[str]] = defaultdict(list)
    for name in names:
        if name.isdecimal():
            padded[name.lstrip("0")].append(name)
        if _NUMBER.fullmatch(name):
            continue  # a minus is no dash
        groups[same_class(_SEPARATORS.sub(" ", _letters(name).translate(_TWINS)).strip())].append(name)
    for same in padded.values():
        if len(same) > 1:
            notes.warn(
                "Labels", f"These classes differ only in zeros in front: {listed(same)}. Are they the same?"
            )
    for same in groups.values():
        if len(same) > 1:
            notes.warn(
                "Labels",
                f"These classes look alike, but are spelled differently: {listed(same)}. Are they the same?",
            )
