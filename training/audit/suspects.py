"""Finds labels that are likely wrong: models that never saw a sample agree on another class for it."""

import time
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from training.engine.lbfgs import Lbfgs
from training.engine.linear import Features, Labelled, Linear, objective, unflatten
from training.ground.control import Control
from training.targets.target import Target

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
    select: Select,
    labels: NDArray[np.int64],
    classes: int,
    target: Target,
    *,
    penalty: float,
    seed: int,
    control: Control,
) -> dict[str, Any] | None:
    """The samples whose labels, as `target` has them, other samples contradict.

    A linear model is fitted to all folds but one and asked about the one left out. Gives {"count", "looked_at",
    "found": [{"place", "predicted" (a decision of the target), "probability"}]}, the surest first, places being those
    in `labels`; None when the time is over.
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
        others = Labelled(select(places[rest]), torch.from_numpy(labels[places[rest]]), target)
        fitted = fit_briefly(others, classes, penalty=penalty)
        with torch.no_grad():
            scores = select(places[out]).scores(fitted.weight) + fitted.bias
        probabilities[out] = target.probabilities(scores).numpy()
        looked_at.append(out)
    if not looked_at:
        return None
    chosen = np.concatenate(looked_at)
    places, probabilities = places[chosen], probabilities[chosen]
    return contradictions(places, labels[places], probabilities, target)


def contradictions(
    places: NDArray[np.int64], truth: NDArray[np.int64], probabilities: NDArray[np.float32], target: Target
) -> dict[str, Any]:
    """What `suspects` gives, by probabilities [N, C] of models that never saw the samples at `places` [N]."""
    found = target.contradicted(truth, probabilities)
    decisions = target.decide(probabilities)
    sure = target.confidence(probabilities, decisions)
    return {
        "count": len(found),
        "looked_at": len(places),
        "found": [
            {
                "place": int(places[i]),
                "predicted": decisions[i].tolist(),
                "probability": round(float(sure[i]), 4),
            }
            for i in found[:_MOST_FOUND]
        ],
    }


def fit_briefly(samples: Labelled, classes: int, *, penalty: float) -> Linear:
    """A `Linear` after a few dozen iterations of L-BFGS, near enough to the optimum for a check."""
    linear = Linear(samples.features.width, classes)
    count = len(samples.labels)
    shares = torch.full((count,), 1 / max(count, 1))
    solver = Lbfgs(
        objective(samples, linear, penalty, shares),
        torch.zeros(linear.weight.numel() + classes),
    )
    for _ in range(_ITERATIONS):
        if solver.converged:
            break
        solver.step()
    unflatten(linear, solver.point)
    return linear
