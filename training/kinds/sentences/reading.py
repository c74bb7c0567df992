"""Reads the sentences of RUN_DIR/data, from a CSV file."""

import csv
import hashlib
import json
from pathlib import Path

from training.ground.errors import TrainingFailed
from training.ground.samples import ContentIds, Names, Samples, labelled

TABLE = "data.csv"
_FIELD_CHARS = 16 * 1024 * 1024


def read_sentences(folder: Path) -> Samples[str]:
    """Sentences of data.csv (input, label, and maybe split and group; UTF-8); raises TrainingFailed.

    Rows without an input or a label are left out. Where the column is `labels`, a row has a JSON list of them, which
    may be empty.
    """
    csv.field_size_limit(_FIELD_CHARS)
    items, places = [], []
    names: list[Names] = []
    splits, groups = [], []
    with (folder / TABLE).open(encoding="utf-8", newline="") as file:
        for number, row in enumerate(csv.DictReader(file), start=2):
            sentence = (row.get("input") or "").strip()
            label = _labels_in(row["labels"], number) if "labels" in row else (row.get("label") or "").strip()
            if sentence and (label or isinstance(label, tuple)):
                items.append(sentence)
                places.append(f"row {number}")
                names.append(label)
                splits.append(row.get("split") or "")
                groups.append(row.get("group") or "")
    if not items:
        raise TrainingFailed("dataset_empty", "The table has no sentences. Add rows with input and label.")
    contents = ContentIds(sentence_sha256)
    return labelled(items, places, names, contents, str, splits=splits, groups=groups)


def _labels_in(cell: str | None, number: int) -> tuple[str, ...]:
    try:
        found = json.loads(cell or "")
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
