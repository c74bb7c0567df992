"""Lays pairs of small grey pictures over each other, and says how well they agree."""

from functools import cache
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

# Cells in each direction of the pictures that are laid over each other, and of those that are compared at last.
GRID, FINE = 24, 48
# The farthest that one step moves a corner, and how much of both must overlap.
_FARTHEST, _LEAST_OVERLAP = 0.1, 0.5
# The share of the cells that need not agree, and a light by which dark cells have hardly any colour.
_LEFT_OUT, _DARK = 0.1, 10.0
# How much of a tinge does not count, and how far colours may be off: more where they change from cell to cell.
_TINGE, _OFF, _OFF_OF_SPREAD = 0.015, 0.032, 0.32
_NOTHING = 1e-7
# Single precision, but numpy cannot tell.
Floats = NDArray[Any]


class _Scale(NamedTuple):
    """Widths in cells of what is too fine or too coarse for shapes, of what is too coarse for details; and steps."""

    smooth: float
    shape: float
    detail: float
    steps: int


# What is moved far is seen first by its coarsest shapes, in half as many cells in each direction.
_FIRST, _COARSE, _FINE = _Scale(0.9, 3.0, 0.0, 5), _Scale(0.7, 5.0, 1.5, 5), _Scale(1.0, 4.0, 2.0, 3)


def laid_over(moved: Floats, fixed: Floats, start: Floats) -> tuple[Floats, Floats]:
    """Maps [n, 2, 3] that lay grey pictures `moved` [n, 24, 24] over `fixed` best, and how well the shapes agree then.

    `start` [n, 2, 3] maps the coordinates (0 to 1) of the fixed picture to those of the moved one; a few steps of
    Gauss-Newton on an affine map improve it (inverse compositional, Baker & Matthews 2004). Light and contrast do not
    count.
    """
    halves = [_shapes(_halved(pictures), _FIRST) for pictures in (moved, fixed)]
    first = _improved(halves[0], halves[1], start, _FIRST.steps)[0]
    return _improved(_shapes(moved, _COARSE), _shapes(fixed, _COARSE), first, _COARSE.steps)


def compared(moved: Floats, fixed: Floats, maps: Floats) -> tuple[Floats, Floats, Floats]:
    """Better maps of larger pictures [n, 48, 48], and how well the shapes and the details agree.

    The tenth of the cells where the shapes agree least does not count for them: a shadow, a corner that a turn cut off.
    """
    shapes, wanted = _shapes(moved, _FINE), _shapes(fixed, _FINE)
    maps = _improved(shapes, wanted, maps, _FINE.steps)[0]
    rest = _blur(_FINE.detail, FINE)
    details, wanted_details = (pictures - _filtered(pictures, rest) for pictures in (moved, fixed))
    (seen, seen_details), inside = _sampled((shapes, details), maps @ _points(FINE)[0])
    wanted, wanted_details = (some.reshape(len(maps), FINE * FINE) for some in (wanted, wanted_details))
    (one, one_spread), (two, two_spread) = _level(seen, inside), _level(wanted, inside)
    off = np.abs(one / one_spread - two / two_spread) * inside
    most = np.partition(off, int(off.shape[1] * (1 - _LEFT_OUT)), axis=1)[
        :, int(off.shape[1] * (1 - _LEFT_OUT))
    ]
    agree = _correlation(seen, wanted, inside * (off <= most[:, None]))
    return maps, agree, _correlation(seen_details, wanted_details, inside)


def colours_apart(moved: Floats, fixed: Floats, maps: Floats) -> Floats:
    """By how much more than they may the shares of red and green differ in all but a quarter of the cells, [n].

    Pictures are [n, G, G, 3]. Paler or deeper colours, up to twice, and a slight tinge over all of a picture do not
    count; where colours change much from cell to cell, cells that do not quite meet may differ more.
    """
    one, two = (pictures + _DARK for pictures in (moved, fixed))
    shares = tuple(one[..., colour] / one.sum(axis=3) for colour in (0, 1))
    seen, inside = _sampled(shares, maps @ _points(moved.shape[1])[0])
    wanted = [(two[..., colour] / two.sum(axis=3)).reshape(seen[0].shape) for colour in (0, 1)]
    count = np.maximum(inside.sum(axis=1, keepdims=True), 1)
    first, second = ([_level(share, inside)[0] for share in some] for some in (seen, wanted))
    both = sum((x * y).sum(axis=1) for x, y in zip(first, second, strict=True))
    gain = np.clip(both / (sum((x**2).sum(axis=1) for x in first) + 1e-9), 0.5, 2)[:, None]
    off = np.zeros_like(inside)
    for some, x, other, y in zip(seen, first, wanted, second, strict=True):
        tinge = ((other - some) * inside).sum(axis=1, keepdims=True) / count
        off += np.abs(y - gain * x + tinge - np.clip(tinge, -_TINGE, _TINGE))
    # What lies outside comes last; of the rest the value at three quarters.
    order = np.sort(np.where(inside > 0, off, np.inf), axis=1)
    place = (0.75 * np.maximum(inside.sum(axis=1) - 1, 0)).astype(int)
    spread = np.sqrt(sum((y**2).sum(axis=1) for y in second) / count[:, 0])
    found: Floats = order[np.arange(len(order)), place] / (_OFF + _OFF_OF_SPREAD * spread)
    return found


def _correlation(one: Floats, two: Floats, inside: Floats) -> Floats:
    """Of values [n, P] where they are inside, [n]."""
    one, two = _level(one, inside)[0], _level(two, inside)[0]
    norm = np.sqrt(np.einsum("np,np->n", one, one) * np.einsum("np,np->n", two, two))
    found: Floats = np.einsum("np,np->n", one, two) / np.maximum(norm, 1e-3)
    return found


@cache
def _blur(width: float, side: int) -> Floats:
    cells = np.arange(side)
    weights = np.exp(-((cells[:, None] - cells) ** 2) / (2 * width**2))
    # Numbers near the smallest that there are (denormal ones) make products many times slower.
    weights[weights < _NOTHING] = 0
    blur: Floats = (weights / weights.sum(axis=1, keepdims=True)).astype(np.float32)
    return blur


def _shapes(grids: Floats, scale: _Scale) -> Floats:
    """Pictures [n, G, G] without what is finer or coarser than their shapes."""
    smooth, shape = _blur(scale.smooth, grids.shape[1]), _blur(scale.shape, grids.shape[1])
    smoothed = _filtered(grids, smooth)
    return smoothed - _filtered(smoothed, shape)


def _filtered(pictures: Floats, weights: Floats) -> Floats:
    """Pictures [n, G, G] with `weights` [G, G] along both sides.

    One picture at a time: a single large product wakes BLAS's other threads, which then wait by spinning, and what they
    burn is ten times what the product takes.
    """
    found: Floats = weights @ (pictures @ weights.T)
    return found


def _halved(pictures: Floats) -> Floats:
    """Pictures [n, G, G] in half as many cells in each direction."""
    rows = pictures[:, ::2] + pictures[:, 1::2]
    found: Floats = (rows[:, :, ::2] + rows[:, :, 1::2]) / 4
    return found


@cache
def _points(side: int) -> tuple[Floats, NDArray[np.int64]]:
    """The centres of all cells as [3, G * G] of x, y, 1, and those for the steps: every one, second or fourth one."""
    centres = (np.arange(side) + 0.5) / side
    x, y = np.meshgrid(centres, centres)
    down, across = np.mgrid[:side, :side]
    some = (down % 2 == 0) & (across % 2 == 0) if side > GRID else (down + across) % 2 == 0
    some |= side < GRID
    return np.stack([x.ravel(), y.ravel(), np.ones(side * side)]).astype(np.float32), np.flatnonzero(some)


def _improved(moved: Floats, fixed: Floats, start: Floats, steps: int) -> tuple[Floats, Floats]:
    """The best maps [n, 2, 3] that so many steps from `start` find, and the correlations [n] there."""
    count, side = len(start), moved.shape[1]
    every, some = _points(side)
    points = every[:, some]
    wanted = fixed.reshape(count, side * side)[:, some]
    jacobian, to_step = _slopes(fixed, some, points)
    current, best_map = start.copy(), start.copy()
    best = np.full(count, -1.0, np.float32)
    for step in range(steps + 1):
        (seen,), inside = _sampled((moved,), current @ points)
        one, one_spread = _level(seen, inside)
        two, two_spread = _level(wanted, inside)
        covered = inside.sum(axis=1)
        agree = np.einsum("np,np->n", one, two) / np.maximum(covered, 1) / (one_spread * two_spread)[:, 0]
        better = (covered > _LEAST_OVERLAP * len(some)) & (agree > best)
        best[better], best_map[better] = agree[better], current[better]
        if step < steps:
            off = one * (two_spread / one_spread) - two
            change = (to_step @ (jacobian @ off[:, :, None]))[:, :, 0]
            current = _without(current, np.clip(change, -_FARTHEST, _FARTHEST).reshape(-1, 2, 3))
    return best_map, best


def _slopes(pictures: Floats, some: NDArray[np.int64], points: Floats) -> tuple[Floats, Floats]:
    """How each number of an affine map changes pictures [n, G, G] at some points, [n, 6, P]; and its damped inverse."""
    side = pictures.shape[1]
    slopes = [
        slope.reshape(len(pictures), side * side)[:, some] * side
        for slope in np.gradient(pictures, axis=(2, 1))
    ]
    jacobian = np.stack([slope * row for slope in slopes for row in points], axis=1)
    square = jacobian @ jacobian.transpose(0, 2, 1)
    damping = 1e-2 * np.trace(square, axis1=1, axis2=2) / 6 + 1e-4
    square += damping[:, None, None] * np.eye(6, dtype=np.float32)
    return jacobian, np.linalg.inv(square)


def _without(maps: Floats, change: Floats) -> Floats:
    """Maps [n, 2, 3] after the inverse of a small change [n, 2, 3] to the coordinates that they take."""
    whole = np.zeros((len(maps), 3, 3), np.float32)
    whole[:, :2] = change
    found: Floats = maps @ np.linalg.inv(whole + np.eye(3, dtype=np.float32))
    return found


def _sampled(pictures: tuple[Floats, ...], at: Floats) -> tuple[list[Floats], Floats]:
    """What lies in each of the pictures [n, G, G] at points [n, 2, P] (bilinear), and 1 where they are inside."""
    side = pictures[0].shape[1]
    within = (at >= 0) & (at <= 1)
    inside: Floats = (within[:, 0] & within[:, 1]).astype(np.float32)
    place = np.clip(at * side - 0.5, 0, side - 1.001)
    # Kept in single precision, which holds these whole numbers exactly: mixed with integers all would become double.
    cell = np.floor(place)
    place -= cell
    x, y = place[:, 0], place[:, 1]
    first = (cell[:, 1] * side + cell[:, 0]).astype(np.int64)
    first += np.arange(len(at))[:, None] * (side * side)
    found = []
    for picture in pictures:
        flat = picture.ravel()
        # Of the four cells around a point first those of one row, then of the next.
        above, below = (
            _between(flat.take(first + start), flat.take(first + (start + 1)), x) for start in (0, side)
        )
        found.append(_between(above, below, y))
    return found, inside


def _between(one: Floats, other: Floats, share: Floats) -> Floats:
    """In the place of `other`."""
    other -= one
    other *= share
    other += one
    return other


def _level(values: Floats, inside: Floats) -> tuple[Floats, Floats]:
    """Values [n, P] less their mean where they are inside, 0 elsewhere, and their deviation [n, 1]."""
    count = np.maximum(inside.sum(axis=1, keepdims=True), 1)
    level = values - np.einsum("np,np->n", values, inside)[:, None] / count
    level *= inside
    return level, np.sqrt(np.einsum("np,np->n", level, level)[:, None] / count) + np.float32(1e-3)
