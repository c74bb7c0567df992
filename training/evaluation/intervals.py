"""How sure a score is where several samples come from one source."""

import dataclasses
import math

import numpy as np
from numpy.typing import NDArray

from training.score import Score

Indices = NDArray[np.int64]


def widened(score: Score, right: NDArray[np.bool_], sources: Indices | None) -> Score:
    """The score with its interval as wide as the number of `sources` [N] makes it, not that of the answers `right` [N].

    Answers about one source are right or wrong together. The variance of a mean over clusters of unequal size (Cochran
    1977, 11.8) against that of as many independent answers says by how much.
    """
    interval = score.interval
    if sources is None or interval is None or not len(right):
        return score
    _, place, sizes = np.unique(sources, return_inverse=True, return_counts=True)
    count, clusters, mean = len(right), len(sizes), float(right.mean())
    if clusters == count:
        return score
    alone = mean * (1 - mean) / count
    off = np.bincount(place, weights=right - mean)
    together = float((off**2).sum()) / count**2 * clusters / max(clusters - 1, 1)
    # Where all answers are right, nothing tells how much they hang together: then each source counts once.
    most = float(sizes.max())
    stretch = math.sqrt(min(max(together / alone, 1.0), most)) if alone else count / clusters
    low, high = (score.value + (end - score.value) * stretch for end in interval)
    return dataclasses.replace(score, low=max(0.0, low), high=min(1.0, high))
