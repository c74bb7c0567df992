"""Columns that say which part of the data a row belongs to."""

from collections.abc import Iterable

from jobs.kinds.sentences.columns.names import words_of
from jobs.uploads.part_words import PART_WORDS

TRAIN, VALIDATION, TEST = "train", "validation", "test"
_PARTS = {
    **PART_WORDS,
    **dict.fromkeys(("train", "training", "trn", "tr", "train set", "training set"), TRAIN),
    **dict.fromkeys(
        ("validation", "valid", "val", "dev", "development", "eval", "evaluation", "publictest", "validate"),
        VALIDATION,
    ),
    **dict.fromkeys(("test", "testing", "tst", "holdout", "hold out", "privatetest", "test set"), TEST),
    # No part was given to these rows.
    **dict.fromkeys(("", "unassigned", "none", "nan", "null"), ""),
}
_NAMES = frozenset(("split", "set", "subset", "partition", "fold", "usage", "part", "phase"))


def part_of(value: str) -> str:
    """The part that a cell names: "train", "validation", "test", or "" for none or an unknown word."""
    return _PARTS.get(_plain(value), "")


def is_split(name: str, values: Iterable[str], *, is_label: bool) -> bool:
    """Whether a column of this name with these different values tells the part of each row.

    `is_label` says that it, and no other column, has a name of labels. A class may be called train, too: without a name
    that says so, train must stand beside another part.
    """
    plain = {_plain(value) for value in values}
    parts = {_PARTS.get(value) for value in plain}
    if None in parts or not parts - {""}:
        return False
    if words_of(name) & _NAMES:
        return True
    return not is_label and TRAIN in parts and len(parts - {""}) > 1


def _plain(value: str) -> str:
    return " ".join(value.casefold().replace("_", " ").replace("-", " ").split())[:20]
