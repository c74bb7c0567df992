"""Chooses what is learned from and what is measured on.

What comes from one source is on one side: of a near-duplicate the model would know the answer by heart. A validation
part that the upload names is what is measured on. Continuing from an earlier model, its validation part stays the
validation part, found again by the content ids that its validation.csv lists, so neither model has learned from what
they are compared on. A test part is in neither: it was taken away before (`training.ground.given_parts`).
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from training.bundle.previous import Previous
from training.evaluation.iterative_split import iterative_split
from training.ground.recipe import Recipe
from training.ground.samples import VALIDATION, Parts, Samples, class_counts
from training.ground.sources import Links, sources_of
from training.ground.split import stratified_split
from training.kinds import ONE_LABEL

# Fewer samples of the earlier validation part than this decide nothing.
_FEWEST = 10


def choose_parts(
    samples: Samples[Any],
    recipe: Recipe,
    previous: Previous | None,
    threads: int,
    sources: NDArray[np.int64] | None = None,
) -> Parts:
    """Indices of the training and the validation part of `samples`, both sorted.

    `sources` [N] are numbers of what they come from; without it, given groups alone are kept together.

    Continuing, what the earlier model was measured on is what the new one is measured on, and nothing else of the
    classes that this covers: the rest may be what the earlier model learned from. Other classes are split as always.
    """
    if sources is None:
        sources = sources_of(len(samples.items), Links.none(), samples.groups)
    usual = _given(samples) or _split(samples, recipe, sources)
    if previous is None or not previous.answers or previous.in_folds:
        # What answered for a sample in folds had not learned from it: any part will do.
        return usual
    ids = samples.ids(range(len(samples.items)), threads)
    held = np.array([key in previous.answers for key in ids], bool)
    covered = samples.taught_by(np.flatnonzero(held))
    validation = np.flatnonzero(held | (~covered & np.isin(np.arange(len(held)), usual[1])))
    train = np.setdiff1d(np.arange(len(held)), validation)
    if held.sum() < _FEWEST or not _teaches_all(samples, train):
        return usual
    return _apart(samples, train, validation, sources), validation


def _given(samples: Samples[Any]) -> Parts | None:
    """The parts that the upload names; None where it names no validation part, or too little besides."""
    validation = samples.of_split(VALIDATION)
    train = np.setdiff1d(np.arange(len(samples.items)), validation)
    return (train, validation) if len(validation) and _teaches_all(samples, train) else None


def _split(samples: Samples[Any], recipe: Recipe, sources: NDArray[np.int64]) -> Parts:
    """By sources; by samples only where each class comes from a single source, and nothing could be measured."""
    split = stratified_split if samples.target == ONE_LABEL else iterative_split
    parts = split(samples.labels, recipe.data_split, recipe.seed, sources)
    return parts if len(parts[1]) else split(samples.labels, recipe.data_split, recipe.seed)


def _apart(
    samples: Samples[Any],
    train: NDArray[np.int64],
    validation: NDArray[np.int64],
    sources: NDArray[np.int64],
) -> NDArray[np.int64]:
    """Of `train` what comes from no source of `validation`, where that leaves most of it.

    A model that was measured sample by sample holds something of nearly every source; then all is learned from.
    """
    kept = train[~np.isin(sources[train], sources[validation])]
    return kept if 2 * len(kept) >= len(train) and _teaches_all(samples, kept) else train


def _teaches_all(samples: Samples[Any], train: NDArray[np.int64]) -> bool:
    return bool((class_counts(samples.labels[train], len(samples.classes)) > 0).all())
