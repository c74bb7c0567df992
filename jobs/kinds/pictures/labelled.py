"""The pictures of an unpacked zip with their labels, to measure a model."""

import csv
from collections.abc import Iterator, Sequence
from pathlib import Path

from jobs.batches.child.items import Item, Labelled
from jobs.kinds.pictures.data_uri import data_uri


class LabelledPictures(Labelled):
    """The pictures of manifest.csv, in their order."""

    columns: tuple[str, ...] = ("file", "truth", "right")

    def __init__(self, data: Path) -> None:
        self._data = data
        with (data / "manifest.csv").open(encoding="utf-8", newline="") as file:
            self._rows = list(csv.DictReader(file))
        self.total = len(self._rows)

    def items(self, start: int) -> Iterator[Item]:
        """The pictures from number `start` on."""
        for row in self._rows[start:]:
            content = (self._data / row["file"]).read_bytes()
            yield Item(
                {"file": row.get("source") or row["file"]}, content, made_here=True, truth=row["label"]
            )

    def groups(self) -> Sequence[str]:
        """What the pictures come from, where the zip tells it."""
        found = [row.get("group") or "" for row in self._rows]
        return found if any(found) else ()

    def thumbnail(self, number: int) -> str | None:
        """A small copy of a picture."""
        return data_uri((self._data / self._rows[number]["file"]).read_bytes())
