"""Makes probabilities mean what they say: temperature scaling."""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

# A prior that weighs as much as this many samples and wants temperature 1: a handful of validation samples, all
# of them right, must not make a model certain of everything.
PRIOR_SAMPLES = 5.0
_LOWEST, _HIGHEST = 0.05, 20.0
_STEPS = 60
_SMALLEST = 1e-30


def fit_temperature(truth: NDArray[Any], probabilities: NDArray[Any]) -> float:
    """The temperature by which to divide the logits so that their log-likelihood is highest (Guo et al. 2017).

    Newton's method on its inverse, in which the loss is convex, kept inside a shrinking bracket.
    """
    if len(truth) == 0:
        return 1.0
    logs = np.log(np.maximum(probabilities.astype(float), _SMALLEST))
    given = logs[np.arange(len(truth)), truth].sum()

    def slopes(inverse: float) -> tuple[float, float]:
        weights = _softmax(inverse * logs)
        mean = (weights * logs).sum(axis=1)
        return float(mean.sum() - given), float((weights * (logs - mean[:, None]) ** 2).sum())

    return highest_likelihood(slopes, PRIOR_SAMPLES)


def highest_likelihood(slopes: Callable[[float], tuple[float, float]], prior: float) -> float:
    """The temperature of the lowest loss, of whose inverse `slopes` gives the first and second derivative.

    Beside it counts a prior that weighs as `prior` samples and wants temperature 1.
    """
    low, high, inverse = 1 / _HIGHEST, 1 / _LOWEST, 1.0
    for _ in range(_STEPS):
        slope, bend = slopes(inverse)
        slope += prior * (1 - 1 / inverse)
        bend += prior / inverse**2
        low, high = (low, inverse) if slope > 0 else (inverse, high)
        step = inverse - slope / bend
        step = step if low < step < high else (low + high) / 2
        if abs(step - inverse) < 1e-9 * inverse:
            break
        inverse = step
    return float(1 / inverse)


def tempered(probabilities: NDArray[np.float32], temperature: float) -> NDArray[np.float32]:
    """What the probabilities [N, C] become when their logits are divided by `temperature`."""
    logs = np.log(np.maximum(probabilities.astype(float), _SMALLEST))
    return _softmax(logs / temperature).astype(np.float32)


def _softmax(logits: NDArray[Any]) -> NDArray[Any]:
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    scaled: NDArray[Any] = powers / powers.sum(axis=1, keepdims=True)
    return scaled
