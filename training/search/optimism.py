"""By how much the score of a chosen model is too good, because the same samples chose it among several."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from training.targets.target import Target

_DRAWS = 200


def optimism(
    target: Target,
    truth: NDArray[Any],
    decisions: Sequence[NDArray[Any]],
    chosen: int,
    sources: NDArray[np.int64] | None,
    seed: int,
) -> float:
    """What to take off the score of the model `chosen` by it; 0 where only one could be chosen.

    In each of many draws with replacement the best of the models on the samples drawn is measured on those that were
    not drawn, which chose nothing; the mean is what choosing among them really gives (the bootstrap bias correction of
    Tsamardinos et al. 2018). `truth` [N], of each model `decisions` [N]; of `sources` [N] all are drawn or none.
    """
    if len(decisions) < 2 or not len(truth):
        return 0.0
    groups = np.arange(len(truth)) if sources is None else np.unique(sources, return_inverse=True)[1]
    random, count, found = np.random.default_rng(seed), int(groups.max()) + 1, []
    for _ in range(_DRAWS):
        times = np.bincount(random.integers(count, size=count), minlength=count)[groups]
        drawn, rest = np.repeat(np.arange(len(truth)), times), np.flatnonzero(times == 0)
        if not len(rest):
            continue
        best = max(decisions, key=lambda answers: target.measure(truth[drawn], answers[drawn]).gain)
        found.append(target.measure(truth[rest], best[rest]).value)
    if not found:
        return 0.0
    measured = target.measure(truth, decisions[chosen])
    by = measured.value - float(np.mean(found))
    return max(0.0, by) if measured.kind.higher_is_better else min(0.0, by)
