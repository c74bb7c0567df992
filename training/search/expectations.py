"""What a training that has not been tried yet is expected to bring, in the light of those that have.

The error of each candidate, relative to that of the first, is taken as log-normal: how far off the expectation may be
is known of past trainings. Where one does better on these samples than expected, others likely do, too.
"""

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from training.kinds.kind import Candidate

# How much of the surprise of one candidate is that of another.
_ALIKE = 0.7
# Of two trainings on the same samples the errors are for the most part on the same samples.
_SHARED_LUCK = 0.6


class Expectations:
    """Beliefs about ln(error of a candidate / error of the first one), jointly normal; samples measured: `count`."""

    def __init__(self, candidates: Sequence[Candidate], first_error: float, count: int) -> None:
        deviations = np.array([candidate.deviation for candidate in candidates])
        self._mean: NDArray[np.float64] = np.array([candidate.expected for candidate in candidates])
        self._mean[0] = 0.0
        alike = _ALIKE + (1 - _ALIKE) * np.eye(len(candidates))
        self._covariance: NDArray[np.float64] = alike * np.outer(deviations, deviations)
        self._covariance[0] = self._covariance[:, 0] = 0.0
        self._count = count
        self._first = self._error(first_error)
        self._tried = [0]

    def learn(self, index: int, error: float) -> None:
        """A candidate was tried, and its error on the validation part is `error` (conditioning of a normal)."""
        seen = self._error(error)
        chance = (1 - _SHARED_LUCK) * (1 / seen + 1 / self._first) / self._count
        row = self._covariance[index].copy()
        weight = row / (row[index] + chance)
        self._mean += weight * (math.log(seen / self._first) - self._mean[index])
        self._covariance -= np.outer(weight, row)
        self._tried.append(index)

    def gain(self, index: int) -> float:
        """By how much, at the mean, the candidate's error lies below the least of those tried (0 where it does not).

        The expected improvement (Jones et al. 1998) of a log-normal error.
        """
        best = self._first * math.exp(min(self._mean[tried] for tried in self._tried))
        mean, deviation = self._mean[index], math.sqrt(max(self._covariance[index, index], 0.0))
        center = self._first * math.exp(mean + deviation**2 / 2)
        if deviation < 1e-9:
            return max(0.0, best - center)
        reach = (math.log(best / self._first) - mean) / deviation
        return best * _below(reach) - center * _below(reach - deviation)

    def _error(self, error: float) -> float:
        """Of a model that is always right, too, nobody knows that it always will be."""
        return max(error, 0.5 / max(self._count, 1))


def _below(z: float) -> float:
    return 0.5 * math.erfc(-z / math.sqrt(2))
