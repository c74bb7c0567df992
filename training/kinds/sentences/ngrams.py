"""A linear model over n-grams of token ids; the ids of an n-gram make one integer key, so nothing collides."""

import warnings
from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

# The length of a sentence's feature vector; ordinary learning rates then fit the gradient solver, too.
NORM = 8.0
_MIN_COUNT = 2


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
        self._starts, self._columns, self._values = table.rows_of(sentences)
        self.values = len(self._values)
        shape = (self.count, self.width)
        parts = (self._starts, self._columns, self._values)
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
            self._columns[places], weight, offsets, mode="sum", per_sample_weights=self._values[places]
        )


class NGramTable:
    """The n-grams of a training part with their inverse document frequencies (Sparck Jones 1972, smoothed)."""

    def __init__(self, sentences: Sequence[Sequence[int]], base: int, order: int) -> None:
        self.base, self.order = base, order
        kept: list[NDArray[np.int64]] = []
        frequencies: list[NDArray[np.int64]] = []
        for keys, owners in self._ngrams(sentences):
            by_key = np.lexsort((owners, keys))
            keys, owners = keys[by_key], owners[by_key]
            first = np.ones(len(keys), bool)
            first[1:] = (keys[1:] != keys[:-1]) | (owners[1:] != owners[:-1])
            unique, documents = np.unique(keys[first], return_counts=True)
            # Longer n-grams that occur once only take room; a word may be the only one of its sentence.
            often = documents >= (_MIN_COUNT if kept else 1)
            kept.append(unique[often])
            frequencies.append(documents[often])
        # Keys grow with the length of the n-gram, so the parts one after another are in order.
        self.keys = np.concatenate(kept)
        documents = np.concatenate(frequencies)
        self.idf = (np.log((len(sentences) + 1) / (documents + 1)) + 1).astype(np.float32)

    def rows_of(self, sentences: Sequence[Sequence[int]]) -> tuple[Tensor, Tensor, Tensor]:
        """CSR parts of the feature matrix: starts [N + 1], columns, values."""
        parts = self._ngrams(sentences)
        keys = np.concatenate([part[0] for part in parts])
        owners = np.concatenate([part[1] for part in parts])
        columns = np.searchsorted(self.keys, keys).clip(max=len(self.keys) - 1)
        known = self.keys[columns] == keys
        pairs, counts = np.unique(owners[known] * len(self.keys) + columns[known], return_counts=True)
        owners, columns = np.divmod(pairs, len(self.keys))
        idf = self.idf[columns]
        norms = np.sqrt(np.bincount(owners, weights=counts * idf**2, minlength=len(sentences)))
        values = (counts * idf * (NORM / np.maximum(norms, 1e-6))[owners]).astype(np.float32)
        starts = np.concatenate([[0], np.bincount(owners, minlength=len(sentences)).cumsum()])
        return torch.from_numpy(starts), torch.from_numpy(columns), torch.from_numpy(values)

    def _ngrams(
        self, sentences: Sequence[Sequence[int]]
    ) -> list[tuple[NDArray[np.int64], NDArray[np.int64]]]:
        """For each length from 1: the keys of all n-grams and the sentence of each."""
        lengths = np.array([len(sentence) for sentence in sentences], np.int64)
        ids = np.fromiter((i for sentence in sentences for i in sentence), np.int64, int(lengths.sum()))
        owners = np.repeat(np.arange(len(sentences)), lengths)
        found, keys = [(ids, owners)], ids
        for n in range(2, self.order + 1):
            keys = keys[:-1] * self.base + ids[n - 1 :]
            whole = owners[: len(keys)] == owners[n - 1 :]
            found.append((keys[whole], owners[: len(keys)][whole]))
        return found
