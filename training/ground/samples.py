"""Samples with their classes and ids, and what no classifier can be made of."""

from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

from training.ground.errors import TrainingFailed
from training.ground.events import Events

_TINY_CLASS = 10
_IMBALANCE = 10
# Items that a thread takes at a time: a digest of a sentence takes less than handing it over.
_AT_ONCE = 64
Item = TypeVar("Item")
# Indices of the training and of the validation part.
Parts = tuple[NDArray[np.int64], NDArray[np.int64]]
# What an upload may call the part that a sample belongs to.
TRAIN, VALIDATION, TEST = "train", "validation", "test"


class ContentIds(Generic[Item]):
    """What identifies a sample by what is in it: the sha256 that `digest` gives, computed once for each item."""

    def __init__(self, digest: Callable[[Item], str]) -> None:
        self._digest = digest
        self._known: dict[Item, str] = {}

    def of(self, items: Sequence[Item], threads: int) -> list[str]:
        """The ids of `items`, with so many threads for those that are not known yet."""
        missing = [item for item in dict.fromkeys(items) if item not in self._known]
        if missing:
            parts = [missing[first : first + _AT_ONCE] for first in range(0, len(missing), _AT_ONCE)]
            with ThreadPoolExecutor(threads) as pool:
                for part, ids in zip(parts, pool.map(self._digests, parts), strict=True):
                    self._known.update(zip(part, ids, strict=True))
        return [self._known[item] for item in items]

    def _digests(self, items: Sequence[Item]) -> list[str]:
        return list(map(self._digest, items))


@dataclass(frozen=True, slots=True)
class Samples(Generic[Item]):
    """`items`, the place in the upload that each came from, and `labels` [N] as indices into `classes`.

    `words` gives what is shown behind the place of an item, where that says more: a sentence itself. Where the upload
    says so, `splits` [N] are the parts that the samples belong to (TRAIN, VALIDATION, TEST or ""), and samples with the
    same word in `groups` [N], other than "", come from one source; empty lists where it says nothing.
    """

    items: list[Item]
    places: Sequence[str]
    labels: NDArray[np.int64]
    classes: list[str]
    contents: ContentIds[Item]
    words: Callable[[Item], str] | None = None
    splits: list[str] = field(default_factory=list)
    groups: list[str] = field(default_factory=list)

    def ids(self, wanted: Sequence[int] | NDArray[np.int64], threads: int) -> list[str]:
        """The content ids of the samples at these indices."""
        return self.contents.of([self.items[i] for i in wanted], threads)

    def shown(self, index: int) -> str:
        """The sample as people are told of it."""
        if self.words is None:
            return self.places[index]
        return f"{self.places[index]}: {self.words(self.items[index])}"

    def keep(self, wanted: Sequence[int]) -> "Samples[Item]":
        """Only the samples at these indices; classes that lose all of theirs are dropped."""
        names = [self.classes[int(self.labels[i])] for i in wanted]
        items, places = [self.items[i] for i in wanted], [self.places[i] for i in wanted]
        splits, groups = ([some[i] for i in wanted] if some else [] for some in (self.splits, self.groups))
        return labelled(items, places, names, self.contents, self.words, splits=splits, groups=groups)

    def of_split(self, split: str) -> NDArray[np.int64]:
        """Indices of the samples that the upload puts into this part."""
        return np.flatnonzero(np.array([given == split for given in self.splits], bool))


def labelled(
    items: list[Item],
    places: Sequence[str],
    names: list[str],
    contents: ContentIds[Item],
    words: Callable[[Item], str] | None = None,
    *,
    splits: Sequence[str] = (),
    groups: Sequence[str] = (),
) -> Samples[Item]:
    """Samples whose classes are the different `names`, in alphabetical order; see `Samples` for the rest.

    Parts or groups of which there are none are dropped.
    """
    classes = sorted(set(names))
    index = {name: i for i, name in enumerate(classes)}
    labels = np.array([index[name] for name in names], np.int64)
    given = list(splits) if any(splits) else []
    return Samples(
        items, places, labels, classes, contents, words, given, list(groups) if any(groups) else []
    )


def check_classes(samples: Samples[Any], what: str, events: Events) -> None:
    """Refuse what no classifier can be made of, and warn of what makes a weak one.

    `what` is the word for the samples, in the plural. Raises TrainingFailed.
    """
    counts = Counter(samples.labels.tolist())
    if len(samples.classes) < 2:
        only = samples.classes[0] if samples.classes else "none"
        raise TrainingFailed(
            "one_class",
            f"A classifier needs at least two classes; the usable {what} have only one ({only[:80]}).",
        )
    if max(counts.values()) < 2:
        raise TrainingFailed(
            "too_few_samples", f"Every class has only one sample. Add more {what} to each class."
        )
    singles = [samples.classes[i][:60] for i, count in sorted(counts.items()) if count == 1]
    if singles:
        events.warning(
            f"{_listed(singles)}: only one sample, so it is used for training and cannot be measured."
        )
    tiny = [f"{samples.classes[i][:60]} ({n})" for i, n in sorted(counts.items()) if 1 < n < _TINY_CLASS]
    if tiny:
        events.warning(
            f"Very few {what} in {_listed(tiny)}. The accuracy of these classes is little more than a guess."
        )
    if max(counts.values()) >= _IMBALANCE * min(counts.values()):
        most, least = max(counts, key=counts.__getitem__), min(counts, key=counts.__getitem__)
        events.warning(
            f"The classes are uneven: {samples.classes[most][:60]} has {counts[most]:,} {what}, "
            f"{samples.classes[least][:60]} has {counts[least]:,}. Look at the figures per class, too."
        )


def _listed(names: list[str]) -> str:
    return ", ".join(names[:8]) + (f" and {len(names) - 8:,} more" if len(names) > 8 else "")
