"""What the first epochs of several trials tell of them, beside one another."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from training.search.sweep.curve import Curve

Array = NDArray[np.float64]
# Hyperparameters that count by factors, and by differences; what a sweep does not change tells nothing.
_FACTORS = ("learning_rate", "batch_size", "weight_decay", "backbone_rate", "hidden")
_DIFFERENCES = ("dropout", "label_smoothing", "layers", "weight_averaging")
_LEAST_LOSS, _NO_SPREAD = 1e-3, 1e-9
# Of a trial that lies farther from the others than this, it no longer matters how far.
_FARTHEST = 3.0


def features(curves: Sequence[Curve], values: Sequence[Mapping[str, Any]], epochs: int) -> Array:
    """[N, F] of N trials of one sweep, each after the same number of epochs out of `epochs`.

    Losses are logarithms. Each feature is told as its distance from the trials' median, in units of their spread: so
    sweeps of easy and of hard data, and of any recipe, look alike.
    """
    after = min(curve.epochs for curve in curves)
    train = _logs([curve.train[:after] for curve in curves])
    validation = _logs([curve.validation[:after] for curve in curves])
    columns = [*_of_curves(train, validation, after / epochs), *_of_values(values)]
    return _beside_one_another(np.stack(columns, axis=1))


def _logs(losses: Sequence[Sequence[float]]) -> Array:
    return np.asarray(np.log(np.maximum(np.array(losses, float), _LEAST_LOSS)))


def _of_curves(train: Array, validation: Array, share: float) -> list[Array]:
    last, lowest = validation[:, -1], validation.min(1)
    slope, train_slope = _slope(validation), _slope(train)
    # Where it would end if it went on falling by the same factor each time the epochs double.
    ahead = math.log(1 / share)
    since = validation.shape[1] - 1 - validation.argmin(1)
    return [
        last,
        lowest,
        _ranks(lowest),
        slope,
        lowest + np.minimum(slope, 0.0) * ahead,
        _noise(validation),
        train[:, -1],
        train_slope,
        train[:, -1] + np.minimum(train_slope, 0.0) * ahead,
        last - train[:, -1],
        since.astype(float),
    ]


def _of_values(values: Sequence[Mapping[str, Any]]) -> list[Array]:
    def column(name: str) -> Array:
        return np.array([float(value.get(name) or 0.0) for value in values])

    factors = [np.log(np.maximum(column(name), 1e-6)) for name in _FACTORS]
    is_sgd = np.array([float(value.get("optimizer") == "sgd") for value in values])
    rate = _beside_one_another(factors[0][:, None])[:, 0]
    return [*factors, *(column(name) for name in _DIFFERENCES), is_sgd, rate**2, rate * is_sgd]


def _slope(logs: Array) -> Array:
    """Of the second half of the epochs [N, E], per factor e of them: as learning curves fall."""
    count = logs.shape[1]
    if count < 2:
        return np.zeros(len(logs))
    first = max(count // 2, 1)
    return np.asarray((logs[:, -1] - logs[:, first - 1]) / math.log(count / first))


def _noise(logs: Array) -> Array:
    """How far the epochs lie off a smooth curve."""
    if logs.shape[1] < 3:
        return np.zeros(len(logs))
    return np.asarray(np.abs(np.diff(logs, 2)).mean(1))


def _ranks(column: Array) -> Array:
    """By how many of the others each is surpassed, and half of those that equal it."""
    differences = np.subtract.outer(column, column)
    return np.asarray((differences > 0).mean(1) + 0.5 * (differences == 0).mean(1))


def _beside_one_another(columns: Array) -> Array:
    low, middle, high = np.quantile(columns, [0.25, 0.5, 0.75], axis=0)
    spread = (high - low) / 1.35
    spread = np.where(spread > 0, spread, columns.std(0))
    scaled = (columns - middle) / np.where(spread > _NO_SPREAD, spread, np.inf)
    return np.asarray(np.clip(scaled, -_FARTHEST, _FARTHEST))
