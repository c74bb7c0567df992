"""Finds pictures that are nearly the same."""

import numpy as np
from numpy.typing import NDArray

from training.evaluation.evidence import Pairs
from training.kinds.pictures.looks import Looks

_HAMMING = 8
# Mean difference of thumbnail values, of 255, up to which two pictures are the same one.
_SAME_COLOURS = 5.0
_ROWS_AT_ONCE = 256
_MOST_PAIRS = 20_000


def near_pictures(looks: Looks, index: NDArray[np.int64]) -> Pairs:
    """Pairs (i < j) of places in `index` whose pictures are nearly the same, by hash, then by thumbnail."""
    hashes = looks.hashes[index]
    pairs: Pairs = []
    for start in range(0, len(index), _ROWS_AT_ONCE):
        rows = hashes[start : start + _ROWS_AT_ONCE]
        distance = np.bitwise_count(rows[:, None] ^ hashes[None, start:])
        first, second = np.nonzero(distance <= _HAMMING)
        later = second > first
        first, second = first[later] + start, second[later] + start
        if len(first):
            a, b = (looks.thumbnails[index[some]].astype(np.int16) for some in (first, second))
            same = np.abs(a - b).mean((1, 2, 3)) <= _SAME_COLOURS
            pairs += zip(first[same].tolist(), second[same].tolist(), strict=True)
        if len(pairs) > _MOST_PAIRS:
            break
    return pairs[:_MOST_PAIRS]
