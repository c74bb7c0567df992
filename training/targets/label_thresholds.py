"""From which probability on each label is said: chosen so that F1 is high, of few samples with the help of the others.

A threshold that only has to suit a handful of samples suits them by chance. So each label's F1 is computed as if some
more samples had been measured which are like those of all labels together (shrinkage to the pooled curve): of a rare
label these decide, of a common one its own do. Where all labels together tell too little, it stays near one half.
"""

import numpy as np
from numpy.typing import NDArray

# Where nothing was measured, and what is tried besides.
USUAL = 0.5
_TRIED = np.round(np.arange(0.05, 0.951, 0.01), 2).astype(np.float32)
# So many labels that are there, as all labels together have them, count beside a label's own.
_PRIOR_LABELS = 10.0
# How much F1 a threshold must gain over one nearer to the usual one for each 0.1 that it is farther away.
_FARTHER = 0.005
FOLDS = 5
Bools = NDArray[np.bool_]


def fit_thresholds(truth: Bools, probabilities: NDArray[np.float32]) -> NDArray[np.float32]:
    """Thresholds [C] of `probabilities` [N, C] that mean what they say; USUAL where no label is there at all."""
    classes = truth.shape[1]
    if not truth.any():
        return np.full(classes, USUAL, np.float32)
    hits, said = _counts(truth, probabilities)
    there = truth.sum(axis=0).astype(float)
    whole = there.sum()
    # Of the pooled labels as many as the prior weighs.
    share = _PRIOR_LABELS / whole
    hits_of_all, said_of_all = hits.sum(axis=1) * share, said.sum(axis=1) * share
    own = 2 * (hits + hits_of_all[:, None])
    f1 = own / (said + there + said_of_all[:, None] + _PRIOR_LABELS)
    cost = _FARTHER * np.abs(_TRIED - USUAL) / 0.1
    found: NDArray[np.float32] = _TRIED[(f1 - cost[:, None]).argmax(axis=0)]
    return found


def cross_fitted(
    truth: Bools, probabilities: NDArray[np.float32], sources: NDArray[np.int64] | None = None
) -> Bools:
    """Decisions [N, C], each by thresholds that other samples chose: a score of these is not flattered by the choice.

    Samples of one of `sources` [N] are together. Always the same folds: by the rank of a scrambled source.
    """
    count = len(truth)
    names = np.arange(count) if sources is None else np.unique(sources, return_inverse=True)[1]
    order = np.random.default_rng(0).permutation(int(names.max(initial=-1)) + 1)
    folds = order[names] % FOLDS
    decisions = np.zeros(truth.shape, bool)
    for fold in range(FOLDS):
        out = folds == fold
        if out.any():
            rest = ~out if (~out).any() else out
            decisions[out] = probabilities[out] >= fit_thresholds(truth[rest], probabilities[rest])
    return decisions


def _counts(
    truth: Bools, probabilities: NDArray[np.float32]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """For each threshold tried and each label: how many samples that have it are above, and how many of all [T, C]."""
    places = np.searchsorted(_TRIED, probabilities, side="right")
    steps, classes = len(_TRIED) + 1, truth.shape[1]
    cells = places * classes + np.arange(classes)
    said = np.bincount(cells.ravel(), minlength=steps * classes).reshape(steps, classes)
    hits = np.bincount(cells[truth], minlength=steps * classes).reshape(steps, classes)
    # Above the t-th are those of place t + 1 and beyond.
    above = [table[::-1].cumsum(axis=0)[::-1][1:].astype(float) for table in (hits, said)]
    return above[0], above[1]
