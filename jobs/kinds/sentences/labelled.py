"""The sentences of an unpacked table with their labels, to measure a model."""

import csv
import itertools
from collections.abc import Iterator, Sequence
from pathlib import Path

from jobs.batches.child.items import Item, Labelled

_FIELD_CHARS = 2**31 - 1


class LabelledSentences(Labelled):
    """The rows of data.csv, in their order."""

    columns: tuple[str, ...] = ("text", "truth", "right")

    def __init__(self, data: Path) -> None:
        self._path = data / "data.csv"
        self._groups = [row.get("group") or "" for row in self._rows()]
        self.total = len(self._groups)

    def items(self, start: int) -> Iterator[Item]:
        """The sentences from number `start` on."""
        for row in itertools.islice(self._rows(), start, None):
            yield Item({"text": row["input"]}, row["input"], made_here=True, truth=row["label"])

    def groups(self) -> Sequence[str]:
        """Of the table's column with the source, where it has one."""
        return self._groups if any(self._groups) else ()

    def _rows(self) -> Iterator[dict[str, str]]:
        csv.field_size_limit(_FIELD_CHARS)
        with self._path.open(encoding="utf-8", newline="") as file:
            yield from csv.DictReader(file)
