"""N-grams of very many sentences: tables and features in a third of the memory, and made by all cores.

What a sentence's n-gram weighs is its column's inverse document frequency over the sentence's length, so it is not
stored: columns alone are, one for each time that the n-gram is there, in the order of the sentences and in that of the
columns. Sentences are taken in parts of so few that a place in one takes two bytes.
"""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from training.engine.memory import give_back
from training.kinds.sentences.ngrams import NORM, NGramTable, ngrams_of
from training.kinds.sentences.rows import Picked, Rows, starts_of

# Several threads sum columns up, each as many of them as the others: the commonest ones, which come first, are spread
# by this stride.
_STRIDE = 64
_MERGED_AT_ONCE = 16
Whole = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class _Part:
    """N-grams of one length in sentences `first` and on: different `keys` in order, and how often each is there.

    `sentences` int32 says in how many of them, `sizes` int32 how often in all, and `owners` uint16 in which, one after
    another, counted from `first`.
    """

    first: int
    keys: Whole
    sentences: NDArray[np.int32]
    sizes: NDArray[np.int32]
    owners: NDArray[np.uint16]


class Counted:
    """The n-grams of very many sentences: `table` chooses of them, then `features` forgets the others."""

    def __init__(self, rows: Rows | Picked, base: int, order: int, threads: int) -> None:
        self.count, self._base, self._order, self._threads = len(rows), base, order, threads
        self._bits = NGramTable.place_bits(base, order)
        size = 1 << self._bits
        with ThreadPoolExecutor(threads) as pool:
            found = pool.map(
                lambda first: list(self._parts(rows[first : first + size], first)),
                range(0, max(len(rows), 1), size),
            )
            # For each length all parts.
            self._found = [list(parts) for parts in zip(*found, strict=True)]
        give_back()

    def _parts(self, rows: Rows, first: int) -> Iterator[_Part]:
        for keys, owners in ngrams_of(rows, self._base, self._order):
            yield _part(keys, owners, first, self._bits)

    def table(self, fewest: int, most: int) -> NGramTable:
        """All words, and of longer n-grams those in `fewest` sentences or more, but only the commonest up to `most`."""
        with ThreadPoolExecutor(self._threads) as pool:
            merged = [
                _merged(parts, fewest if n else 1, self._bits, pool) for n, parts in enumerate(self._found)
            ]
        room = most - len(merged[0][0])
        counts = np.concatenate([np.zeros(0, np.int64), *(counts for _, counts in merged[1:])])
        if len(counts) > room:
            # Of equally common ones either all or none.
            fewest = int(np.sort(counts)[-max(room, 1)]) + 1
            merged[1:] = [(keys[counts >= fewest], counts[counts >= fewest]) for keys, counts in merged[1:]]
        keys, counts = (np.concatenate(some) for some in zip(*merged, strict=True))
        return NGramTable.of_counts(keys, counts, self.count, self._base, self._order)

    def features(self, table: NGramTable) -> "Occurrences":
        """Of these sentences by `table`; what was counted is gone afterwards."""
        sides, squares = [], np.zeros(self.count)
        weights = table.idf.astype(np.float64) ** 2
        with ThreadPoolExecutor(self._threads) as pool:
            while self._found:
                counted = self._found.pop(0)
                parts = list(pool.map(partial(_taken, counted, table.keys), range(len(counted))))
                sides.append(_Side.of(parts, self.count, len(table.keys), pool))
                for part in parts:
                    sums = np.bincount(part.owners, np.repeat(weights[part.keys], part.sizes))
                    squares[part.first : part.first + len(sums)] += sums
                del parts
                give_back()
        lengths = (NORM / np.maximum(np.sqrt(squares), 1e-6)).astype(np.float32)
        return Occurrences(sides, torch.from_numpy(lengths), torch.from_numpy(table.idf))


class _Side:
    """Of n-grams of one length, which are the columns `low` to `high`: those of each sentence, and the reverse.

    `columns` int32 of the sentences one after another, from `starts` int32 [N + 1] on; `rows` int32 of the columns in
    the order `order`, from `row_starts` on.
    """

    def __init__(
        self, columns: Tensor, starts: Tensor, rows: Tensor, row_starts: Tensor, order: Tensor
    ) -> None:
        self.columns, self.starts = columns, starts
        self._rows, self._row_starts, self._order = rows, row_starts, order

    @classmethod
    def of(cls, parts: Sequence[_Part], count: int, width: int, pool: ThreadPoolExecutor) -> "_Side":
        """`keys` of the parts are columns, of `width`."""
        low = min((int(part.keys[0]) for part in parts if len(part.keys)), default=0)
        high = max((int(part.keys[-1]) + 1 for part in parts if len(part.keys)), default=0)
        order = np.argsort(np.arange(high - low) % _STRIDE, kind="stable")
        sizes, of_rows = np.zeros(high - low, np.int64), np.zeros(count, np.int64)
        for part in parts:
            sizes[part.keys - low] += part.sizes
            counts = np.bincount(part.owners)
            of_rows[part.first : part.first + len(counts)] += counts
        row_starts, starts = starts_of(sizes[order]), starts_of(of_rows)
        columns, rows = (np.empty(int(starts[-1]), np.int32) for _ in range(2))
        # Where the next row of each column goes.
        following = np.empty(high - low, np.int32)
        following[order] = row_starts[:-1]
        places = []
        for part in parts:
            places.append(following[part.keys - low])
            following[part.keys - low] += part.sizes

        def fill(part: _Part, firsts: Whole) -> None:
            before = part.sizes.cumsum() - part.sizes
            rows[np.arange(len(part.owners)) + np.repeat(firsts - before, part.sizes)] = (
                part.owners.astype(np.int32) + part.first
            )
            # Numbers of two bytes are sorted in no time.
            by_row = np.argsort(part.owners, kind="stable")
            start = starts[part.first]
            columns[start : start + len(by_row)] = np.repeat(part.keys.astype(np.int32), part.sizes)[by_row]

        list(pool.map(fill, parts, places))
        arrays = (columns, starts.astype(np.int32), rows, row_starts.astype(np.int32), order + low)
        return cls(*map(torch.from_numpy, arrays))

    def of_rows(self, weight: Tensor) -> Tensor:
        """The sums [N, C] of the rows of `weight` [F, C] that each sentence has."""
        return functional.embedding_bag(
            self.columns, weight, self.starts, mode="sum", include_last_offset=True
        )

    def add_of_columns(self, values: Tensor, found: Tensor) -> None:
        """Puts the sums of the rows of `values` [N, C] that each column has into `found` [F, C]."""
        found[self._order] = functional.embedding_bag(
            self._rows, values, self._row_starts, mode="sum", include_last_offset=True
        )


class Occurrences:
    """See linear.Features: the numbers of SparseFeatures, but for the last digits.

    `lengths` [N] multiply what is a sentence's and `idf` [F] what is a column's.
    """

    def __init__(self, sides: Sequence[_Side], lengths: Tensor, idf: Tensor) -> None:
        self._sides, self._lengths, self._idf = sides, lengths[:, None], idf[:, None]
        self.count, self.width = len(lengths), len(idf)
        self.device = torch.device("cpu")
        self.values = sum(len(side.columns) for side in sides)

    def scores(self, weight: Tensor) -> Tensor:
        """See linear.Features."""
        weighed = weight * self._idf
        found = torch.zeros(self.count, weight.shape[1])
        for side in self._sides:
            found += side.of_rows(weighed)
        return found.mul_(self._lengths)

    def gradient(self, errors: Tensor) -> Tensor:
        """See linear.Features."""
        return self._of_columns(errors * self._lengths).mul_(self._idf)

    def curvature(self) -> Tensor:
        """See linear.Features."""
        return (self._of_columns(self._lengths**2) * self._idf**2)[:, 0] / self.count

    def batch_scores(self, rows: Tensor, weight: Tensor) -> Tensor:
        """See linear.Features."""
        found = torch.zeros(len(rows), weight.shape[1])
        for side in self._sides:
            starts = side.starts.long()
            counts = starts[rows + 1] - starts[rows]
            offsets = counts.cumsum(0) - counts
            places = torch.arange(int(counts.sum())) + (starts[rows] - offsets).repeat_interleave(counts)
            columns = side.columns[places].long()
            found = found + functional.embedding_bag(
                columns, weight, offsets, mode="sum", per_sample_weights=self._idf[columns, 0]
            )
        return found * self._lengths[rows]

    def _of_columns(self, values: Tensor) -> Tensor:
        found = torch.zeros(self.width, values.shape[1])
        for side in self._sides:
            side.add_of_columns(values, found)
        return found


class Joined:
    """See linear.Features: the samples of several, one after another."""

    def __init__(self, parts: Sequence[Any]) -> None:
        self._parts = parts
        self.count, self.width = sum(part.count for part in parts), parts[0].width
        self.device = parts[0].device

    def scores(self, weight: Tensor) -> Tensor:
        """See linear.Features."""
        return torch.cat([part.scores(weight) for part in self._parts])

    def gradient(self, errors: Tensor) -> Tensor:
        """See linear.Features."""
        each = torch.split(errors, [part.count for part in self._parts])
        return torch.stack([part.gradient(some) for part, some in zip(self._parts, each, strict=True)]).sum(0)

    def curvature(self) -> Tensor:
        """See linear.Features."""
        bends = [part.curvature() * part.count for part in self._parts]
        return torch.stack(bends).sum(0) / torch.tensor(self.count)

    def batch_scores(self, rows: Tensor, weight: Tensor) -> Tensor:
        """See linear.Features."""
        raise NotImplementedError("Nothing learns from these by mini-batches.")


def _part(keys: Whole, owners: Whole, first: int, bits: int) -> _Part:
    pairs = np.sort(keys << bits | owners)
    new_pair = np.ones(len(pairs), bool)
    new_pair[1:] = pairs[1:] != pairs[:-1]
    keys = pairs >> bits
    new_key = np.ones(len(pairs), bool)
    new_key[1:] = keys[1:] != keys[:-1]
    starts = np.flatnonzero(new_key)
    sentences = np.add.reduceat(new_pair, starts, dtype=np.int32) if len(starts) else np.zeros(0, np.int32)
    sizes = np.diff(starts, append=len(pairs)).astype(np.int32)
    return _Part(first, keys[starts], sentences, sizes, (pairs & (1 << bits) - 1).astype(np.uint16))


def _taken(parts: list[_Part], keys: Whole, place: int) -> _Part:
    """`_known` of one of the parts, which is gone then: it makes room for the next."""
    part = parts[place]
    parts[place] = _known(part, keys)
    return parts[place]


def _known(part: _Part, keys: Whole) -> _Part:
    """Only what is among `keys`, and by its column."""
    columns = np.searchsorted(keys, part.keys).clip(max=len(keys) - 1)
    known = keys[columns] == part.keys
    owners = part.owners[np.repeat(known, part.sizes)]
    return _Part(part.first, columns[known], part.sentences[known], part.sizes[known], owners)


def _merged(parts: Sequence[_Part], fewest: int, bits: int, pool: ThreadPoolExecutor) -> tuple[Whole, Whole]:
    """The keys of all parts in order, and in how many sentences each is, where that is `fewest` at least."""
    longest = max((part.keys for part in parts), key=len)
    borders = longest[:: max(1, len(longest) // _MERGED_AT_ONCE)][1:]
    cuts = [[0, *np.searchsorted(part.keys, borders).tolist(), len(part.keys)] for part in parts]

    def between(place: int) -> tuple[Whole, Whole]:
        some = [slice(cut[place], cut[place + 1]) for cut in cuts]
        # No part has more sentences than these bits count.
        packed = np.sort(
            np.concatenate(
                [
                    part.keys[one] << (bits + 1) | part.sentences[one]
                    for part, one in zip(parts, some, strict=True)
                ]
            )
        )
        keys = packed >> (bits + 1)
        new = np.ones(len(keys), bool)
        new[1:] = keys[1:] != keys[:-1]
        starts = np.flatnonzero(new)
        if not len(starts):
            return keys, keys
        sums = np.add.reduceat(packed & (1 << (bits + 1)) - 1, starts)
        often = sums >= fewest
        return keys[starts][often], sums[often]

    found = list(pool.map(between, range(len(borders) + 1)))
    keys, counts = (np.concatenate(some) for some in zip(*found, strict=True))
    return keys, counts
