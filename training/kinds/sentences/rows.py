"""Rows of token ids in one array: as a list of lists a million sentences would take ten times the room."""

from collections.abc import Iterable, Sequence
from typing import cast, overload

import numpy as np
from numpy.typing import NDArray

Ids = NDArray[np.int32]
# An array of these, which does what is asked of a sequence.
Row = Sequence[int]
Places = NDArray[np.int64]
# Of so many rows the places of all ids are listed at once, which takes twice the room of the ids.
_ROWS_AT_ONCE = 20_000


class Rows(Sequence[Row]):
    """N rows: `ids` int32 of all of them one after another; row i goes from `starts`[i] to `starts`[i + 1], int64."""

    def __init__(self, ids: Ids, starts: Places) -> None:
        self.ids, self.starts = ids, starts

    @classmethod
    def of(cls, rows: Iterable[Sequence[int]]) -> "Rows":
        """The same rows, however they are kept."""
        if isinstance(rows, cls):
            return rows
        if isinstance(rows, Picked):
            return rows[:]
        parts = [np.asarray(row, np.int32) for row in rows]
        lengths = np.fromiter(map(len, parts), np.int64, len(parts))
        return cls(np.concatenate([np.empty(0, np.int32), *parts]), starts_of(lengths))

    @classmethod
    def joined(cls, parts: Sequence["Rows"]) -> "Rows":
        """All rows of several, one after another."""
        lengths = np.concatenate([np.empty(0, np.int64), *(part.lengths for part in parts)])
        return cls(np.concatenate([np.empty(0, np.int32), *(part.ids for part in parts)]), starts_of(lengths))

    @property
    def lengths(self) -> Places:
        """How many ids each has, [N]."""
        return np.diff(self.starts)

    def take(self, places: Sequence[int] | NDArray[np.integer]) -> "Rows":
        """Copies of the rows at these places, in this order."""
        wanted = np.asarray(places, np.int64)
        firsts, starts = self.starts[wanted], starts_of(self.lengths[wanted])
        ids = np.empty(int(starts[-1]), np.int32)
        for low in range(0, len(wanted), _ROWS_AT_ONCE):
            some = starts[low : low + _ROWS_AT_ONCE + 1]
            shift = firsts[low : low + _ROWS_AT_ONCE] - some[:-1]
            ids[some[0] : some[-1]] = self.ids[np.arange(some[0], some[-1]) + np.repeat(shift, np.diff(some))]
        return Rows(ids, starts)

    def cut(self, length: int) -> "Rows":
        """The first `length` ids of each."""
        lengths = self.lengths
        if int(lengths.max(initial=0)) <= length:
            return self
        within = np.arange(len(self.ids)) - np.repeat(self.starts[:-1], lengths)
        return Rows(self.ids[within < length], starts_of(np.minimum(lengths, length)))

    @overload
    def __getitem__(self, place: int) -> Row: ...
    @overload
    def __getitem__(self, place: slice) -> "Rows": ...
    def __getitem__(self, place: int | slice) -> "Row | Rows":
        if isinstance(place, slice):
            low, high, step = place.indices(len(self))
            if step != 1:
                return self.take(np.arange(low, high, step))
            starts = self.starts[low : max(low, high) + 1]
            return Rows(self.ids[starts[0] : starts[-1]], starts - starts[0])
        if not -len(self) <= place < len(self):
            raise IndexError(place)
        place %= len(self)
        return cast(Row, self.ids[self.starts[place] : self.starts[place + 1]])

    def __len__(self) -> int:
        return len(self.starts) - 1


class Picked(Sequence[Row]):
    """Those of `rows` at `places`, in this order; copied when they are looked at, and no sooner."""

    def __init__(self, rows: Rows, places: Places) -> None:
        self._rows, self._places = rows, places

    @overload
    def __getitem__(self, place: int) -> Row: ...
    @overload
    def __getitem__(self, place: slice) -> Rows: ...
    def __getitem__(self, place: int | slice) -> Row | Rows:
        if isinstance(place, slice):
            return self._rows.take(self._places[place])
        return self._rows[int(self._places[place])]

    def __len__(self) -> int:
        return len(self._places)


def starts_of(lengths: Places) -> Places:
    """Where rows of these `lengths` [N] start, and where the last one ends, [N + 1]."""
    starts = np.zeros(len(lengths) + 1, np.int64)
    np.cumsum(lengths, out=starts[1:])
    return starts
