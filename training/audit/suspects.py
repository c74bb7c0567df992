"""Finds labels that are likely wrong: models that never saw a sample agree on another class for it."""

import time
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from training.engine.lbfgs import Lbfgs
from training.engine.linear import Features, Labelled, Linear, objective, unflatten
from training.ground.control import Control

FOLDS = 3
# More samples than these are not looked at; a random choice is.
MOST_SAMPLES = 10_000
_MOST_FOUND = 20
_ITERATIONS = 20
# Seconds after which no further fold is begun; what was looked at until then is a random choice, too.
_BUDGET = 6.0
# The features of a fold: those of the samples at these places.
Select = Callable[[NDArray[np.int64]], Features]


def suspects(
    select: Select, labels: NDArray[np.int64], classes: int, *, penalty: float, seed: int, control: Control
) -> dict[str, Any] | None:
    """The samples whose labels other samples contradict, by confident learning (Northcutt et al. 2021).

    A linear model is fitted to all folds but one and asked about the one left out. A label is suspect when
    another class is likelier, and as likely as that class usually is where it is the label. Gives {"count",
    "looked_at", "found": [{"place", "predicted", "probability"}]}, the surest first, places being those in
    `labels`; None when the time is over.
    """
    random = np.random.default_rng(seed)
    places = random.permutation(len(labels))[:MOST_SAMPLES]
    probabilities = np.zeros((len(places), classes), np.float32)
    looked_at: list[NDArray[np.int64]] = []
    started = time.monotonic()
    for fold in range(FOLDS):
        control.check()
        if time.monotonic() - started > _BUDGET:
            break
        if control.out_of_time:
            return None
        out = np.arange(fold, len(places), FOLDS)
        rest = np.setdiff1d(np.arange(len(places)), out)
        if not len(out) or not len(rest):
            continue
        truth = torch.from_numpy(labels[places[rest]])
        fitted = fit_briefly(select(places[rest]), truth, classes, penalty=penalty)
        with torch.no_grad():
            scores = select(places[out]).scores(fitted.weight) + fitted.bias
        probabilities[out] = scores.softmax(1).numpy()
        looked_at.append(out)
    if not looked_at:
        return None
    chosen = np.concatenate(looked_at)
    places, probabilities = places[chosen], probabilities[chosen]
    found = _contradicted(labels[places], probabilities)
    return {
        "count": len(found),
        "looked_at": len(places),
        "found": [
            {
                "place": int(places[i]),
                "predicted": int(probabilities[i].argmax()),
                "probability": round(float(probabilities[i].max()), 4),
            }
            for i in found[:_MOST_FOUND]
        ],
    }


def _contradicted(labels: NDArray[np.int64], probabilities: NDArray[np.float32]) -> NDArray[np.int64]:
    given = probabilities[np.arange(len(labels)), labels]
    predicted = probabilities.argmax(axis=1)
    counts = np.bincount(labels, minlength=probabilities.shape[1])
    usual = np.bincount(labels, weights=given, minlength=len(counts)) / np.maximum(counts, 1)
    # Whoever has no sure class of his own has no say about others.
    usual = np.maximum(usual, 0.5)
    likely = probabilities.max(axis=1)
    suspect = np.flatnonzero((predicted != labels) & (likely >= usual[predicted]))
    by_margin: NDArray[np.int64] = suspect[np.argsort(given[suspect] - likely[suspect], kind="stable")]
    return by_margin


def fit_briefly(features: Features, labels: Tensor, classes: int, *, penalty: float) -> Linear:
    """A `Linear` after a few dozen iterations of L-BFGS, near enough to the optimum for a check."""
    linear = Linear(features.width, classes)
    shares = torch.full((len(labels),), 1 / max(len(labels), 1))
    solver = Lbfgs(
        objective(Labelled(features, labels), linear, penalty, shares),
        torch.zeros(linear.weight.numel() + classes),
    )
    for _ in range(_ITERATIONS):
        if solver.converged:
            break
        solver.step()
    unflatten(linear, solver.point)
    return linear
