"""Lays pairs of small grey pictures over each other, and says how well they agree."""

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

# Cells in each direction of the pictures that are compared.
GRID = 24
_STEPS = 6
# The farthest that one step moves a corner, and how much of both must overlap.
_FARTHEST, _LEAST_OVERLAP = 0.1, 0.5
_SMOOTH, _SHAPE, _DETAIL = 0.7, 5.0, 1.5
# Single precision, but numpy cannot tell.
Floats = NDArray[Any]


class Matched(NamedTuple):
    """Correlations [n] of pairs of pictures where they overlap: of their shapes, and of what is finer."""

    shapes: Floats
    details: Floats


@dataclass(frozen=True, slots=True)
class Ready:
    """Pictures [n, G, G] without what is coarser than their shapes, and without all but the details."""

    shapes: Floats
    details: Floats


def _blur(width: float) -> Floats:
    cells = np.arange(GRID)
    weights = np.exp(-((cells[:, None] - cells) ** 2) / (2 * width**2))
    blur: Floats = (weights / weights.sum(axis=1, keepdims=True)).astype(np.float32)
    return blur


def prepared(grids: Floats) -> Ready:
    """Grey pictures [n, G, G] made ready for `aligned`."""
    smooth, shape, detail = _blur(_SMOOTH), _blur(_SHAPE), _blur(_DETAIL)
    smoothed: Floats = smooth @ grids @ smooth.T
    return Ready(smoothed - shape @ smoothed @ shape.T, grids - detail @ grids @ detail.T)


def _points() -> tuple[Floats, NDArray[np.int64]]:
    """The centres of all cells as [3, G * G] of x, y, 1, and every second one, for the steps."""
    centres = (np.arange(GRID) + 0.5) / GRID
    x, y = np.meshgrid(centres, centres)
    chess = np.add.outer(np.arange(GRID), np.arange(GRID)) % 2 == 0
    return np.stack([x.ravel(), y.ravel(), np.ones(GRID * GRID)]).astype(np.float32), np.flatnonzero(chess)


_POINTS, _SOME = _points()


def aligned(moved: Ready, fixed: Ready, start: Floats) -> Matched:
    """How well `moved` agrees with `fixed` once it is laid over it best.

    `start` [n, 2, 3] maps the coordinates (0 to 1) of the fixed picture to those of the moved one; a few steps of
    Gauss-Newton on an affine map improve it (Lucas & Kanade 1981). Light and contrast do not count.
    """
    count, points = len(start), _POINTS[:, _SOME]
    down, across = (slope * GRID for slope in np.gradient(moved.shapes, axis=(1, 2)))
    wanted = fixed.shapes.reshape(count, -1)[:, _SOME]
    current, best_map = start.copy(), start.copy()
    best = np.full(count, -1.0, np.float32)
    for step in range(_STEPS + 1):
        (seen, right, below), inside = _sampled((moved.shapes, across, down), current @ points)
        one, one_spread = _level(seen, inside)
        two, two_spread = _level(wanted, inside)
        share = inside.mean(axis=1)
        agree = (one * two).sum(axis=1) / np.maximum(inside.sum(axis=1), 1) / (one_spread * two_spread)[:, 0]
        better = (share > _LEAST_OVERLAP) & (agree > best)
        best[better], best_map[better] = agree[better], current[better]
        if step < _STEPS:
            slopes = (right / one_spread * inside, below / one_spread * inside)
            current = current + _step(slopes, points, two / two_spread - one / one_spread)
    (details,), inside = _sampled((moved.details,), best_map @ _POINTS)
    one, two = _level(details, inside)[0], _level(fixed.details.reshape(count, -1), inside)[0]
    norm = np.sqrt((one**2).sum(axis=1) * (two**2).sum(axis=1))
    return Matched(best, (one * two).sum(axis=1) / np.maximum(norm, 1e-3))


def _sampled(pictures: tuple[Floats, ...], at: Floats) -> tuple[list[Floats], Floats]:
    """What lies in each of the pictures [n, G, G] at points [n, 2, P] (bilinear), and 1 where they are inside."""
    inside: Floats = np.asarray(((at >= 0) & (at <= 1)).all(axis=1), np.float32)
    place = np.clip(at * GRID - 0.5, 0, GRID - 1.001)
    cell = place.astype(np.int32)
    (x, y), (column, row) = (part.transpose(1, 0, 2) for part in (place - cell, cell))
    first = np.arange(len(at), dtype=np.int32)[:, None] * (GRID * GRID) + row * GRID + column
    weights = ((1 - x) * (1 - y), x * (1 - y), (1 - x) * y, x * y)
    found = []
    for picture in pictures:
        flat = picture.ravel()
        corners = (flat[first], flat[first + 1], flat[first + GRID], flat[first + GRID + 1])
        found.append(
            sum((w * c for w, c in zip(weights[1:], corners[1:], strict=True)), weights[0] * corners[0])
        )
    return found, inside


def _level(values: Floats, inside: Floats) -> tuple[Floats, Floats]:
    """Values [n, P] less their mean where they are inside, 0 elsewhere, and their deviation [n, 1]."""
    count = np.maximum(inside.sum(axis=1, keepdims=True), 1)
    level = (values - (values * inside).sum(axis=1, keepdims=True) / count) * inside
    return level, np.sqrt((level**2).sum(axis=1, keepdims=True) / count) + np.float32(1e-3)


def _step(slopes: tuple[Floats, Floats], points: Floats, missing: Floats) -> Floats:
    """The change [n, 2, 3] of the maps that would bring what is `missing` [n, P], by the slopes at the points."""
    jacobian = np.stack([slope * row for slope in slopes for row in points], axis=1)
    square = jacobian @ jacobian.transpose(0, 2, 1)
    damping = 1e-2 * np.trace(square, axis1=1, axis2=2) / 6 + 1e-4
    square += damping[:, None, None] * np.eye(6, dtype=np.float32)
    change = np.linalg.solve(square, jacobian @ missing[:, :, None])[:, :, 0]
    step: Floats = np.clip(change, -_FARTHEST, _FARTHEST).reshape(-1, 2, 3)
    return step
