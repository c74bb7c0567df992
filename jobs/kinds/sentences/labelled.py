"""The sentences of an unpacked table with their labels, to measure a model."""

import csv
import itertools
from collections.abc import Iterator, Sequence
from pathlib import Path

from jobs.batches.child.items import Item, Labelled
from jobs.batches.child.order import Order
from jobs.batches.child.relatives import Marks, Relatives
from jobs.kinds.sentences.labels.sets import said
from jobs.kinds.sentences.options import TableOptions
from jobs.kinds.sentences.own_cells import OwnCells
from training.kinds.sentences.alike.likeness import alike_sentences
from training.kinds.sentences.alike.marks import seen_before
from training.targets.many_labels import NONE

_FIELD_CHARS = 2**31 - 1


class LabelledSentences(Labelled):
    """The rows of data.csv, in their order."""

    columns: tuple[str, ...] = ("text", "truth", "right")

    def __init__(self, order: Order, data: Path) -> None:
        self._threads = order.threads
        self._path = data / "data.csv"
        self._groups = [row.get("group") or "" for row in self._rows()]
        self.total = len(self._groups)
        options = TableOptions.from_json(order.reading or {})
        self._own = OwnCells(Path(order.upload), order.name, order.limits, options)
        if self._own.count == self.total:
            self.own_columns = self._own.columns

    def items(self, start: int) -> Iterator[Item]:
        """The sentences from number `start` on."""
        for row in itertools.islice(self._rows(), start, None):
            truth = said(row["labels"]) or NONE if "labels" in row else row["label"]
            yield Item({"text": row["input"]}, row["input"], made_here=True, truth=truth)

    def own_cells(self) -> Iterator[Sequence[str]]:
        """Every row that is used, as it stands in the file."""
        return iter(self._own)

    def groups(self) -> Sequence[str]:
        """Of the table's column with the source, where it has one."""
        return self._groups if any(self._groups) else ()

    def relatives(self, marks: Marks | None) -> Relatives:
        """By words, as for a training."""
        sentences = [row["input"] for row in self._rows()]
        links = alike_sentences(sentences, self._threads)
        return Relatives(links, None if marks is None else seen_before(sentences, marks))

    def _rows(self) -> Iterator[dict[str, str]]:
        csv.field_size_limit(_FIELD_CHARS)
        with self._path.open(encoding="utf-8", newline="") as file:
            yield from csv.DictReader(file)
