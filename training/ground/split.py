"""Divides samples into a training and a validation part, the same way for the same seed."""

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
