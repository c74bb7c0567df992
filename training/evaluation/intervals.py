"""How sure a score is: between which ends that of as many new samples, from new sources, would very likely lie."""

import dataclasses
import math

import numpy as np
from numpy.typing import NDArray

from training.score import ACCURACY, Score

# Of fewer sources than this nobody can say how much they differ.
FEWEST_SOURCES = 5
# Models that learned from nearly the same samples err alike (Bengio & Grandvalet 2004): answers in folds count as so
# many times fewer. Measured, see decision 095.
_IN_FOLDS = 1.25
_NORMAL = 1.959964
Indices = NDArray[np.int64]


def foreseen(
    score: Score, right: NDArray[np.bool_], sources: Indices | None = None, *, in_folds: bool = False
) -> Score:
    """The score with the 95 % interval of the score of as many new samples; without one for fewer than five sources.

    Both the samples that were measured and the new ones are a draw, so it is wider than an interval of the true score.
    Answers `right` [N] about one of `sources` [N] are right or wrong together: they count as so many independent ones
    as have the same variance (`_independent`). Where they are `in_folds` (`training.search.folds`), one model answered
    for some of them, others for the rest.
    """
    interval = score.interval
    if interval is None:
        return score
    count = _independent(right, np.arange(len(right)) if sources is None else sources)
    if not count:
        return dataclasses.replace(score, low=None, high=None)
    count /= _IN_FOLDS if in_folds else 1.0
    if score.name == ACCURACY:
        low, high = drawn_again(score.value, count)
    else:
        stretch = math.sqrt(2 * len(right) / count)
        low, high = (score.value + (end - score.value) * stretch for end in interval)
    return dataclasses.replace(score, low=max(0.0, low), high=min(1.0, high))


def drawn_again(share: float, count: float) -> tuple[float, float]:
    """The ends, 0 to 1, between which the share of right ones of `count` new answers lies, after one of `count`.

    Both are draws of one chance, of which their mean is the best guess: (y - x)^2 = z^2 p (1 - p) 2 / n, solved for y
    (joint sampling, Krishnamoorthy & Peng 2011). As Wilson's interval, it stays sensible near 0 and 1.
    """
    spread = 2 * _NORMAL**2 / count
    slope = spread / 2 * (1 - 2 * share)
    root = math.sqrt(slope**2 + (4 + spread) * spread * share * (1 - share))
    low, high = (share + (slope + sign * root) / (2 + spread / 2) for sign in (-1, 1))
    return max(0.0, low), min(1.0, high)


def _independent(right: NDArray[np.bool_], sources: Indices) -> float:
    """As how many independent answers those of these sources count; 0 for too few sources.

    The variance of a mean over clusters of unequal size (Cochran 1977, 11.8) against that of independent answers, and
    Student's t for what is not known of it with few clusters (Korn & Graubard 1998).
    """
    _, place, sizes = np.unique(sources, return_inverse=True, return_counts=True)
    count, clusters = len(right), len(sizes)
    if clusters < FEWEST_SOURCES:
        return 0.0
    if clusters == count:
        return float(count)
    mean = float(right.mean())
    alone = mean * (1 - mean) / count
    off = np.bincount(place, weights=right - mean)
    together = float((off**2).sum()) / count**2 * clusters / (clusters - 1)
    # Where all answers are right, nothing tells how much they hang together: then each source counts once.
    factor = min(max(together / alone, 1.0), float(sizes.max())) if alone else count / clusters
    return count / factor * (_NORMAL / _student(clusters - 1)) ** 2


def _student(freedom: int) -> float:
    """The 97.5 % quantile of Student's t with at least four degrees of freedom (Abramowitz & Stegun 26.7.5)."""
    z, rest = _NORMAL, 1 / freedom
    terms = (
        z,
        (z**3 + z) / 4,
        (5 * z**5 + 16 * z**3 + 3 * z) / 96,
        (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / 384,
    )
    return sum(term * rest**power for power, term in enumerate(terms))
