"""Batches of sentences of similar length."""

import numpy as np
from numpy.typing import NDArray

from training.ground.recipe import Recipe

# Sentences are sorted by length within this many batches: little padding, yet different company every epoch.
_SORTED_TOGETHER = 40


def sorted_batches(lengths: NDArray[np.int64], config: Recipe, epoch: int) -> list[NDArray[np.int64]]:
    """The indices of sentences of these `lengths` [N], in an order that depends on seed and epoch alone."""
    random = np.random.default_rng((config.seed, epoch))
    order = random.permutation(len(lengths))
    size = config.batch_size
    batches = []
    for start in range(0, len(order), size * _SORTED_TOGETHER):
        window = order[start : start + size * _SORTED_TOGETHER]
        window = window[np.argsort(lengths[window], kind="stable")]
        batches += [window[i : i + size] for i in range(0, len(window), size)]
    return [batches[i] for i in random.permutation(len(batches))]
