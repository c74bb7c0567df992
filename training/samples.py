"""Reads what RUN_DIR/data holds: pictures by manifest or folder, sentences from a CSV file."""

import csv
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

from training.errors import TrainingFailed
from training.events import Events

MANIFEST = "manifest.csv"
TABLE = "data.csv"
_SUFFIXES = {".jpg", ".jpeg", ".png", ".webp", ".bmp"}
_FIELD_CHARS = 16 * 1024 * 1024
_TINY_CLASS = 10
_IMBALANCE = 10
Item = TypeVar("Item", Path, str)


@dataclass(frozen=True, slots=True)
class Samples(Generic[Item]):
    """`items` (paths or sentences), where each came from, and `labels` [N] as indices into `classes`."""

    items: list[Item]
    sources: list[str]
    labels: NDArray[np.int64]
    classes: list[str]

    def keep(self, wanted: Sequence[int]) -> "Samples[Item]":
        """Only the samples at these indices; classes that lose all of theirs are dropped."""
        names = [self.classes[int(self.labels[i])] for i in wanted]
        return labelled([self.items[i] for i in wanted], [self.sources[i] for i in wanted], names)


def labelled(items: list[Item], sources: list[str], names: list[str]) -> Samples[Item]:
    """Samples whose classes are the different `names`, in alphabetical order."""
    classes = sorted(set(names))
    index = {name: i for i, name in enumerate(classes)}
    return Samples(items, sources, np.array([index[name] for name in names], np.int64), classes)


def read_pictures(folder: Path) -> Samples[Path]:
    """Pictures of manifest.csv (file, label, source), or of one folder per class; raises TrainingFailed."""
    manifest = folder / MANIFEST
    rows = _manifest_rows(manifest) if manifest.exists() else _folder_rows(folder)
    if not rows:
        raise TrainingFailed(
            "dataset_empty", "There are no pictures in the dataset. Upload at least two classes."
        )
    return labelled([folder / row[0] for row in rows], [row[2] for row in rows], [row[1] for row in rows])


def _manifest_rows(manifest: Path) -> list[tuple[str, str, str]]:
    with manifest.open(encoding="utf-8", newline="") as file:
        rows = [(row["file"], row["label"], row.get("source") or row["file"]) for row in csv.DictReader(file)]
    for name, _, _ in rows:
        if Path(name).is_absolute() or ".." in Path(name).parts:
            raise TrainingFailed(
                "dataset_invalid", "The list of pictures names a file outside of the dataset."
            )
    return rows


def _folder_rows(folder: Path) -> list[tuple[str, str, str]]:
    found = (path for path in sorted(folder.glob("*/**/*")) if path.suffix.lower() in _SUFFIXES)
    names = [path.relative_to(folder) for path in found if path.is_file()]
    return [(name.as_posix(), name.parts[0], name.as_posix()) for name in names]


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


def check_classes(samples: Samples[Item], what: str, events: Events) -> None:
    """Refuse what no classifier can be made of, and warn of what makes a weak one.

    `what` is the word for the samples, in the plural. Raises TrainingFailed.
    """
    counts = Counter(samples.labels.tolist())
    if len(samples.classes) < 2:
        only = samples.classes[0] if samples.classes else "none"
        raise TrainingFailed(
            "one_class", f"A classifier needs at least two classes; the usable {what} have one ({only[:80]})."
        )
    if max(counts.values()) < 2:
        raise TrainingFailed(
            "too_few_samples", f"Every class has a single sample. Add more {what} to each class."
        )
    singles = [samples.classes[i][:60] for i, count in sorted(counts.items()) if count == 1]
    if singles:
        events.warning(
            f"{_listed(singles)}: one sample only, so it is used for training and cannot be measured."
        )
    tiny = [f"{samples.classes[i][:60]} ({n})" for i, n in sorted(counts.items()) if 1 < n < _TINY_CLASS]
    if tiny:
        events.warning(
            f"Few {what} in {_listed(tiny)}. The accuracy of these classes is little more than a guess."
        )
    if max(counts.values()) >= _IMBALANCE * min(counts.values()):
        most, least = max(counts, key=counts.__getitem__), min(counts, key=counts.__getitem__)
        events.warning(
            f"The classes are uneven: {samples.classes[most][:60]} has {counts[most]} {what}, "
            f"{samples.classes[least][:60]} has {counts[least]}. Look at the figures per class, too."
        )


def _listed(names: list[str]) -> str:
    return ", ".join(names[:8]) + (f" and {len(names) - 8} more" if len(names) > 8 else "")
