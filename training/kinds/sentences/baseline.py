"""What a simple method reaches on the same split, so that a score can be judged."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

# Class counts of words above this size are not worth their memory.
_MOST_COUNTS = 20_000_000


def naive_bayes(
    rows: Sequence[Sequence[Sequence[int]]], labels: Sequence[NDArray[np.int64]], *, words: int, classes: int
) -> float | None:
    """Validation accuracy of multinomial naive Bayes on single words (add-one smoothing); None when too large.

    `rows` are the token ids below `words` and `labels` the classes of (training part, validation part).
    """
    if words * classes > _MOST_COUNTS or not len(labels[1]):
        return None
    ids, owners = _flat(rows[0])
    counts = np.bincount(ids * classes + labels[0][owners], minlength=words * classes) + 1.0
    counts = counts.reshape(words, classes)
    logs = np.log(counts / counts.sum(axis=0)).astype(np.float32)
    prior = np.log(np.bincount(labels[0], minlength=classes) + 1e-9)
    ids, owners = _flat(rows[1])
    correct = 0
    step = max(1, _MOST_COUNTS // (classes * max(1, len(ids) // len(rows[1]))))
    for first in range(0, len(rows[1]), step):
        low, high = np.searchsorted(owners, [first, first + step])
        scores = np.tile(prior, (min(step, len(rows[1]) - first), 1))
        np.add.at(scores, owners[low:high] - first, logs[ids[low:high]])
        correct += int((scores.argmax(axis=1) == labels[1][first : first + step]).sum())
    return correct / len(rows[1])


def _flat(rows: Sequence[Sequence[int]]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    lengths = np.array([len(row) for row in rows], np.int64)
    ids = np.fromiter((i for row in rows for i in row), np.int64, int(lengths.sum()))
    return ids, np.repeat(np.arange(len(rows)), lengths)
