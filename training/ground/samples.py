"""Samples with their classes, and what no classifier can be made of."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

from training.ground.errors import TrainingFailed
from training.ground.events import Events

_TINY_CLASS = 10
_IMBALANCE = 10
Item = TypeVar("Item", Path, str)


@dataclass(frozen=True, slots=True)
class Samples(Generic[Item]):
    """`items` (paths or sentences), where each came from, and `labels` [N] as indices into `classes`."""

    items: list[Item]
    sources: list[str]
    labels: NDArray[np.int64]
    classes: list[str]

    def keep(self, wanted: Sequence[int]) -> "Samples[Item]":
        """Only the samples at these indices; classes that lose all of theirs are dropped."""
        names = [self.classes[int(self.labels[i])] for i in wanted]
        return labelled([self.items[i] for i in wanted], [self.sources[i] for i in wanted], names)


def labelled(items: list[Item], sources: list[str], names: list[str]) -> Samples[Item]:
    """Samples whose classes are the different `names`, in alphabetical order."""
    classes = sorted(set(names))
    index = {name: i for i, name in enumerate(classes)}
    return Samples(items, sources, np.array([index[name] for name in names], np.int64), classes)


def check_classes(samples: Samples[Item], what: str, events: Events) -> None:
    """Refuse what no classifier can be made of, and warn of what makes a weak one.

    `what` is the word for the samples, in the plural. Raises TrainingFailed.
    """
    counts = Counter(samples.labels.tolist())
    if len(samples.classes) < 2:
        only = samples.classes[0] if samples.classes else "none"
        raise TrainingFailed(
            "one_class", f"A classifier needs at least two classes; the usable {what} have one ({only[:80]})."
        )
    if max(counts.values()) < 2:
        raise TrainingFailed(
            "too_few_samples", f"Every class has a single sample. Add more {what} to each class."
        )
    singles = [samples.classes[i][:60] for i, count in sorted(counts.items()) if count == 1]
    if singles:
        events.warning(
            f"{_listed(singles)}: one sample only, so it is used for training and cannot be measured."
        )
    tiny = [f"{samples.classes[i][:60]} ({n})" for i, n in sorted(counts.items()) if 1 < n < _TINY_CLASS]
    if tiny:
        events.warning(
            f"Few {what} in {_listed(tiny)}. The accuracy of these classes is little more than a guess."
        )
    if max(counts.values()) >= _IMBALANCE * min(counts.values()):
        most, least = max(counts, key=counts.__getitem__), min(counts, key=counts.__getitem__)
        events.warning(
            f"The classes are uneven: {samples.classes[most][:60]} has {counts[most]} {what}, "
            f"{samples.classes[least][:60]} has {counts[least]}. Look at the figures per class, too."
        )


def _listed(names: list[str]) -> str:
    return ", ".join(names[:8]) + (f" and {len(names) - 8} more" if len(names) > 8 else "")
