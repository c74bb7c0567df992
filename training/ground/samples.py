"""Samples with their classes and ids, and what no classifier can be made of."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

from training.ground.errors import TrainingFailed
from training.ground.events import Events
from training.kinds import MANY_LABELS, ONE_LABEL

_TINY_CLASS = 10
_IMBALANCE = 10
# Items that a thread takes at a time: a digest of a sentence takes less than handing it over.
_AT_ONCE = 64
Item = TypeVar("Item")
# The label of a sample, or all of its labels.
Names = str | tuple[str, ...]
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

    Where samples may have any number of labels, `labels` are bool [N, C]: which of the classes each has.

    `words` gives what is shown behind the place of an item, where that says more: a sentence itself. Where the upload
    says so, `splits` [N] are the parts that the samples belong to (TRAIN, VALIDATION, TEST or ""), and samples with the
    same word in `groups` [N], other than "", come from one source; empty lists where it says nothing.
    """

    items: list[Item]
    places: Sequence[str]
    labels: NDArray[Any]
    classes: list[str]
    contents: ContentIds[Item]
    words: Callable[[Item], str] | None = None
    splits: list[str] = field(default_factory=list)
    groups: list[str] = field(default_factory=list)

    @property
    def target(self) -> str:
        """What is learnt from each: ONE_LABEL or MANY_LABELS."""
        return MANY_LABELS if self.labels.ndim > 1 else ONE_LABEL

    @property
    def counts(self) -> NDArray[np.int64]:
        """How many samples each class has [C]."""
        return class_counts(self.labels, len(self.classes))

    @property
    def names(self) -> list[Names]:
        """The class of each sample; where it may have any number of labels, a tuple of them."""
        if self.target == ONE_LABEL:
            return [self.classes[int(label)] for label in self.labels]
        return [tuple(self.classes[i] for i in np.flatnonzero(row)) for row in self.labels]

    def taught_by(self, learned: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Of each sample, whether the samples at the indices `learned` have all of its labels."""
        taught = class_counts(self.labels[learned], len(self.classes)) > 0
        one = self.target == ONE_LABEL
        known: NDArray[np.bool_] = taught[self.labels] if one else ~np.any(self.labels & ~taught, axis=1)
        return known

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
        all_names = self.names
        names = [all_names[i] for i in wanted]
        items, places = [self.items[i] for i in wanted], [self.places[i] for i in wanted]
        splits, groups = ([some[i] for i in wanted] if some else [] for some in (self.splits, self.groups))
        return labelled(items, places, names, self.contents, self.words, splits=splits, groups=groups)

    def of_split(self, split: str) -> NDArray[np.int64]:
        """Indices of the samples that the upload puts into this part."""
        return np.flatnonzero(np.array([given == split for given in self.splits], bool))


def labelled(
    items: list[Item],
    places: Sequence[str],
    names: Sequence[Names],
    contents: ContentIds[Item],
    words: Callable[[Item], str] | None = None,
    *,
    splits: Sequence[str] = (),
    groups: Sequence[str] = (),
) -> Samples[Item]:
    """Samples whose classes are the different `names`, in alphabetical order; see `Samples` for the rest.

    A tuple of names says that samples may have any number of labels. Parts or groups of which there are none are
    dropped.
    """
    classes, labels = _indexed(names)
    given = list(splits) if any(splits) else []
    return Samples(
        items, places, labels, classes, contents, words, given, list(groups) if any(groups) else []
    )


def _indexed(names: Sequence[Names]) -> tuple[list[str], NDArray[Any]]:
    """The classes, and of each sample the index of its class [N] or which of them it has [N, C]."""
    if not any(isinstance(name, tuple) for name in names):
        classes = sorted({str(name) for name in names})
        index = {name: i for i, name in enumerate(classes)}
        return classes, np.array([index[str(name)] for name in names], np.int64)
    each = [name if isinstance(name, tuple) else (name,) for name in names]
    classes = sorted({label for labels in each for label in labels})
    index = {name: i for i, name in enumerate(classes)}
    has = np.zeros((len(each), len(classes)), bool)
    for row, labels in zip(has, each, strict=True):
        row[[index[label] for label in labels]] = True
    return classes, has


def class_counts(labels: NDArray[Any], classes: int) -> NDArray[np.int64]:
    """How many of `labels`, [N] or [N, C], each of the classes has, int64 [C]."""
    counts: NDArray[np.int64] = (
        labels.sum(axis=0, dtype=np.int64) if labels.ndim > 1 else np.bincount(labels, minlength=classes)
    )
    return counts


def check_classes(samples: Samples[Any], what: str, events: Events) -> None:
    """Refuse what no classifier can be made of, and warn of what makes a weak one.

    `what` is the word for the samples, in the plural. Raises TrainingFailed.
    """
    counts = dict(enumerate(samples.counts.tolist()))
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
    everywhere = [samples.classes[i][:60] for i, count in counts.items() if count == len(samples.items)]
    if samples.target == MANY_LABELS and everywhere:
        events.warning(
            f"All {what} have the label {_listed(everywhere)}, so nothing tells when it is not there."
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
