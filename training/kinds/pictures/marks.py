"""Marks of pictures, by which they are found again without being kept: hashes and coarse thumbnails."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from training.kinds.pictures.descriptors import Descriptors, are_near

Marks = Mapping[str, NDArray[Any]]
_QUERIES_AT_ONCE = 256


def marks_of(descriptors: Descriptors, places: NDArray[np.int64]) -> dict[str, NDArray[Any]]:
    """`hashes` uint64 [n] and `thumbnails` uint8 [n, 8, 9, 3] of the pictures at `places`, see `Descriptors`."""
    return {"hashes": descriptors.hashes[places], "thumbnails": descriptors.thumbnails[places]}


def seen_before(descriptors: Descriptors, marks: Marks) -> NDArray[np.bool_]:
    """Which of the pictures [N] are nearly the same as one that `marks_of` was given."""
    found = np.zeros(len(descriptors.hashes), bool)
    known, small = marks["hashes"], marks["thumbnails"]
    for first in range(0, len(found), _QUERIES_AT_ONCE):
        rows = slice(first, first + _QUERIES_AT_ONCE)
        mine, _ = are_near(descriptors.hashes[rows], known, descriptors.thumbnails[rows], small)
        found[first + mine] = True
    return found & descriptors.seen
