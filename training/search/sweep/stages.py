"""When a sweep looks at its trials, and how many go on."""

import math
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Stage:
    """After this `share` of the epochs the `keep` most promising of all trials go on, as a share of their number."""

    share: float
    keep: float


def turns(stages: Sequence[Stage], count: int, epochs: int) -> list[tuple[int, int]]:
    """(epochs, how many trials are trained that far), the first for all `count` trials, the last to the end.

    Each stage has an epoch at least and one trial at least, and none has more than the one before it.
    """
    found, left, before = [], count, 0
    for stage in sorted(stages, key=lambda stage: stage.share):
        after = max(before + 1, round(stage.share * epochs))
        if after >= epochs:
            break
        found.append((after, left))
        left, before = max(1, min(left, math.ceil(stage.keep * count - 1e-9))), after
    return [*found, (epochs, left)]


# The full sweep: every trial goes on to its end.
FULL: tuple[Stage, ...] = ()
# The fast one.
FAST = (Stage(0.04, 0.16), Stage(0.2, 0.04))
