"""What the simplest methods reach on the same split, so that a score can be judged."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from training.label_audit import fit_briefly
from training.linear import DenseFeatures
from training.looks import Looks

# Class counts of words above this size are not worth their memory.
_MOST_COUNTS = 20_000_000
_PENALTY = 0.1


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


def colours_and_shapes(
    looks: Looks, parts: Sequence[NDArray[np.int64]], labels: Sequence[NDArray[np.int64]], classes: int
) -> float | None:
    """Validation accuracy of a logistic regression on thumbnails of 8 x 9 cells and coarse colours.

    `parts` are the places in `looks` of the training and of the validation part.
    """
    if not len(parts[1]):
        return None
    train, validation = (_plain_features(looks, part) for part in parts)
    middle, spread = train.mean(axis=0), train.std(axis=0) + 1e-2
    fitted = fit_briefly(
        DenseFeatures(torch.from_numpy((train - middle) / spread)),
        torch.from_numpy(labels[0]),
        classes,
        penalty=_PENALTY,
    )
    with torch.no_grad():
        scores = torch.from_numpy((validation - middle) / spread) @ fitted.weight + fitted.bias
    return float((scores.argmax(1).numpy() == labels[1]).mean())


def _plain_features(looks: Looks, part: NDArray[np.int64]) -> NDArray[Any]:
    thumbnails = looks.thumbnails[part].reshape(len(part), -1).astype(np.float32) / 255
    return np.concatenate([thumbnails, np.sqrt(looks.colours[part].astype(np.float32))], axis=1)
