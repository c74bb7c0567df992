"""From which probabilities on a model with many labels a sample says them, by its model.json."""

from collections.abc import Mapping, Sequence
from typing import Any

from training.kinds import MANY_LABELS, ONE_LABEL


def label_thresholds(facts: Mapping[str, Any]) -> Sequence[float] | None:
    """The thresholds [C], in the order of the classes; None for a model with one label a sample.

    Raises KeyError, TypeError or ValueError where model.json makes no sense.
    """
    target = facts.get("target", ONE_LABEL)
    if target == ONE_LABEL:
        return None
    found = [float(threshold) for threshold in facts["thresholds"]]
    if target != MANY_LABELS or len(found) != len(facts["classes"]):
        raise ValueError("there is a threshold for each label")
    if not all(0 < threshold <= 1 for threshold in found):
        raise ValueError("a threshold is a probability")
    return found
