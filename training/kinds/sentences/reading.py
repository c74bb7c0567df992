"""Reads the sentences of RUN_DIR/data, from a CSV file."""

import csv
from pathlib import Path

from training.ground.errors import TrainingFailed
from training.ground.samples import Samples, labelled

TABLE = "data.csv"
_FIELD_CHARS = 16 * 1024 * 1024


def read_sentences(folder: Path) -> Samples[str]:
    """Sentences of data.csv (input, label; UTF-8); rows without either are left out. Raises TrainingFailed."""
    csv.field_size_limit(_FIELD_CHARS)
    items, sources, names = [], [], []
    with (folder / TABLE).open(encoding="utf-8", newline="") as file:
        for number, row in enumerate(csv.DictReader(file), start=2):
            sentence, label = (row.get("input") or "").strip(), (row.get("label") or "").strip()
            if sentence and label:
                items.append(sentence)
                sources.append(f"row {number}")
                names.append(label)
    if not items:
        raise TrainingFailed("dataset_empty", "The table has no sentences. Add rows with input and label.")
    return labelled(items, sources, names)
