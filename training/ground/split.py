"""Divides samples into a training and a validation part, the same way for the same seed."""

import numpy as np
from numpy.typing import NDArray


def stratified_split(
    labels: NDArray[np.int64], share: float, seed: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Indices of the training part (about `share` of each class) and of the validation part, both sorted.

    Every class with two samples or more is in both parts; a single sample goes to training.
    """
    random = np.random.default_rng(seed)
    train, validation = [], []
    for label in np.unique(labels):
        members = random.permutation(np.flatnonzero(labels == label))
        count = len(members)
        kept = 1 if count == 1 else min(max(round(count * share), 1), count - 1)
        train.append(members[:kept])
        validation.append(members[kept:])
    empty = np.zeros(0, np.int64)
    return np.sort(np.concatenate([empty, *train])), np.sort(np.concatenate([empty, *validation]))
