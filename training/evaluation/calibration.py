"""Makes probabilities mean what they say: temperature scaling, and how far off they are."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from training.targets.target import Target

BINS = 15
# A prior that weighs as much as this many samples and wants temperature 1: a handful of validation samples, all
# of them right, must not make a model certain of everything.
_PRIOR_SAMPLES = 5.0
_LOWEST, _HIGHEST = 0.05, 20.0
_STEPS = 60
_SMALLEST = 1e-30


def reliability(
    target: Target, truth: NDArray[Any], probabilities: NDArray[Any], bins: int = BINS
) -> tuple[float, list[dict[str, Any]]]:
    """The expected calibration error (0 to 1; Naeini et al. 2015, bins of equal width) and the bins that hold samples.

    `truth` is the target's, `probabilities` [N, C]. Each bin: {count, confidence, accuracy}; its accuracy is the share
    of right answers, whatever the score.
    """
    if len(truth) == 0:
        return 0.0, []
    decisions = target.decide(probabilities)
    confidence = target.confidence(probabilities, decisions).astype(float)
    right = target.right(decisions, truth).astype(float)
    place = np.minimum((confidence * bins).astype(int), bins - 1)
    counts = np.bincount(place, minlength=bins)
    sums = [np.bincount(place, weights=values, minlength=bins) for values in (confidence, right)]
    error = float(np.abs(sums[0] - sums[1]).sum() / len(truth))
    found = [
        {
            "count": int(counts[i]),
            "confidence": round(sums[0][i] / counts[i], 4),
            "accuracy": round(sums[1][i] / counts[i], 4),
        }
        for i in np.flatnonzero(counts)
    ]
    return error, found


def fit_temperature(truth: NDArray[Any], probabilities: NDArray[Any]) -> float:
    """The temperature by which to divide the logits so that their log-likelihood is highest (Guo et al. 2017).

    Newton's method on its inverse, in which the loss is convex, kept inside a shrinking bracket.
    """
    if len(truth) == 0:
        return 1.0
    logs = np.log(np.maximum(probabilities.astype(float), _SMALLEST))
    given = logs[np.arange(len(truth)), truth].sum()
    low, high, inverse = 1 / _HIGHEST, 1 / _LOWEST, 1.0
    for _ in range(_STEPS):
        weights = _softmax(inverse * logs)
        mean = (weights * logs).sum(axis=1)
        slope = mean.sum() - given + _PRIOR_SAMPLES * (1 - 1 / inverse)
        bend = (weights * (logs - mean[:, None]) ** 2).sum() + _PRIOR_SAMPLES / inverse**2
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


def calibration_figures(
    target: Target,
    truth: NDArray[Any],
    before: NDArray[np.float32],
    after: NDArray[np.float32],
    temperature: float,
) -> dict[str, Any]:
    """As report.json has them; `before` and `after` are probabilities [N, C] of the validation part."""
    error, bins = reliability(target, truth, after)
    return {
        "temperature": round(temperature, 6),
        "error_before": round(reliability(target, truth, before)[0], 6),
        "error_after": round(error, 6),
        "bins": bins,
    }


def _softmax(logits: NDArray[Any]) -> NDArray[Any]:
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    scaled: NDArray[Any] = powers / powers.sum(axis=1, keepdims=True)
    return scaled
