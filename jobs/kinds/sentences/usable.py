"""Rows that can be used, some at a time and column by column."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import compress, islice

# Number, text, cleaned label, given part, source; the last two are "" where they are not told.
Row = tuple[int, str, str, str, str]

_AT_ONCE = 1_024
_MOST_CHARS = 4 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class UsableRows:
    """Some usable rows: numbers, texts, cleaned labels; given parts and sources, None where no row has any."""

    numbers: Sequence[int]
    texts: Sequence[str]
    labels: Sequence[str]
    splits: Sequence[str] | None = None
    groups: Sequence[str] | None = None

    def labelled(self, names: Sequence[str | None]) -> "UsableRows":
        """The rows under the names of their classes; without those whose name is None."""
        kept = [name is not None for name in names]

        def of(column: Sequence[str] | None) -> list[str] | None:
            return None if column is None else list(compress(column, kept))

        numbers, texts = list(compress(self.numbers, kept)), list(compress(self.texts, kept))
        labels = [name for name in names if name is not None]
        return UsableRows(numbers, texts, labels, of(self.splits), of(self.groups))


def gathered(rows: Iterable[Row], *, is_plain: bool) -> Iterator[UsableRows]:
    """Rows made columns, as many at a time as do no harm; `is_plain`: none has a given part or a source."""
    rows = iter(rows)
    while some := list(_some(rows)):
        numbers, texts, labels, splits, groups = zip(*some, strict=True)
        yield (
            UsableRows(numbers, texts, labels)
            if is_plain
            else UsableRows(numbers, texts, labels, splits, groups)
        )


def _some(rows: Iterator[Row]) -> Iterator[Row]:
    chars = 0
    for row in islice(rows, _AT_ONCE):
        yield row
        chars += len(row[1])
        if chars > _MOST_CHARS:
            return
