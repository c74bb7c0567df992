"""What a simple method reaches on the same split, so that a score can be judged."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from training.kinds.sentences.rows import Rows
from training.targets.target import Target

# Class counts of words above this size are not worth their memory.
_MOST_COUNTS = 20_000_000
_ROWS_AT_ONCE = 100_000


def naive_bayes(
    rows: Sequence[Rows],
    labels: Sequence[NDArray[np.int64]],
    *,
    words: int,
    classes: int,
    target: Target,
) -> float | None:
    """The target's score on the validation part of multinomial naive Bayes on single words (add-one smoothing).

    None when it would be too large. It is a method for one label a sample: `rows` are the token ids below `words` and
    `labels` the classes of (training part, validation part).
    """
    if words * classes > _MOST_COUNTS or not len(labels[1]):
        return None
    flat = np.ones(words * classes)
    for first in range(0, len(rows[0]), _ROWS_AT_ONCE):
        ids, owners = _flat(rows[0][first : first + _ROWS_AT_ONCE])
        flat += np.bincount(ids * classes + labels[0][first + owners], minlength=words * classes)
    counts = flat.reshape(words, classes)
    logs = np.log(counts / counts.sum(axis=0)).astype(np.float32)
    prior = np.log(np.bincount(labels[0], minlength=classes) + 1e-9)
    ids, owners = _flat(rows[1])
    decisions = np.zeros(len(rows[1]), np.int64)
    step = max(1, _MOST_COUNTS // (classes * max(1, len(ids) // len(rows[1]))))
    for first in range(0, len(rows[1]), step):
        low, high = np.searchsorted(owners, [first, first + step])
        scores = np.tile(prior, (min(step, len(rows[1]) - first), 1))
        np.add.at(scores, owners[low:high] - first, logs[ids[low:high]])
        decisions[first : first + step] = target.decide_logits(scores)
    return target.measure(labels[1], decisions).value


def _flat(rows: Rows) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    return rows.ids.astype(np.int64), np.repeat(np.arange(len(rows)), rows.lengths)
