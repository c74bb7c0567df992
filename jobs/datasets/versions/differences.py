"""What differs between two versions, and samples of one, in words for people."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from jobs.datasets.versions import manifests, training_sets
from jobs.datasets.versions.changes import Change
from jobs.datasets.versions.manifests import Manifest
from jobs.models import DatasetVersion, VersionedDataset

if TYPE_CHECKING:
    from jobs.datasets.versions.changes import Integers

MOST_SHOWN = 12


@dataclass(frozen=True, kw_only=True, slots=True)
class Difference:
    """How many samples came, went and have another label, by class, and some of them.

    `by_class` is {label: [samples that came, that went]}; `shown` are dicts of `described` with `before` and `after`.
    """

    earlier: DatasetVersion
    later: DatasetVersion
    added: int
    removed: int
    relabelled: int
    by_class: dict[str, list[int]]
    shown: list[dict[str, Any]] = field(default_factory=list)


def compare(
    *, dataset: VersionedDataset, earlier: DatasetVersion, later: DatasetVersion, shown: int = MOST_SHOWN
) -> Difference:
    """What leads from `earlier` to `later`, whichever was made first; with some of the samples."""
    low, high = sorted((earlier, later), key=lambda version: version.number)
    change = manifests.between(dataset, low.number, high.number)
    if low is not earlier:
        change = change.inverse()
    return Difference(
        earlier=earlier,
        later=later,
        added=len(change.added()),
        removed=len(change.removed()),
        relabelled=len(change.relabelled()),
        by_class=change.by_class(many=dataset.has_many_labels),
        shown=_some(dataset, later, change, shown) if shown else [],
    )


def page_of(manifest: Manifest, start: int, count: int, *, previews: bool = False) -> list[dict[str, Any]]:
    """Some samples of a version, in their order, see `described`."""
    numbers = manifest.numbers[start : start + count]
    labels = manifest.labels[start : start + count]
    part = Manifest(manifest.dataset, manifest.version, numbers, labels, manifest.words)
    found = described(manifest.dataset, numbers)
    shown = training_sets.previews(part) if previews and len(numbers) else [{} for _ in found]
    many = manifest.dataset.has_many_labels
    return [
        sample | {"label": label_of(manifest.words[code], many=many)} | seen
        for sample, code, seen in zip(found, labels.tolist(), shown, strict=True)
    ]


def described(dataset: VersionedDataset, numbers: "Integers") -> list[dict[str, Any]]:
    """Of each sample number, id (the SHA-256 of its content, in hex), name, split, source, time (None without one)."""
    found = []
    for segment, inside in manifests.segments_of(dataset, numbers):
        facts = manifests.facts_of(segment)
        for number in numbers[inside].tolist():
            place = number - segment.first
            time = facts.time(place)
            found.append(
                {
                    "number": number,
                    "id": facts.id(place).hex(),
                    "name": facts.name(place),
                    "split": facts.word("splits", place),
                    "source": facts.word("groups", place),
                    "time": None if time is None else moment(time),
                }
            )
    return found


def moment(microseconds: int) -> datetime:
    """An event time as it is stored."""
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=microseconds)


def label_of(word: str, *, many: bool) -> Any:
    """A label for people and programs: the list of them where there may be many."""
    return json.loads(word) if many else word


def _some(
    dataset: VersionedDataset, version: DatasetVersion, change: Change, most: int
) -> list[dict[str, Any]]:
    """As many of each sort as there are, until there are `most`: relabelled ones first, they tell most."""
    import numpy as np

    sorts = (change.relabelled(), change.added(), change.removed())
    some = np.sort(np.concatenate([numbers[:most] for numbers in sorts])[:most])
    if not len(some):
        return []
    places = np.searchsorted(change.numbers, some)
    before, after = change.before[places], change.after[places]
    many = dataset.has_many_labels
    # Any label does: what is looked at is the content.
    part = Manifest(dataset, version, some, np.where(after < 0, before, after), change.words)
    labels = [[_word(change.words, code, many=many) for code in codes.tolist()] for codes in (before, after)]
    return [
        sample | {"before": old, "after": new} | seen
        for sample, old, new, seen in zip(
            described(dataset, some), *labels, training_sets.previews(part), strict=True
        )
    ]


def _word(words: Sequence[str], code: int, *, many: bool) -> Any:
    return None if code < 0 else label_of(words[code], many=many)


def by_class_rows(by_class: Mapping[str, Sequence[int]]) -> list[dict[str, Any]]:
    """The classes of a difference, those that changed most first."""
    rows = [{"label": label, "came": came, "went": went} for label, (came, went) in by_class.items()]
    return sorted(rows, key=lambda row: -(int(row["came"]) + int(row["went"])))
