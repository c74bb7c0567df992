"""Chooses what is learned from and what is measured on.

A validation part that the upload names is what is measured on. Continuing from an earlier model, its validation part
stays the validation part, found again by the content ids that its validation.csv lists, so neither model has learned
from what they are compared on. A test part is in neither: it was taken away before (`training.ground.given_parts`).
"""

from typing import Any

import numpy as np

from training.bundle.previous import Previous
from training.ground.recipe import Recipe
from training.ground.samples import VALIDATION, Parts, Samples
from training.ground.split import stratified_split

# Fewer samples of the earlier validation part than this decide nothing.
_FEWEST = 10


def choose_parts(samples: Samples[Any], recipe: Recipe, previous: Previous | None, threads: int) -> Parts:
    """Indices of the training and the validation part of `samples`, both sorted.

    Continuing, what the earlier model was measured on is what the new one is measured on, and nothing else of the
    classes that this covers: the rest may be what the earlier model learned from. Other classes are split as always.
    """
    usual = _given(samples) or stratified_split(samples.labels, recipe.data_split, recipe.seed)
    if previous is None or not previous.answers:
        return usual
    ids = samples.ids(range(len(samples.items)), threads)
    held = np.array([key in previous.answers for key in ids], bool)
    covered = np.isin(samples.labels, samples.labels[held])
    validation = np.flatnonzero(held | (~covered & np.isin(np.arange(len(held)), usual[1])))
    train = np.setdiff1d(np.arange(len(held)), validation)
    return (train, validation) if held.sum() >= _FEWEST and _teaches_all(samples, train) else usual


def _given(samples: Samples[Any]) -> Parts | None:
    """The parts that the upload names; None where it names no validation part, or too little besides."""
    validation = samples.of_split(VALIDATION)
    train = np.setdiff1d(np.arange(len(samples.items)), validation)
    return (train, validation) if len(validation) and _teaches_all(samples, train) else None


def _teaches_all(samples: Samples[Any], train: np.ndarray[Any, np.dtype[np.int64]]) -> bool:
    return len(np.unique(samples.labels[train])) == len(samples.classes)
