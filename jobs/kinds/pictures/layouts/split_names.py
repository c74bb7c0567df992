"""Names of the parts of a dataset: train, validation and test in their spellings."""

import re
from collections.abc import Iterable

from jobs.uploads.part_words import PART_WORDS

TRAIN, VALIDATION, TEST = SPLITS = ("train", "validation", "test")
# The numbers of parts in such lists.
PARTS = {"0": TRAIN, "1": VALIDATION, "2": TEST}
_WORDS = re.compile(r"[^\W\d_]+|\d+")
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")
_END = r"(?:set|sets|data|dataset|images?|imgs?|pictures?|split|ing|ingset|ingdata)?"
_PATTERNS = (
    (re.compile(rf"^(?:train{_END}|trn|tr|learn(?:ing)?)$"), TRAIN),
    (re.compile(rf"^(?:(?:val|valid|validation|dev|eval){_END}|validate|devel|evaluation)$"), VALIDATION),
    (re.compile(rf"^(?:test{_END}|tst|te|holdout)$"), TEST),
)  # fmt: skip
# What may stand beside such a word without changing what the whole name means.
_FILLERS = {
    "set", "sets", "data", "dataset", "image", "images", "img", "imgs", "picture", "pictures", "pics", "photos",
    "jpg", "jpeg", "png", "split", "part", "folder", "dir", "new", "final", "full", "all", "clean", "resized",
    "the", "my", "seg", "files", "org", "original", "raw", "rgb", "crop", "cropped", "folders", "zip", "256",
    "224", "labeled", "labelled", "obj", "annotated", "lr", "hr",
}  # fmt: skip
_UNLABELLED = {
    "unlabeled", "unlabelled", "unlabel", "pred", "predict", "prediction", "predictions", "unknown", "unsorted",
    "submission", "demo", "sample", "samples", "inference", "untagged", "unclassified",
}  # fmt: skip
_PART_WORDS = {
    "part", "parts", "fold", "folds", "batch", "batches", "chunk", "chunks", "shard", "shards", "split",
    "splits", "subset", "subsets", "set", "sets", "folder", "folders", "dir", "images", "image", "imgs", "img",
    "data", "dataset", "pictures", "photos", "pics", "session", "sessions", "source", "sources", "archive",
    "files",
}  # fmt: skip


def words_of(name: str) -> list[str]:
    """The words and numbers of a name in lower case: "segTrain_2" gives seg, train, 2."""
    return [word.lower() for word in _WORDS.findall(_CAMEL.sub(" ", name))]


def split_of(name: str) -> str:
    """ "train", "validation" or "test" where a folder, file or value is called so in any spelling; else empty.

    Words beside it count only where the name begins or ends with the split: `seg_train`, `train_images`, `Test 2`.
    """
    words = [word for word in words_of(name) if not word.isdigit()]
    found = [(at, split) for at, word in enumerate(words) if (split := split_word(word))]
    if len({split for _, split in found}) != 1:
        return ""
    at, split = found[0]
    rest = [word for i, word in enumerate(words) if i != at and word not in _FILLERS and not split_word(word)]
    return split if not rest or (len(rest) == 1 and at in (0, len(words) - 1)) else ""


def is_partition(name: str) -> bool:
    """Whether a file is called like a list of all pictures with the number of the part of each."""
    return bool({"partition", "partitions", "split", "splits"}.intersection(words_of(name)))


def split_word(word: str) -> str:
    """The split that a single word names, or empty."""
    found = next((split for pattern, split in _PATTERNS if pattern.match(word)), "")
    return found or PART_WORDS.get(word, "")


def is_filler(name: str) -> bool:
    """Whether a name says no more than that there are pictures or a part of them."""
    return all(word in _FILLERS or word.isdigit() or split_word(word) for word in words_of(name))


def is_plain_split(name: str) -> bool:
    """Whether a name says the split and nothing else."""
    words = [word for word in words_of(name) if not word.isdigit() and word not in _FILLERS]
    return len(words) == 1 and bool(split_word(words[0]))


def names_unlabelled(name: str) -> bool:
    """Whether a folder is called like the part of a dataset that has no labels."""
    return bool(_UNLABELLED.intersection(words_of(name)))


def are_numbered(names: Iterable[str]) -> bool:
    """Whether all names are one word with a number (person1, person2), or numbers."""
    stems = {tuple("#" if word.isdigit() else word for word in words_of(name)) for name in names}
    return len(stems) == 1 and "#" in next(iter(stems))


def are_numbered_parts(names: Iterable[str]) -> bool:
    """Whether folders are called like pieces of one heap (`images_part_1`, `batch2`), which says nothing of classes."""
    stems = set()
    for name in names:
        words = words_of(name)
        if not words or not words[-1].isdigit() or not _PART_WORDS.intersection(words):
            return False
        stems.add(tuple(word for word in words if not word.isdigit()))
    return len(stems) == 1
