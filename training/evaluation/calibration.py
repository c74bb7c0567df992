"""How far probabilities are off what they say, before and after temperature scaling."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from training.targets.target import Target

BINS = 15


def reliability(
    target: Target, truth: NDArray[Any], probabilities: NDArray[Any], bins: int = BINS
) -> tuple[float, list[dict[str, Any]]]:
    """The expected calibration error (0 to 1; Naeini et al. 2015, bins of equal width) and the bins that hold samples.

    `truth` is the target's, `probabilities` [N, C]. Each bin: {count, confidence, accuracy}; its accuracy is the share
    of right answers, whatever the score; of samples with many labels, of the labels that are said.
    """
    if len(truth) == 0:
        return 0.0, []
    judged, found_right = target.judged(truth, target.decide(probabilities), probabilities)
    confidence, right = judged.astype(float), found_right.astype(float)
    if not len(right):
        return 0.0, []
    place = np.minimum((confidence * bins).astype(int), bins - 1)
    counts = np.bincount(place, minlength=bins)
    sums = [np.bincount(place, weights=values, minlength=bins) for values in (confidence, right)]
    error = float(np.abs(sums[0] - sums[1]).sum() / len(right))
    found = [
        {
            "count": int(counts[i]),
            "confidence": round(sums[0][i] / counts[i], 4),
            "accuracy": round(sums[1][i] / counts[i], 4),
        }
        for i in np.flatnonzero(counts)
    ]
    return error, found


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
