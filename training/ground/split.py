"""Divides samples into a training and a validation part, or into folds, the same way for the same seed."""

import numpy as np
from numpy.typing import NDArray

# What is larger than this share of the validation part would decide the score alone: it is learned from.
_LARGE = 0.5


def stratified_split(
    labels: NDArray[np.int64], share: float, seed: int, sources: NDArray[np.int64] | None = None
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Indices of the training part (about `share` of each class) and of the validation part, both sorted.

    Samples with the same number in `sources` [N] come into the same part. Every class with two sources or more is in
    both parts; a single one goes to training. Without `sources` each sample is one of its own.
    """
    random = np.random.default_rng(seed)
    if sources is None:
        sources = np.arange(len(labels))
    main = _main_labels(labels, sources)
    learned = np.zeros(len(main), bool)
    for label in np.unique(labels):
        members = random.permutation(np.flatnonzero(labels == label))
        # Of a source with several classes, its main one decides.
        learned[_learned(sources[members[main[sources[members]] == label]], share)] = True
    for label in np.setdiff1d(labels, labels[learned[sources]]):
        learned[sources[labels == label]] = True
    return np.flatnonzero(learned[sources]), np.flatnonzero(~learned[sources])


def stratified_folds(
    labels: NDArray[np.int64], sources: NDArray[np.int64], first: NDArray[np.int64], count: int, seed: int
) -> NDArray[np.int64]:
    """The fold of each sample, int64 [N] from 0 to `count` - 1 or -1: one model is measured on each fold.

    Fold 0 is the samples at the indices `first`; the rest is divided so that samples of one of `sources` [N] are in one
    fold, and each class is spread over all folds. -1 are samples that no model is measured on: without them nobody else
    would teach their class.
    """
    random = np.random.default_rng(seed)
    folds = np.full(len(labels), -1, np.int64)
    folds[first] = 0
    rest = np.setdiff1d(np.arange(len(labels)), first)
    main, of_all = _main_labels(labels, sources), np.zeros(count - 1)
    for label in np.unique(labels[rest]):
        own = rest[main[sources[rest]] == label]
        numbers, sizes = np.unique(sources[own], return_counts=True)
        of_class = np.zeros(count - 1)
        # Large ones first: small ones then fill what is left.
        for i in np.lexsort((random.permutation(len(numbers)), -sizes)):
            least = int(np.lexsort((of_all, of_class))[0])
            folds[own[sources[own] == numbers[i]]] = least + 1
            of_class[least] += sizes[i]
            of_all[least] += sizes[i]
    for fold in range(1, count):
        own = folds == fold
        untaught = own & np.isin(labels, np.setdiff1d(labels, labels[~own]))
        folds[own & np.isin(sources, sources[untaught])] = -1
    return folds


def _main_labels(labels: NDArray[np.int64], sources: NDArray[np.int64]) -> NDArray[np.int64]:
    """The commonest class of each source, by its number; of equally common ones the first."""
    counts = int(labels.max(initial=0)) + 1
    pairs, sizes = np.unique(sources * counts + labels, return_counts=True)
    order = np.lexsort((pairs, -sizes))
    owners, first = np.unique((pairs // counts)[order], return_index=True)
    found = np.full(int(sources.max(initial=-1)) + 1, -1, np.int64)
    found[owners] = (pairs % counts)[order][first]
    return found


def _learned(sources: NDArray[np.int64], share: float) -> NDArray[np.int64]:
    """Those to learn from of the `sources` of a class's samples, which come in random order: about `share` of them."""
    numbers, first, sizes = np.unique(sources, return_index=True, return_counts=True)
    if len(numbers) < 2:
        return numbers
    count = len(sources)
    wanted = min(max(round(count * share), 1), count - 1)
    large = sizes > max(_LARGE * (count - wanted), float(sizes.mean()), 1)
    order = np.lexsort((first, ~large))
    filled = sizes[order].cumsum()
    taken = int(np.abs(filled - wanted).argmin()) + 1
    return numbers[order[: min(taken, len(numbers) - 1)]]
