"""Rows with more cells than columns, because the text holds the separator and nobody quoted it."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

from jobs.kinds.sentences.columns.layout import Layout
from jobs.kinds.sentences.formats.contract import Cells

MENDED = "The separator stands in this text without quotation marks; the cells were joined to one text."
_MOST_LABELS = 200
_FEWEST = 2
_ONE_WORD = 0.9


@dataclass(frozen=True, kw_only=True, slots=True)
class Mending:
    """Joins what is too many to the text, where the label is one that whole rows have, too."""

    delimiter: str
    width: int
    text: int
    label: int
    labels: frozenset[str]

    @classmethod
    def of(cls, layout: Layout, sample: Sequence[Cells], delimiter: str | None) -> Self | None:
        """By the whole rows among the first; None where any other column could hold the separator as well."""
        if delimiter is None or len(delimiter) != 1:
            return None
        width, text, label = len(layout.columns), layout.input, layout.label
        rows = [cells for cells in sample if len(cells) == width]
        counts = Counter((cells[label] or "").strip() for cells in rows)
        labels = frozenset(name for name, count in counts.items() if name and count >= _FEWEST)
        if not labels or len(labels) > _MOST_LABELS:
            return None
        if not all(_has_words(rows, at) for at in range(width) if at not in (text, label)):
            return None
        return cls(delimiter=delimiter, width=width, text=text, label=label, labels=labels)

    def whole(self, cells: Cells) -> list[str] | None:
        """The cells of a row as they were meant; None where that is not sure."""
        more = len(cells) - self.width
        found = [cell or "" for cell in cells]
        if more <= 0:
            return None
        end = self.text + more + 1
        joined = [*found[: self.text], self.delimiter.join(found[self.text : end]), *found[end:]]
        return joined if joined[self.label].strip() in self.labels else None


def _has_words(rows: Sequence[Cells], at: int) -> bool:
    """Whether a column holds single words and numbers, in which nobody writes a separator."""
    single = sum(" " not in (cells[at] or "").strip() for cells in rows)
    return single >= _ONE_WORD * len(rows)
