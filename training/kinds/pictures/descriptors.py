"""Keeps global descriptors of each picture (a hash, a coarse thumbnail, its colours) and finds near-duplicates."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from training.evaluation.evidence import Pairs
from training.kinds.pictures.alignment import GRID

# Cells of the thumbnail, and points looked at in each cell: rows, columns.
ROWS, COLUMNS = 8, 9
_POINTS = 6
_LEVELS = 4
_BITS = np.uint64(1) << np.arange(64, dtype=np.uint64)
_HAMMING = 8
# Mean difference of thumbnail values, of 255, up to which two pictures are the same one.
_SAME_COLOURS = 5.0
_GREY = np.array([0.299, 0.587, 0.114], np.float32)
# What makes means of 24 equal parts of a row out of its points.
_COLUMN_MEANS = (
    np.kron(np.eye(COLUMNS * _POINTS), np.ones(GRID)).reshape(COLUMNS * _POINTS, GRID, -1).mean(axis=2)
).astype(np.float32)
_ROWS_AT_ONCE = 256
_MOST_PAIRS = 20_000


class Descriptors:
    """The global descriptors of N pictures, filled as they are decoded; `seen` [N] says which there are.

    `hashes` uint64 [N] are difference hashes (dHash: is each cell brighter than its left neighbour?), `thumbnails`
    uint8 [N, 8, 9, 3] the mean colours of the cells, `colours` float16 [N, 64] the shares of the coarse colours,
    `grids` uint8 [N, 24, 24] the picture itself, small and grey.
    """

    def __init__(self, count: int) -> None:
        self.hashes = np.zeros(count, np.uint64)
        self.thumbnails = np.zeros((count, ROWS, COLUMNS, 3), np.uint8)
        self.colours = np.zeros((count, _LEVELS**3), np.float16)
        self.grids = np.zeros((count, GRID, GRID), np.uint8)
        self.seen = np.zeros(count, bool)

    def add(self, first: int, pixels: NDArray[np.uint8], unreadable: Sequence[int] = ()) -> None:
        """Describe uint8 pictures [n, S, S, 3], the first of which is number `first`, but not the `unreadable` ones."""
        part = slice(first, first + len(pixels))
        points = _points(pixels)
        cells = points.reshape(len(pixels), ROWS, _POINTS, COLUMNS, _POINTS, 3).mean((2, 4), dtype=np.float32)
        self.thumbnails[part] = cells.round()
        self.grids[part] = _small(points)
        grey = cells @ _GREY
        brighter = (grey[:, :, 1:] > grey[:, :, :-1]).reshape(len(pixels), 64)
        self.hashes[part] = (brighter * _BITS).sum(axis=1, dtype=np.uint64)
        coarse = (points >> 6).astype(np.int64) @ np.array([_LEVELS**2, _LEVELS, 1])
        bins = coarse.reshape(len(pixels), -1) + np.arange(len(pixels))[:, None] * _LEVELS**3
        counts = np.bincount(bins.ravel(), minlength=len(pixels) * _LEVELS**3)
        self.colours[part] = counts.reshape(len(pixels), -1) / bins.shape[1]
        self.seen[part] = True
        self.seen[list(unreadable)] = False


def _small(points: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Grey pictures of 24 cells in each direction from the points of `_points`."""
    grey = (points @ _GREY).reshape(len(points), GRID, ROWS * _POINTS // GRID, COLUMNS * _POINTS)
    small = grey.mean(axis=2) @ _COLUMN_MEANS
    found: NDArray[np.uint8] = small.round().astype(np.uint8)
    return found


def _points(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Evenly spread points of the pictures, [n, 48, 54, 3]: enough to average away what compression leaves."""
    rows, columns = (
        ((np.arange(count) + 0.5) * side / count).astype(int)
        for count, side in ((ROWS * _POINTS, pixels.shape[1]), (COLUMNS * _POINTS, pixels.shape[2]))
    )
    picked: NDArray[np.uint8] = pixels[:, rows[:, None], columns]
    return picked


def are_near(
    hashes: NDArray[np.uint64],
    others: NDArray[np.uint64],
    thumbnails: NDArray[np.uint8],
    other_thumbnails: NDArray[np.uint8],
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Places among the first and among the others of pictures that are nearly the same."""
    first, second = np.nonzero(np.bitwise_count(hashes[:, None] ^ others) <= _HAMMING)
    a, b = thumbnails[first].astype(np.int16), other_thumbnails[second].astype(np.int16)
    same = np.abs(a - b).mean((1, 2, 3)) <= _SAME_COLOURS
    return first[same], second[same]


def near_pictures(descriptors: Descriptors, index: NDArray[np.int64]) -> Pairs:
    """Pairs (i < j) of places in `index` whose pictures are nearly the same, by hash, then by thumbnail."""
    hashes = descriptors.hashes[index]
    pairs: Pairs = []
    for start in range(0, len(index), _ROWS_AT_ONCE):
        rows = hashes[start : start + _ROWS_AT_ONCE]
        small = descriptors.thumbnails[index[start:]]
        first, second = are_near(rows, hashes[start:], small[: len(rows)], small)
        later = second > first
        pairs += zip((first[later] + start).tolist(), (second[later] + start).tolist(), strict=True)
        if len(pairs) > _MOST_PAIRS:
            break
    return pairs[:_MOST_PAIRS]
