"""Chooses what is learned from and what is measured on.

Continuing from an earlier model, its validation part stays the validation part, found again by the content ids that its
validation.csv lists, so neither model has learned from what they are compared on.
"""

from typing import Any

import numpy as np

from training.bundle.previous import Previous
from training.ground.recipe import Recipe
from training.ground.samples import Parts, Samples
from training.ground.split import stratified_split

# Fewer samples of the earlier validation part than this decide nothing.
_FEWEST = 10


def choose_parts(samples: Samples[Any], recipe: Recipe, previous: Previous | None, threads: int) -> Parts:
    """Indices of the training and the validation part of `samples`, both sorted.

    Continuing, what the earlier model was measured on is what the new one is measured on, and nothing else of the
    classes that this covers: the rest may be what the earlier model learned from. Other classes are split as always.
    """
    usual = stratified_split(samples.labels, recipe.data_split, recipe.seed)
    if previous is None or not previous.answers:
        return usual
    ids = samples.ids(range(len(samples.items)), threads)
    held = np.array([key in previous.answers for key in ids], bool)
    covered = np.isin(samples.labels, samples.labels[held])
    validation = np.flatnonzero(held | (~covered & np.isin(np.arange(len(held)), usual[1])))
    train = np.setdiff1d(np.arange(len(held)), validation)
    everywhere = len(np.unique(samples.labels[train])) == len(samples.classes)
    return (train, validation) if held.sum() >= _FEWEST and everywhere else usual
