"""Which samples a version has, under which labels; as of a time, too."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from jobs.datasets.versions import version_files
from jobs.datasets.versions.changes import Change, Labels, composed, counted
from jobs.errors import VersionUnknown
from jobs.models import DatasetSegment, DatasetVersion, VersionedDataset
from jobs.uploads.samples.packing import ID_BYTES, NO_TIME, Facts

if TYPE_CHECKING:
    import numpy as np

    from jobs.datasets.versions.changes import Integers

# So many versions lie between two that have all labels stored.
STATE_EVERY = 16


@dataclass(frozen=True, slots=True)
class Manifest:
    """The samples of a version: numbers, rising, and labels as places in `words`."""

    dataset: VersionedDataset
    version: DatasetVersion
    numbers: "Integers"
    labels: "Integers"
    words: list[str]

    def __len__(self) -> int:
        return len(self.numbers)

    def classes(self) -> list[dict[str, object]]:
        """[{label, count}], as a dataset tells them."""
        counts = counted(self.labels, self.words, many=self.dataset.has_many_labels)
        return [{"label": label, "count": count} for label, count in sorted(counts.items())]

    def of_label(self, label: str) -> "Manifest":
        """The samples that have this label, among others where they may have several."""
        import numpy as np

        many = self.dataset.has_many_labels
        having = [
            place
            for place, word in enumerate(self.words)
            if (label in json.loads(word) if many else word == label)
        ]
        kept = np.isin(self.labels, np.array(having, dtype=np.int32))
        return replace(self, numbers=self.numbers[kept], labels=self.labels[kept])

    def ids(self) -> "np.ndarray[tuple[int, int], np.dtype[np.uint8]]":
        """The SHA-256 of each content, 32 bytes a row."""
        import numpy as np

        found = np.empty((len(self.numbers), ID_BYTES), dtype=np.uint8)
        for segment, inside in segments_of(self.dataset, self.numbers):
            ids = np.frombuffer(version_files.read_facts(segment)["ids"], dtype=np.uint8)
            places = self.numbers[inside] - segment.first
            found[inside] = ids.reshape(-1, ID_BYTES)[places]
        return found


def get_version(dataset: VersionedDataset, words: str = "") -> DatasetVersion:
    """By its number or its name; the newest without a word, or for "head". VersionUnknown otherwise."""
    rows = dataset.versions.all()
    if words in ("", "head"):
        found = rows.order_by("-number").first()
    elif words.isascii() and words.isdecimal() and len(words) < 10:
        found = rows.filter(number=int(words)).first()
    else:
        found = rows.filter(name=words[:101]).first()
    if found is None:
        raise VersionUnknown(
            "This dataset has no version of this number or name. Look at the list of versions."
        )
    return found


def as_of(dataset: VersionedDataset, time: datetime) -> DatasetVersion:
    """The newest version made by `time`; VersionUnknown where there was none yet."""
    found = dataset.versions.filter(created__lte=time).order_by("-number").first()
    if found is None:
        raise VersionUnknown(
            f"Nothing of this dataset was known at {time:%Y-%m-%d %H:%M}: its first version is younger, or has been "
            "forgotten. Name a version besides the time to take its labels."
        )
    return found


def manifest(dataset: VersionedDataset, version: DatasetVersion, time: datetime | None = None) -> Manifest:
    """The samples of a version; with `time` only those whose event time had come by then."""
    labels = labels_of(dataset, version).without(erased(dataset))
    numbers = labels.numbers()
    if time is not None:
        numbers = numbers[_happened(dataset, numbers, time)]
    return Manifest(dataset, version, numbers, labels.codes[numbers], labels.words)


def labels_of(dataset: VersionedDataset, version: DatasetVersion) -> Labels:
    """The labels of all samples in a version; those that were deleted for good are still among them."""
    rows = dataset.versions.filter(number__lte=version.number).order_by("-number")
    chain: list[DatasetVersion] = []
    for row in rows.defer("classes", "by_class").iterator(STATE_EVERY):
        if row.state_key:
            labels = version_files.read_labels(row).grown(dataset.sample_numbers)
            return labels.after(version_files.read_change(later) for later in reversed(chain))
        chain.append(row)
    raise version_files.VersionDamaged("The beginning of this version is gone.")


def between(dataset: VersionedDataset, earlier: int, later: int, *, erased_too: bool = False) -> Change:
    """What changed from version `earlier` to `later`, which is the newer one; both must be there.

    Without samples that were deleted for good, unless `erased_too`.
    """
    rows = dataset.versions.filter(number__gt=earlier, number__lte=later).order_by("number")
    changes = [version_files.read_change(row) for row in rows.defer("classes", "by_class")]
    change = composed(changes, dataset.sample_numbers)
    return change if erased_too else change.without(erased(dataset))


def erased(dataset: VersionedDataset) -> list[int]:
    """The numbers of samples that were deleted for good."""
    return list(dataset.erased.values_list("number", flat=True))


def segments_of(dataset: VersionedDataset, numbers: "Integers") -> Iterator[tuple[DatasetSegment, slice]]:
    """The segments that have some of `numbers`, which rise, and which of these."""
    import numpy as np

    for segment in dataset.segments.order_by("position"):
        start, end = np.searchsorted(numbers, [segment.first, segment.first + segment.count]).tolist()
        if end > start:
            yield segment, slice(start, end)


def facts_of(segment: DatasetSegment) -> Facts:
    return Facts(version_files.read_facts(segment))


def _happened(dataset: VersionedDataset, numbers: "Integers", time: datetime) -> "np.ndarray":
    """Which of `numbers` have an event time up to `time`."""
    import numpy as np

    latest = microseconds(time)
    happened = np.zeros(len(numbers), dtype=bool)
    for segment, inside in segments_of(dataset, numbers):
        came, columns = microseconds(segment.created), version_files.read_facts(segment)
        if "times" not in columns:
            happened[inside] = came <= latest
            continue
        times = version_files.integers(columns, "times", "<i8")[numbers[inside] - segment.first]
        happened[inside] = np.where(times == NO_TIME, came, times) <= latest
    return happened


def microseconds(time: datetime) -> int:
    """Since 1970, as event times are stored."""
    past = time - datetime(1970, 1, 1, tzinfo=UTC)
    return (past.days * 86_400 + past.seconds) * 1_000_000 + past.microseconds
