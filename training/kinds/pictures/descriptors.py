"""Keeps global descriptors of each picture (a hash, a coarse thumbnail, its colours) and finds near-duplicates."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from training.evaluation.evidence import Pairs
from training.kinds.pictures.alignment import FINE

# Cells of the thumbnail, and points looked at in each cell: rows, columns.
ROWS, COLUMNS = 8, 9
_POINTS = 6
_LEVELS = 4
_BITS = np.uint64(1) << np.arange(64, dtype=np.uint64)
_HAMMING = 8
# Mean difference of thumbnail values, of 255, up to which two pictures are the same one.
_SAME_COLOURS = 5.0
_GREY = np.array([0.299, 0.587, 0.114], np.float32)
# Points looked at in each direction of a cell of the small grey picture, and cells of the small coloured one.
_FINE_POINTS = 2
SHADES = 12
# What a turn or a frame leaves at the sides is as black as this, and takes at most this share of a picture.
_BLACK, _MOST_BLACK = 8, 0.6
_ROWS_AT_ONCE = 256
_MOST_PAIRS = 20_000


class Descriptors:
    """The global descriptors of N pictures, filled as they are decoded; `seen` [N] says which there are.

    `hashes` uint64 [N] are difference hashes (dHash: is each cell brighter than its left neighbour?), `thumbnails`
    uint8 [N, 8, 9, 3] the mean colours of the cells, `colours` float16 [N, 64] the shares of the coarse colours,
    `grids` uint8 [N, 48, 48] the picture itself, small and grey and without black sides, `shades` uint8 [N, 12, 12, 3]
    smaller and coloured.
    """

    def __init__(self, count: int) -> None:
        self.hashes = np.zeros(count, np.uint64)
        self.thumbnails = np.zeros((count, ROWS, COLUMNS, 3), np.uint8)
        self.colours = np.zeros((count, _LEVELS**3), np.float16)
        self.grids = np.zeros((count, FINE, FINE), np.uint8)
        self.shades = np.zeros((count, SHADES, SHADES, 3), np.uint8)
        self.seen = np.zeros(count, bool)

    def add(self, first: int, pixels: NDArray[np.uint8], unreadable: Sequence[int] = ()) -> None:
        """Describe uint8 pictures [n, S, S, 3], the first of which is number `first`, but not the `unreadable` ones."""
        part = slice(first, first + len(pixels))
        points = _points(pixels)
        cells = points.reshape(len(pixels), ROWS, _POINTS, COLUMNS, _POINTS, 3).mean((2, 4), dtype=np.float32)
        self.thumbnails[part] = cells.round()
        self.grids[part] = _without_black_sides(_small(pixels))
        self.shades[part] = _shades(points)
        grey = cells @ _GREY
        brighter = (grey[:, :, 1:] > grey[:, :, :-1]).reshape(len(pixels), 64)
        self.hashes[part] = (brighter * _BITS).sum(axis=1, dtype=np.uint64)
        coarse = (points >> 6).astype(np.int64) @ np.array([_LEVELS**2, _LEVELS, 1])
        bins = coarse.reshape(len(pixels), -1) + np.arange(len(pixels))[:, None] * _LEVELS**3
        counts = np.bincount(bins.ravel(), minlength=len(pixels) * _LEVELS**3)
        self.colours[part] = counts.reshape(len(pixels), -1) / bins.shape[1]
        self.seen[part] = True
        self.seen[list(unreadable)] = False


def _small(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Grey pictures of 48 cells in each direction; of the colours, green is nearest to how light they look."""
    down, across = (_places(FINE * _FINE_POINTS, side) for side in pixels.shape[1:3])
    light = pixels[..., 1][:, down].take(across, axis=2).astype(np.uint16)
    rows = light[:, ::2] + light[:, 1::2]
    found: NDArray[np.uint8] = ((rows[:, :, ::2] + rows[:, :, 1::2]) >> 2).astype(np.uint8)
    return found


def _shades(points: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Coloured pictures of 12 cells in each direction, of 16 of the points of `_points` in each."""
    across = _places(points.shape[1], points.shape[2])
    some = points.take(across, axis=2).astype(np.uint16)
    step = points.shape[1] // SHADES
    rows = sum(some[:, start::step] for start in range(1, step)) + some[:, ::step]
    cells = sum(rows[:, :, start::step] for start in range(1, step)) + rows[:, :, ::step]
    found: NDArray[np.uint8] = (cells // step**2).astype(np.uint8)
    return found


def _without_black_sides(grids: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The grey pictures [n, 48, 48] with the commonest light in place of black that reaches in from left or right.

    Two pictures turned by the same angle have the same black corners, and a turned one has others than the original.
    """
    black = grids <= _BLACK
    sides = np.logical_and.accumulate(black, axis=2)
    sides |= np.logical_and.accumulate(black[:, :, ::-1], axis=2)[:, :, ::-1]
    share = sides.mean(axis=(1, 2))
    for place in np.flatnonzero((share > 0) & (share <= _MOST_BLACK)):
        # Half black cells beside them, too.
        side = sides[place].copy()
        side[:, 1:] |= sides[place][:, :-1]
        side[:, :-1] |= sides[place][:, 1:]
        side[1:] |= sides[place][:-1]
        side[:-1] |= sides[place][1:]
        if not side.all():
            grids[place][side] = np.median(grids[place][~side])
    return grids


def _points(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Evenly spread points of the pictures, [n, 48, 54, 3]: enough to average away what compression leaves."""
    rows, columns = _places(ROWS * _POINTS, pixels.shape[1]), _places(COLUMNS * _POINTS, pixels.shape[2])
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


def _places(count: int, side: int) -> NDArray[np.int64]:
    """So many of the places 0 to `side`, evenly spread."""
    return ((np.arange(count) + 0.5) * side / count).astype(np.int64)


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
