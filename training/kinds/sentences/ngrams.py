"""A linear model over n-grams of token ids; the ids of an n-gram make one integer key, so nothing collides."""

import warnings
from collections.abc import Iterator, Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from training.kinds.sentences.rows import Rows

# The length of a sentence's feature vector; ordinary learning rates then fit the gradient solver, too.
NORM = 8.0
_MIN_COUNT = 2
# Of the place of a sentence among those that are looked at together, and of how often it has an n-gram.
_PLACE_BITS, _COUNT_BITS = 15, 16


class NGramClassifier(nn.Module):
    """Logits of sentences from the sum of their n-grams' rows, each scaled by its inverse document frequency.

    `keys` int64 [R] sorted, `idf` [R], `weight` [R, C], `bias` [C]. `base` is the vocabulary's size + 1.
    """

    keys: Tensor
    idf: Tensor

    def __init__(self, keys: Tensor, idf: Tensor, classes: int, base: int, order: int) -> None:
        super().__init__()
        self.base, self.order = base, order
        self.register_buffer("keys", keys)
        self.register_buffer("idf", idf)
        self.weight = nn.Parameter(torch.zeros(len(keys), classes))
        self.bias = nn.Parameter(torch.zeros(classes))

    def forward(self, input_ids: Tensor) -> Tensor:
        """Logits [B, C] of `input_ids` [B, T], 0 = padding."""
        keys = torch.cat(list(self._keys_of(input_ids)), dim=1)
        rows = torch.searchsorted(self.keys, keys).clamp(max=len(self.keys) - 1)
        values = self.idf[rows] * (self.keys[rows] == keys)
        norm = values.square().sum(1, keepdim=True).sqrt().clamp(min=1e-6)
        return (self.weight[rows] * (values * (NORM / norm))[..., None]).sum(1) + self.bias

    def last_layers(self) -> list["NGramClassifier"]:
        """What the logits are proportional to: its weight and bias."""
        return [self]

    def arguments(self) -> dict[str, int]:
        """What builds it again, besides its tensors."""
        return {"classes": self.bias.numel(), "base": self.base, "order": self.order}

    def _keys_of(self, ids: Tensor) -> Sequence[Tensor]:
        found = [ids]
        for n in range(2, self.order + 1):
            if ids.shape[1] < n:
                break
            last = ids[:, n - 1 :]
            # A key with padding in it is set to 0, which is no n-gram's key.
            found.append((found[-1][:, :-1] * self.base + last) * (last != 0))
        return found


class SparseFeatures:
    """Counts of known n-grams per sentence, weighted and normalised as NGramClassifier does, as a CSR matrix.

    `values` is how many it stores.
    """

    def __init__(self, sentences: Sequence[Sequence[int]], table: "NGramTable") -> None:
        self.count, self.width = len(sentences), len(table.keys)
        self.device = torch.device("cpu")
        parts = table.rows_of(sentences)
        self._starts, self._columns, self._values = parts[0].long(), parts[1], parts[2]
        self.values = len(self._values)
        shape = (self.count, self.width)
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", message="Sparse CSR tensor support is in beta")
            self._matrix = torch.sparse_csr_tensor(*parts, size=shape, check_invariants=False)
        self._transposed: Tensor | None = None

    def scores(self, weight: Tensor) -> Tensor:
        """See linear.Features."""
        return self._matrix @ weight

    def gradient(self, errors: Tensor) -> Tensor:
        """See linear.Features."""
        if self._transposed is None:
            self._transposed = self._matrix.t().to_sparse_csr()
        return self._transposed @ errors

    def batch_scores(self, rows: Tensor, weight: Tensor) -> Tensor:
        """See linear.Features."""
        counts = self._starts[rows + 1] - self._starts[rows]
        offsets = torch.cat([torch.zeros(1, dtype=torch.int64), counts.cumsum(0)[:-1]])
        places = torch.arange(int(counts.sum())) + (self._starts[rows] - offsets).repeat_interleave(counts)
        return functional.embedding_bag(
            self._columns[places].long(), weight, offsets, mode="sum", per_sample_weights=self._values[places]
        )


class NGramTable:
    """The n-grams of a training part with their inverse document frequencies (Sparck Jones 1972, smoothed)."""

    def __init__(self, sentences: Sequence[Sequence[int]], base: int, order: int) -> None:
        self.base, self.order = base, order
        self._place_bits = self.place_bits(base, order)
        found: list[list[tuple[NDArray[np.int64], NDArray[np.int64]]]] = [[] for _ in range(order)]
        for some in self._chunks(sentences):
            for n, (keys, _, _) in enumerate(self._counted(some)):
                found[n].append(_runs(keys))
        kept = [_merged(parts, _MIN_COUNT if n else 1) for n, parts in enumerate(found)]
        # Keys grow with the length of the n-gram, so the parts one after another are in order.
        self.keys = np.concatenate([keys for keys, _ in kept])
        documents = np.concatenate([counts for _, counts in kept])
        self.idf = _idf(len(sentences), documents)

    @classmethod
    def of_counts(
        cls, keys: NDArray[np.int64], documents: NDArray[np.int64], count: int, base: int, order: int
    ) -> "NGramTable":
        """The n-grams `keys` in order, which so many of `count` sentences have."""
        table = cls.__new__(cls)
        table.base, table.order, table.keys = base, order, keys
        table.idf = _idf(count, documents)
        table._place_bits = cls.place_bits(base, order)
        return table

    @staticmethod
    def place_bits(base: int, order: int) -> int:
        """A key and a sentence's place make one number; so many of its bits, the lower ones, are the place."""
        room = 62 - int(base**order).bit_length()
        return max(0, min(_PLACE_BITS, room))

    def rows_of(self, sentences: Sequence[Sequence[int]]) -> tuple[Tensor, Tensor, Tensor]:
        """CSR parts of the feature matrix: starts [N + 1], columns, both int32, and values."""
        parts = [self._rows(some) for some in self._chunks(sentences)]
        counts, columns, values = (np.concatenate(some) for some in zip(*parts, strict=True))
        starts = np.concatenate([[0], counts.cumsum()]).astype(np.int32)
        return torch.from_numpy(starts), torch.from_numpy(columns), torch.from_numpy(values)

    def _rows(self, sentences: Rows) -> tuple[NDArray[np.int64], NDArray[np.int32], NDArray[np.float32]]:
        """Of a chunk: how many known n-grams each sentence has, their columns and values."""
        packed = []
        for keys, owners, counts in self._counted(sentences):
            columns = np.searchsorted(self.keys, keys).clip(max=len(self.keys) - 1)
            known = self.keys[columns] == keys
            pairs = owners[known] * len(self.keys) + columns[known]
            packed.append(pairs << _COUNT_BITS | counts[known])
        together = np.sort(np.concatenate(packed))
        owners, columns = np.divmod(together >> _COUNT_BITS, len(self.keys))
        counts, idf = together & (1 << _COUNT_BITS) - 1, self.idf[columns]
        norms = np.sqrt(np.bincount(owners, weights=counts * idf**2, minlength=len(sentences)))
        values = (counts * idf * (NORM / np.maximum(norms, 1e-6))[owners]).astype(np.float32)
        return np.bincount(owners, minlength=len(sentences)), columns.astype(np.int32), values

    def _chunks(self, sentences: Sequence[Sequence[int]]) -> Iterator[Rows]:
        """Few enough at a time that what is made of them takes little room."""
        rows, size = Rows.of(sentences), 1 << self._place_bits
        # At least one, so that there is something to put together.
        return (rows[first : first + size] for first in range(0, max(len(rows), 1), size))

    def _counted(
        self, rows: Rows
    ) -> Iterator[tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]]:
        """For each length from 1: the n-grams of a chunk, sorted; whose they are and how often they stand there."""
        bits = self._place_bits
        for keys, owners in ngrams_of(rows, self.base, self.order):
            pairs, counts = _runs(np.sort(keys << bits | owners))
            yield pairs >> bits, pairs & (1 << bits) - 1, counts


def ngrams_of(rows: Rows, base: int, order: int) -> Iterator[tuple[NDArray[np.int64], NDArray[np.int64]]]:
    """For each length from 1 to `order`: the keys of all n-grams and the sentence of each."""
    owners = np.repeat(np.arange(len(rows)), rows.lengths)
    keys = ids = rows.ids.astype(np.int64)
    yield keys, owners
    for n in range(2, order + 1):
        keys = keys[:-1] * base + ids[n - 1 :]
        whole = owners[: len(keys)] == owners[n - 1 :]
        yield keys[whole], owners[: len(keys)][whole]


def _idf(count: int, documents: NDArray[np.int64]) -> NDArray[np.float32]:
    return (np.log((count + 1) / (documents + 1)) + 1).astype(np.float32)


def _runs(values: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Each of the sorted values once, and how often it is there."""
    first = np.ones(len(values), bool)
    first[1:] = values[1:] != values[:-1]
    starts = np.flatnonzero(first)
    return values[starts], np.diff(starts, append=len(values))


def _merged(
    parts: Sequence[tuple[NDArray[np.int64], NDArray[np.int64]]], fewest: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Keys of all parts, sorted, with the sums of their counts; those with a sum below `fewest` are left out.

    Longer n-grams that occur once only take room; a word may be the only one of its sentence.
    """
    keys, counts = (np.concatenate(some) for some in zip(*parts, strict=True))
    order = np.argsort(keys, kind="stable")
    once, sizes = _runs(keys[order])
    if not len(once):
        return once, sizes
    sums = np.add.reduceat(counts[order], sizes.cumsum() - sizes)
    often = sums >= fewest
    return once[often], sums[often]
