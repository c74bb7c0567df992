"""Spellings of the parts of a dataset: of columns, files and folders."""

import re

from jobs.uploads.part_words import PART_WORDS

_NAMES = {
    **PART_WORDS,
    **dict.fromkeys(("train", "training", "trn", "trainset"), "train"),
    **dict.fromkeys(("validation", "valid", "val", "dev", "eval", "development", "devel"), "validation"),
    **dict.fromkeys(("test", "testing", "tst", "testset"), "test"),
}
_BETWEEN = re.compile(r"[\W\d_]+")


def split_named(name: str) -> str:
    """ "train", "validation" or "test" where that is what a name says, such as train-00000-of-00002; else ""."""
    found = {_NAMES[word] for word in _BETWEEN.split(name.casefold()) if word in _NAMES}
    return found.pop() if len(found) == 1 else ""


def is_split(name: str) -> bool:
    """Whether a name is that of a part and nothing else, but for numbers."""
    return _BETWEEN.sub("", name.casefold()) in _NAMES
