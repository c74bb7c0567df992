"""Finds the same text again in a table: harmless under one label, a contradiction under two."""

from array import array
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from jobs.uploads.errors import shown
from jobs.uploads.findings import Notes

if TYPE_CHECKING:
    import numpy as np

    Places = np.ndarray[tuple[int], np.dtype[np.int64]]


class Copies:
    """Twenty bytes a row, sorted once: the text's hash, the row's number, and the place of its label in `classes`.

    `classes` has a label's class, or None where its rows are left out.
    """

    def __init__(
        self,
        hashes: "array[int]",
        numbers: "array[int]",
        labels: "array[int]",
        classes: Sequence[str | None],
    ) -> None:
        self._hashes = hashes
        self._numbers = numbers
        self._labels = labels
        self._classes = classes

    def report(self, where: Callable[[int], str], said: Callable[[str], str], notes: Notes) -> None:
        """Warns of one pair of each sort; `where` says a row's number to people, `said` a class."""
        # Here, because it takes a fifth of a second that a web process has no use for otherwise.
        import numpy as np

        names = sorted({name for name in self._classes if name})
        order, labels = self._again(names)
        hashes = np.frombuffer(self._hashes, dtype=np.int64)[order]
        same = np.flatnonzero(hashes[1:] == hashes[:-1]) + 1
        if not same.size:
            return
        differing = same[labels[same] != labels[same - 1]]
        if differing.size:
            first, second = self._rows(order, differing[0], where)
            pair = [said(names[labels[place]]) for place in (differing[0] - 1, differing[0])]
            notes.warn(
                first,
                f'Texts with different labels: {differing.size:,}, such as this one ("{shown(pair[0], 40)}") '
                f'and {second.lower()} ("{shown(pair[1], 40)}"). Keep one of them.',
            )
        first, second = self._rows(order, same[0], where)
        notes.warn(
            second,
            f"Exact copies of other texts: {same.size:,}; this one of {first.lower()}. "
            "Copies make the accuracy look better than it is.",
        )

    def _again(self, names: Sequence[str]) -> "tuple[Places, Places]":
        """The used rows whose text is there more than once, copies beside each other, and their classes in `names`."""
        import numpy as np

        hashes = np.frombuffer(self._hashes, dtype=np.int64)
        ordered = np.sort(hashes)
        twice = ordered[1:][ordered[1:] == ordered[:-1]]
        # Places are sorted of these alone, which takes much longer.
        order = np.flatnonzero(np.isin(hashes, twice)) if twice.size else np.empty(0, dtype=np.int64)
        order = order[np.argsort(hashes[order], kind="stable")]
        place = {name: i for i, name in enumerate(names)}
        final = np.array([place.get(name or "", -1) for name in self._classes], dtype=np.int64)
        labels = final[np.frombuffer(self._labels, dtype=np.int32)[order]]
        return order[labels >= 0], labels[labels >= 0]

    def _rows(self, order: "Places", at: int, where: Callable[[int], str]) -> tuple[str, str]:
        return where(self._numbers[order[at - 1]]), where(self._numbers[order[at]])
