"""Short descriptors of the coarse shapes of pictures, as they are and as their versions would look."""

from collections.abc import Iterator
from functools import cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from training.kinds.pictures.alignment import GRID

# The side of the square that is described, and how many of its coarsest waves are.
_SIDE, _WAVES = 12, 48
_BLUR = 2.0
# Crops that are tried: their side, and where they lie.
_CROP = 0.86
_CORNERS = ((0, 0), (0, 1), (1, 0), (1, 1), (0.5, 0.5))
# OpenBLAS takes one thread for products of up to so many multiplications; in fewer rows than this it is slow.
_ALONE, _FEWEST_ROWS = 1 << 18, 8
Floats = NDArray[np.float32]


class Views(NamedTuple):
    """Versions of a picture: mirrored, turned by quarters, cropped; the first is the picture itself.

    `windows` [C, 2, 12, 24] are the means of rows and of columns that show each crop, `crop` [V] is the one of each
    version, `waves` [V, 144, 48] describe its cells, and `maps` [V, 2, 3] take coordinates of the version to those of
    the picture.
    """

    windows: Floats
    crop: NDArray[np.int64]
    waves: Floats
    maps: Floats


@cache
def views() -> Views:
    """All that are tried."""
    free = 1 - _CROP
    crops = [(0.0, 0.0, 1.0), *((free * x, free * y, _CROP) for x, y in _CORNERS)]
    cells = np.arange(_SIDE * _SIDE).reshape(_SIDE, _SIDE)
    mirror = np.array([[-1.0, 0, 1], [0, 1, 0], [0, 0, 1]])
    turn = np.array([[0, -1.0, 1], [1, 0, 0], [0, 0, 1]])
    plain = _coarse_waves()
    crop, waves, maps = [], [], []
    for number, (x, y, side) in enumerate(crops):
        place = np.array([[side, 0, x], [0, side, y], [0, 0, 1.0]])
        for turns in range(4 if side == 1.0 else 1):
            for flipped in (False, True):
                seen = np.rot90(cells[:, ::-1] if flipped else cells, turns)
                moved = place @ (mirror if flipped else np.eye(3)) @ np.linalg.matrix_power(turn, turns)
                crop.append(number)
                # Where a cell went, so that cells need not be moved.
                waves.append(plain[:, np.argsort(seen.ravel())].T)
                maps.append(moved[:2])
    windows = np.array([(_means(y, y + side), _means(x, x + side)) for x, y, side in crops], np.float32)
    return Views(windows, np.array(crop), np.array(waves, np.float32), np.array(maps, np.float32))


def described(grids: Floats, versions: NDArray[np.int64]) -> Iterator[tuple[int, Floats]]:
    """Of pictures [N, 24, 24] each of these versions, and its descriptors of length one [N, 48]."""
    every = views()
    for crop in np.unique(every.crop[versions]).tolist():
        down, across = every.windows[crop]
        cells = (down @ grids @ across.T).reshape(len(grids), -1)
        for number in versions[every.crop[versions] == crop].tolist():
            found = products(cells, every.waves[number])
            found /= np.maximum(np.sqrt(np.einsum("np,np->n", found, found))[:, None], 1e-6)
            yield number, found


def products(one: Floats, other: Floats) -> Floats:
    """`one` [n, k] @ `other` [k, m].

    In parts that BLAS leaves to this thread: its other threads wait for more by spinning, which burns far more of the
    processor than a small product takes. A large one is theirs.
    """
    rows = _ALONE // max(other.size, 1)
    if rows < _FEWEST_ROWS:
        return one @ other
    found = np.empty((len(one), other.shape[1]), np.float32)
    for first in range(0, len(one), rows):
        np.matmul(one[first : first + rows], other, out=found[first : first + rows])
    return found


def _means(low: float, high: float) -> NDArray[np.float64]:
    """[12, G]: the means of twelve equal parts from `low` to `high` of G cells that go from 0 to 1."""
    edges = np.linspace(low, high, _SIDE + 1) * GRID
    cells = np.arange(GRID)
    inside = np.minimum(edges[1:, None], cells + 1) - np.maximum(edges[:-1, None], cells)
    inside = inside.clip(min=0)
    means: NDArray[np.float64] = inside / inside.sum(axis=1, keepdims=True)
    return means


def _coarse_waves() -> NDArray[np.float64]:
    """[48, 144]: the coarsest waves of a square (cosine transform) once what is coarser than shapes is taken away."""
    steps = np.arange(_SIDE)
    blur = np.exp(-((steps[:, None] - steps) ** 2) / (2 * _BLUR**2))
    blur /= blur.sum(axis=1, keepdims=True)
    waves = np.cos(np.pi * steps[:, None] * (steps + 0.5) / _SIDE)
    waves /= np.linalg.norm(waves, axis=1, keepdims=True)
    order = np.argsort([a * a + b * b for a in steps for b in steps], kind="stable")[1 : _WAVES + 1]
    found: NDArray[np.float64] = np.kron(waves, waves)[order] @ (np.eye(_SIDE**2) - np.kron(blur, blur))
    return found
