"""Labels that models which never saw the sample contradict, by confident learning (Northcutt et al. 2021)."""

from typing import Any

import numpy as np
from numpy.typing import NDArray


def contradicted(truth: NDArray[Any], probabilities: NDArray[np.float32]) -> NDArray[np.int64]:
    """Places of the suspect labels among `truth` [N], the surest first.

    A label is suspect when another class is likelier, and as likely as that class usually is where it is the label.
    """
    given = probabilities[np.arange(len(truth)), truth]
    predicted = probabilities.argmax(axis=1)
    counts = np.bincount(truth, minlength=probabilities.shape[1])
    usual = np.bincount(truth, weights=given, minlength=len(counts)) / np.maximum(counts, 1)
    # Whoever has no sure class of his own has no say about others.
    usual = np.maximum(usual, 0.5)
    likely = probabilities.max(axis=1)
    suspect = np.flatnonzero((predicted != truth) & (likely >= usual[predicted]))
    by_margin: NDArray[np.int64] = suspect[np.argsort(given[suspect] - likely[suspect], kind="stable")]
    return by_margin
