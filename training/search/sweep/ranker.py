"""Predicts which trials of a sweep will end best, from their first epochs."""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol, Self

import numpy as np
from numpy.typing import NDArray

from training.search.sweep.complete_runs import CompleteSweep
from training.search.sweep.curve import Curve
from training.search.sweep.features import features

_PENALTY = 0.02
_STEPS = 25
# Pairs whose ends differ by less than this factor, and by more, weigh the same.
_LEAST_APART, _MOST_APART = 0.002, 0.3


class Ranker(Protocol):
    """Tells which of the trials that are at the same epoch of `epochs` promise most."""

    def order(
        self, curves: Sequence[Curve], values: Sequence[Mapping[str, Any]], epochs: int
    ) -> NDArray[np.int64]:
        """Places of the trials, the most promising first."""


class LowestSoFar:
    """The opponent: what has the lowest validation loss will end with the lowest (stop after i epochs, finish K)."""

    def order(
        self, curves: Sequence[Curve], values: Sequence[Mapping[str, Any]], epochs: int
    ) -> NDArray[np.int64]:
        """See Ranker."""
        return np.argsort([curve.validation[-1] for curve in curves], kind="stable")


class PairwiseRanker:
    """Logistic regression on differences of two trials' features: which of both ends lower (as RankNet, Burges 2005).

    It learns from complete sweeps what their first epochs told, at the share of the epochs that is asked for.
    """

    def __init__(self, sweeps: Sequence[CompleteSweep]) -> None:
        self._sweeps = [sweep for sweep in sweeps if len(sweep.curves) > 1]
        self._weights: dict[float, NDArray[np.float64]] = {}

    @classmethod
    def of_table(cls) -> Self:
        """One that learns from the table that comes with Flash."""
        from training.search.sweep.complete_runs import read_table

        return cls(read_table())

    def order(
        self, curves: Sequence[Curve], values: Sequence[Mapping[str, Any]], epochs: int
    ) -> NDArray[np.int64]:
        """See Ranker."""
        told = features(curves, values, epochs)
        share = round(min(curve.epochs for curve in curves) / epochs, 3)
        if share not in self._weights:
            self._weights[share] = self._fit(share)
        return np.argsort(told @ self._weights[share], kind="stable")

    def _fit(self, share: float) -> NDArray[np.float64]:
        """Weights [F] of a score that is lower where a trial ends lower."""
        differences, weights = [], []
        for sweep in self._sweeps:
            after = max(1, round(share * sweep.epochs))
            told = features([curve.first(after) for curve in sweep.curves], sweep.values, sweep.epochs)
            ends = np.log([curve.lowest for curve in sweep.curves])
            one, other = np.nonzero(np.subtract.outer(ends, ends) > _LEAST_APART)
            apart = np.minimum(ends[one] - ends[other], _MOST_APART)
            # It matters most which are the best.
            best = ends.min()
            nearness = np.exp(-(ends[other] - best) / _MOST_APART)
            differences.append(told[one] - told[other])
            share_of = apart * nearness
            weights.append(share_of / max(share_of.sum(), 1e-9))
        return _logistic(np.concatenate(differences), np.concatenate(weights))


def _logistic(differences: NDArray[np.float64], weights: NDArray[np.float64]) -> NDArray[np.float64]:
    """Weights [F] by which each row of `differences` [P, F] is positive (Newton's method)."""
    weights = weights / weights.sum()
    point = np.zeros(differences.shape[1])
    for _ in range(_STEPS):
        chance = 1 / (1 + np.exp(-differences @ point))
        slope = -differences.T @ (weights * (1 - chance)) + _PENALTY * point
        bends = weights * chance * (1 - chance)
        bend = (differences * bends[:, None]).T @ differences + _PENALTY * np.eye(len(point))
        step = np.linalg.solve(bend, slope)
        point = point - step
        if np.abs(step).max() < 1e-6:
            break
    return point
