"""What rules that stop trials early would have found in a complete sweep, and what it would have cost."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from training.search.sweep.complete_runs import CompleteSweep
from training.search.sweep.ranker import Ranker
from training.search.sweep.stages import Stage, turns


@dataclass(frozen=True, slots=True)
class Found:
    """The lowest validation loss that was seen, against the sweep's own lowest (0.01: 1 % more); epochs trained."""

    regret: float
    cost: int


def by_stages(sweep: CompleteSweep, ranker: Ranker, stages: Sequence[Stage]) -> Found:
    """All trials up to a stage, then those that `ranker` picks."""
    return by_turns(sweep, ranker, turns(stages, len(sweep.curves), sweep.epochs))


def by_turns(sweep: CompleteSweep, ranker: Ranker, plan: Sequence[tuple[int, int]]) -> Found:
    """The same of (epochs, trials that are trained so far)."""
    reached = np.zeros(len(sweep.curves), int)
    going = np.arange(len(sweep.curves))
    for epochs, count in plan:
        if count < len(going):
            after = int(reached[going[0]])
            curves = [sweep.curves[place].first(after) for place in going]
            order = ranker.order(curves, [sweep.values[place] for place in going], sweep.epochs)
            going = going[order[:count]]
        reached[going] = epochs
    return _found(sweep, reached)


def by_median(sweep: CompleteSweep, grace: int) -> Found:
    """Median stopping (Golovin et al. 2017).

    After an epoch from `grace` on, what did worse at its best than the median of the running means up to there stops.
    """
    losses = np.array([curve.validation for curve in sweep.curves])
    reached, going = np.zeros(len(losses), int), np.ones(len(losses), bool)
    for epoch in range(1, sweep.epochs + 1):
        reached[going] = epoch
        if epoch >= grace:
            there = reached >= epoch
            median = np.median(losses[there, :epoch].mean(1))
            going &= losses[:, :epoch].min(1) <= median
    return _found(sweep, reached)


def halving(count: int, epochs: int, first: int, factor: int) -> list[tuple[int, int]]:
    """The turns of successive halving (Jamieson & Talwalkar 2016): a `factor` fewer trials a `factor` longer."""
    found, left, after = [], count, first
    while after < epochs and left > 1:
        found.append((after, left))
        left, after = max(1, left // factor), after * factor
    return [*found, (epochs, left)]


def cost_of(plan: Sequence[tuple[int, int]]) -> int:
    """Epochs that turns take."""
    before, total = 0, 0
    for epochs, count in plan:
        total += count * (epochs - before)
        before = epochs
    return total


def _found(sweep: CompleteSweep, reached: np.ndarray) -> Found:
    seen = min(curve.first(int(epochs)).lowest for curve, epochs in zip(sweep.curves, reached, strict=True))
    return Found(seen / min(curve.lowest for curve in sweep.curves) - 1, int(reached.sum()))


def spearman(one: Sequence[float], other: Sequence[float]) -> float:
    """The correlation of ranks."""
    ranks = [np.argsort(np.argsort(values)) for values in (one, other)]
    return float(np.corrcoef(*ranks)[0, 1])
