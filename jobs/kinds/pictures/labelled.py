"""The pictures of an unpacked zip with their labels, to measure a model."""

import csv
import json
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from jobs.batches.child.items import Item, Labelled
from jobs.batches.child.order import Order
from jobs.batches.child.relatives import Marks, Relatives
from jobs.kinds.pictures.layouts.several_labels import said
from jobs.kinds.pictures.thumbnails import data_uri
from training.bundle.manifest import Manifest
from training.kinds.pictures.decode import decode_in_chunks
from training.kinds.pictures.descriptors import Descriptors
from training.kinds.pictures.likeness import alike_pictures
from training.kinds.pictures.marks import seen_before
from training.kinds.pictures.preprocess import PicturePreprocess


class LabelledPictures(Labelled):
    """The pictures of manifest.csv, in their order."""

    columns: tuple[str, ...] = ("file", "truth", "right")

    def __init__(self, order: Order, data: Path) -> None:
        self._order = order
        self._data = data
        with (data / "manifest.csv").open(encoding="utf-8", newline="") as file:
            self._rows = list(csv.DictReader(file))
        self.total = len(self._rows)

    def items(self, start: int) -> Iterator[Item]:
        """The pictures from number `start` on."""
        for row in self._rows[start:]:
            content = (self._data / row["file"]).read_bytes()
            truth = said(json.loads(row["labels"])) if "labels" in row else row["label"]
            yield Item({"file": row.get("source") or row["file"]}, content, made_here=True, truth=truth)

    def groups(self) -> Sequence[str]:
        """What the pictures come from, where the zip tells it."""
        found = [row.get("group") or "" for row in self._rows]
        return found if any(found) else ()

    def relatives(self, marks: Marks | None) -> Relatives:
        """By descriptors, for which all are decoded once more, as for a training of this model."""
        manifest = Manifest.read(Path(self._order.bundle))
        preprocess = PicturePreprocess.from_json(manifest.preprocess)
        paths = [self._data / row["file"] for row in self._rows]
        descriptors = Descriptors(len(paths))
        for first, pixels, unreadable in decode_in_chunks(paths, preprocess, self._order.threads):
            descriptors.add(first, pixels, [index for index, _ in unreadable])
        links = alike_pictures(descriptors, np.flatnonzero(descriptors.seen))
        return Relatives(links, None if marks is None else seen_before(descriptors, marks))

    def thumbnail(self, number: int) -> str | None:
        """A small copy of a picture."""
        return data_uri((self._data / self._rows[number]["file"]).read_bytes())
