"""Reads the sentences of RUN_DIR/data, from a CSV file."""

import csv
import hashlib
import json
from array import array
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TextIO, overload

from training.ground.errors import TrainingFailed
from training.ground.samples import ContentIds, Names, Samples, labelled

TABLE = "data.csv"
_FIELD_CHARS = 16 * 1024 * 1024
_COLUMNS = ("input", "label", "split", "group")
# In place of a label.
_LABELS = "labels"


class RowNames(Sequence[str]):
    """What rows are called, made of their numbers when it is asked for: a million strings would take much room."""

    def __init__(self, numbers: "array[int]") -> None:
        self._numbers = numbers

    @overload
    def __getitem__(self, place: int) -> str: ...
    @overload
    def __getitem__(self, place: slice) -> "RowNames": ...
    def __getitem__(self, place: int | slice) -> "str | RowNames":
        if isinstance(place, slice):
            return RowNames(self._numbers[place])
        return f"row {self._numbers[place]}"

    def __len__(self) -> int:
        return len(self._numbers)


def read_sentences(folder: Path) -> Samples[str]:
    """Sentences of data.csv (input, label, and maybe split and group; UTF-8); raises TrainingFailed.

    Rows without an input or a label are left out. Where the column is `labels`, a row has a JSON list of them, which
    may be empty.
    """
    csv.field_size_limit(_FIELD_CHARS)
    items, places = [], array("l")
    names: list[Names] = []
    splits, groups = [], []
    # Each word that comes again is kept once.
    known: dict[str, str] = {}
    with (folder / TABLE).open(encoding="utf-8", newline="") as file:
        for number, (text, label, labels, split, group) in enumerate(_cells(file), start=2):
            sentence, word = text.strip(), label.strip()
            if sentence and (word or labels is not None):
                items.append(sentence)
                places.append(number)
                names.append(known.setdefault(word, word) if labels is None else _labels_in(labels, number))
                splits.append(known.setdefault(split, split))
                groups.append(known.setdefault(group, group))
    if not items:
        raise TrainingFailed("dataset_empty", "The table has no sentences. Add rows with input and label.")
    contents = ContentIds(sentence_sha256)
    return labelled(items, RowNames(places), names, contents, str, splits=splits, groups=groups)


def _cells(file: TextIO) -> Iterator[tuple[str, str, str | None, str, str]]:
    """Input, label, labels, split and group of each row that is not empty, "" where it has none, below the header.

    Of a table without the column, the labels are None.
    """
    rows = (row for row in csv.reader(file) if row)
    header = next(rows, [])
    # Of columns of one name the last counts; the one behind all others is empty.
    width, place = len(header), {name: column for column, name in enumerate(header)}
    text, label, split, group = (place.get(name, width) for name in _COLUMNS)
    labels = place.get(_LABELS)
    for row in rows:
        if len(row) != width:
            row = (row + [""] * width)[:width]
        row.append("")
        yield row[text], row[label], None if labels is None else row[labels], row[split], row[group]


def _labels_in(cell: str, number: int) -> tuple[str, ...]:
    try:
        found = json.loads(cell)
        if isinstance(found, list) and all(isinstance(label, str) for label in found):
            return tuple(dict.fromkeys(found))
    except (ValueError, RecursionError):
        pass
    raise TrainingFailed(
        "dataset_invalid", f"The labels in row {number} of the table are no JSON list of words."
    )


def sentence_sha256(sentence: str) -> str:
    """The digest by which a sentence is found again, whatever its blanks."""
    return hashlib.sha256(" ".join(sentence.split()).encode("utf-8", "replace")).hexdigest()
