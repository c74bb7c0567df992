"""How near a sentence is to those that a model learned from: what is far from all of them gets less sure answers."""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

# Centres of a class, and of all classes together; sentences of a class that they are found from.
_OF_A_CLASS, _OF_ALL, _LOOKED_AT = 8, 4_000, 64
_ROUNDS = 6
# What is as far as this is no farther: answers keep their order.
LEAST = 0.05


def looked_at(part: NDArray[np.int64], labels: NDArray[np.int64], seed: int) -> NDArray[np.int64]:
    """Those of the sentences `part` from which centres are found, sorted; `labels` [N] are of all sentences."""
    shuffled = np.random.default_rng(seed).permutation(part)
    order = shuffled[np.argsort(labels[shuffled], kind="stable")]
    _, starts, counts = np.unique(labels[order], return_index=True, return_counts=True)
    rank = np.arange(len(order)) - np.repeat(starts, counts)
    return np.sort(order[rank < _LOOKED_AT])


def find_centres(embeddings: Tensor, labels: NDArray[np.int64]) -> Tensor:
    """A few directions [K, W] around which the `embeddings` [N, W] of each class lie, of length about one.

    By k-means of the cosines (Dhillon & Modha 2001). They lose nothing in 16 bits.
    """
    classes = np.unique(labels)
    count = max(1, min(_OF_A_CLASS, _OF_ALL // len(classes)))
    unit = functional.normalize(embeddings)
    found = [_of_class(unit[torch.from_numpy(labels == label)], count) for label in classes]
    return torch.cat(found).half().float()


def _of_class(unit: Tensor, count: int) -> Tensor:
    # Whatever the order of the sentences is, these are spread over all of them.
    centres = unit[torch.linspace(0, len(unit) - 1, min(count, len(unit))).long()]
    for _ in range(_ROUNDS):
        nearest = (unit @ centres.T).argmax(1)
        sums = torch.zeros_like(centres).index_add_(0, nearest, unit)
        empty = sums.square().sum(1, keepdim=True) == 0
        centres = torch.where(empty, centres, functional.normalize(sums))
    return centres


def nearness(embeddings: Tensor, centres: Tensor) -> Tensor:
    """The cosine [N, 1] between each of `embeddings` [N, W] and the nearest centre, LEAST at least."""
    near = (functional.normalize(embeddings) @ centres.T).amax(1, keepdim=True)
    return near.clamp(min=LEAST)
