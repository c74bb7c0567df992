"""Rows of the records of an annotation tool; what is left out is told once."""

from collections.abc import Iterable, Iterator
from typing import Any

from jobs.kinds.sentences.formats.annotations.contract import Annotation, Example
from jobs.kinds.sentences.formats.cells import as_text, several
from jobs.kinds.sentences.formats.contract import Meaning, Source
from jobs.kinds.sentences.formats.splits import split_named

_MANY = "Example"


class AnnotatedRows:
    """Rows of text and label, of the part of the dataset where records name it, and of their other fields."""

    def __init__(self, annotation: Annotation, source: Source) -> None:
        self._annotation = annotation
        self._source = source
        self._told = 0
        names = annotation.names
        self.unit = annotation.unit
        self._split = bool(names.split)
        self._more = names.more
        self.columns = [names.text, names.label, *([names.split] if names.split else []), *names.more]
        self.meaning = Meaning(inputs=(names.text,), label=names.label, split=names.split)
        source.notes.repair("Format", annotation.said)

    def records(self, items: Iterable[tuple[int, Any]]) -> Iterator[tuple[int, list[str | None]]]:
        """(number, cells) of every example; numbers are those of the records, or count the examples."""
        many = self.unit == _MANY
        count = 0
        for number, item in items:
            for example in self._annotation.examples(item):
                count += 1
                row = self._row(example, count if many else number)
                if row is not None:
                    yield (count if many else number), row

    def _row(self, example: Example, number: int) -> list[str | None] | None:
        labels = list(dict.fromkeys(label for label in map(as_text, example.labels) if label))
        reason = example.reason
        if not reason and not labels:
            reason = "it has no label"
        if reason and self._source.labelled:
            if number > self._told:
                self._told = number
                self._source.notes.skip(f"{self.unit} {number:,}", f"Left out: {reason}.")
            return None
        # A list of several is for the layout to understand, as in any table.
        row = [as_text(example.text), "" if reason else several(labels) or labels[0]]
        if self._split:
            row.append(split_named(example.split))
        for name in self._more:
            value = example.more.get(name)
            row.append(as_text(value) or several(value) or "")
        return row
