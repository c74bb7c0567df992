"""Texts in one file and their labels in another, line by line: texts.txt and labels.txt, seq.in and label."""

import io
import itertools
import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial

from jobs.kinds.sentences.formats.contract import Meaning, Reader, Source
from jobs.kinds.sentences.formats.encoding import find_encoding
from jobs.kinds.sentences.formats.fasttext import bounded_lines
from jobs.kinds.sentences.formats.splits import split_named
from jobs.kinds.sentences.options import NOTHING
from jobs.uploads.archive import Archive, Entry
from jobs.uploads.errors import listed

_SUFFIXES = {"", ".txt", ".text", ".in", ".label", ".labels", ".lbl", ".raw", ".sent", ".src", ".tgt"}
_TEXTS = frozenset((
    "text", "texts", "sentence", "sentences", "sents", "input", "inputs", "x", "review", "reviews", "seq", "in", "src",
    "raw", "data", "tweets", "questions",
))  # fmt: skip
_LABELS = frozenset((
    "label", "labels", "lbl", "class", "classes", "target", "targets", "tgt", "y", "intent", "intents", "gold",
    "category", "categories", "sentiment", "sentiments",
))  # fmt: skip
_WORDS = re.compile(r"[^a-z]+")
_MOST_FILES = 60
_FEWEST_LINES = 10
_LOOKED_AT = 2_000


@dataclass(frozen=True, slots=True)
class _Pair:
    texts: Entry
    labels: Entry
    split: str


def find_side_by_side(archive: Archive, files: Sequence[Entry], source: Source) -> Reader | None:
    """The reader of such files; None if they are something else."""
    known = [entry for entry in files if entry.suffix in _SUFFIXES]
    if not 2 <= len(known) <= _MOST_FILES:
        return None
    pairs = [pair for pair in _pairs(known) if _fit(archive, pair, source)]
    if not pairs:
        return None
    names = [name for pair in pairs for name in (pair.texts.where, pair.labels.where)]
    kept = " Their parts were kept." if len({pair.split for pair in pairs}) > 1 else ""
    source.notes.repair(
        "Files",
        f"Each line of one file is a text, the same line of the other its label: {listed(names)}.{kept}",
        undo={"split_column": NOTHING} if kept else None,
    )
    return SideBySide(archive, pairs, source)


class SideBySide:
    """A row for each line, counted through all files."""

    delimiter: str | None = None
    unit = "Line"

    def __init__(self, archive: Archive, pairs: Sequence[_Pair], source: Source) -> None:
        self._archive, self._pairs, self._source = archive, pairs, source
        self._splits = len({pair.split for pair in pairs}) > 1
        self.encoding = find_encoding(partial(archive.stream, pairs[0].texts), source.options.encoding).name
        self.columns: list[str] | None = ["text", "label", *(["split"] if self._splits else [])]
        self.meaning = Meaning(inputs=("text",), label="label", split="split" if self._splits else "")

    def records(self) -> Iterator[tuple[int, list[str | None]]]:
        """(number of the line, text, label and, where given, part of the dataset)."""
        number = 0
        for pair in self._pairs:
            texts = _lines(self._archive, pair.texts, self._source)
            labels = _lines(self._archive, pair.labels, self._source)
            for text, label in zip(texts, labels, strict=False):
                number += 1
                yield number, [text, label, *([pair.split] if self._splits else [])]


def _pairs(files: Sequence[Entry]) -> Iterator[_Pair]:
    """Files of one folder whose names differ in nothing but what they hold."""
    groups: defaultdict[tuple[tuple[str, ...], tuple[str, ...]], list[tuple[Entry, set[str]]]] = defaultdict(
        list
    )
    for entry in files:
        words = [word for word in _WORDS.split(entry.parts[-1].casefold()) if word and word != "txt"]
        rest = tuple(word for word in words if word not in _TEXTS | _LABELS)
        groups[tuple(entry.parts[:-1]), rest].append((entry, set(words)))
    for (folders, rest), group in groups.items():
        labels = [entry for entry, words in group if words & _LABELS]
        others = [(entry, words) for entry, words in group if not words & _LABELS]
        # One called by nothing but its part, beside its labels: train.txt and train.labels.txt.
        texts = [entry for entry, words in others if words & _TEXTS] or [entry for entry, _ in others]
        if len(labels) == len(texts) == 1:
            split = split_named(" ".join(rest)) or split_named(folders[-1] if folders else "")
            yield _Pair(texts[0], labels[0], split)


def _fit(archive: Archive, pair: _Pair, source: Source) -> bool:
    """Whether both have as many lines, and the labels are few."""
    count = _count(archive, pair.texts)
    if count < _FEWEST_LINES or count != _count(archive, pair.labels):
        return False
    first = [line.strip() for line in itertools.islice(_lines(archive, pair.labels, source), _LOOKED_AT)]
    return len(set(first)) * 2 <= len(first)


def _count(archive: Archive, entry: Entry) -> int:
    """Lines, an end of the last one not needed."""
    count, last = 0, b"\n"
    with archive.stream(entry) as file:
        while chunk := file.read(1024 * 1024):
            count += chunk.count(b"\n")
            last = chunk[-1:]
    return count + (last != b"\n")


def _lines(archive: Archive, entry: Entry, source: Source) -> Iterator[str]:
    open_ = partial(archive.stream, entry)
    encoding = find_encoding(open_, source.options.encoding)
    with io.TextIOWrapper(open_(), encoding=encoding.codec, errors=encoding.errors, newline="\n") as file:
        for line in bounded_lines(file, source.limits):
            yield line.strip()
