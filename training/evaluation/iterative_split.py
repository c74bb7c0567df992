"""Divides samples with any number of labels into a training and a validation part, the same way for the same seed."""

import numpy as np
from numpy.typing import NDArray


def iterative_split(
    labels: NDArray[np.bool_], share: float, seed: int, sources: NDArray[np.int64] | None = None
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Indices of the training part (about `share` of each label) and of the validation part, both sorted.

    `labels` are bool [N, C]; samples with none count as if that were a label, too. Iterative stratification (Sechidis
    et al. 2011), of sources: those of the rarest label that are left are dealt out first, each to the part that lacks
    most of it, then of whatever. Samples with the same number in `sources` [N] come into the same part; a label of a
    single source is learned, not measured.
    """
    count = len(labels)
    each = np.arange(count) if sources is None else np.unique(sources, return_inverse=True)[1]
    wanted = np.concatenate([labels, ~labels.any(axis=1, keepdims=True)], axis=1)
    tallies = np.zeros((int(each.max(initial=-1)) + 1, wanted.shape[1]), np.int64)
    np.add.at(tallies, each, wanted.astype(np.int64))
    sizes = np.bincount(each, minlength=len(tallies))
    learned = _dealt(tallies, sizes, share, np.random.default_rng(seed))
    _teach_all(tallies, learned)
    if learned.all() and len(learned) > 1:
        _measure_something(tallies, learned)
    return np.flatnonzero(learned[each]), np.flatnonzero(~learned[each])


def _dealt(
    tallies: NDArray[np.int64], sizes: NDArray[np.int64], share: float, random: np.random.Generator
) -> NDArray[np.bool_]:
    """Which sources are learned from; `tallies` [S, L] are how many samples of each have each label."""
    shares = np.array([share, 1 - share])
    lacks, room = shares[:, None] * tallies.sum(axis=0), shares * sizes.sum()
    learned, left = np.zeros(len(tallies), bool), np.ones(len(tallies), bool)
    counts = tallies.sum(axis=0)
    order = random.permutation(len(tallies))
    while left.any():
        open_labels = np.flatnonzero(counts > 0)
        if not len(open_labels):
            break
        label = open_labels[counts[open_labels].argmin()]
        members = order[left[order] & (tallies[order, label] > 0)]
        # The largest first: what is large fits while there is room.
        for source in members[np.argsort(-sizes[members], kind="stable")]:
            # Of equal lacks the part with more room, and of these the first.
            part = int(lacks[1, label] > lacks[0, label])
            if lacks[0, label] == lacks[1, label]:
                part = int(room[1] > room[0])
            lacks[part] -= tallies[source]
            room[part] -= sizes[source]
            counts -= tallies[source]
            learned[source], left[source] = part == 0, False
    learned[left] = True
    return learned


def _teach_all(tallies: NDArray[np.int64], learned: NDArray[np.bool_]) -> None:
    """A label that only the validation part has goes to the training part, with the smallest source that has it."""
    missing = (tallies[learned].sum(axis=0) == 0) & (tallies.sum(axis=0) > 0)
    for label in np.flatnonzero(missing):
        if not tallies[learned, label].any():
            owners = np.flatnonzero(tallies[:, label])
            learned[owners[tallies[owners].sum(axis=1).argmin()]] = True


def _measure_something(tallies: NDArray[np.int64], learned: NDArray[np.bool_]) -> None:
    """The source whose labels all others have most of is measured on, where none was left for it."""
    rest = tallies.sum(axis=0) - tallies
    spare = np.where(tallies > 0, rest, np.iinfo(np.int64).max).min(axis=1)
    if spare.max() > 0:
        learned[int(spare.argmax())] = False
