"""Files of versions written: changes, labels and segments."""

import uuid
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path

from django.core.files.storage import default_storage
from django.db import transaction

from jobs.datasets.intake import sha256_of
from jobs.datasets.versions.changes import ABSENT, Change, Labels
from jobs.datasets.versions.segment_files import Packed
from jobs.datasets.versions.version_files import FOLDER
from jobs.models import DatasetSegment, DatasetVersion, VersionedDataset
from jobs.uploads.samples.columns_file import write_columns
from modelstore.ground import files


@dataclass(slots=True)
class Written:
    """Files that were stored for rows that are not there yet; `forget` takes them away again."""

    keys: list[str] = field(default_factory=list)

    def put(self, path: Path, dataset: VersionedDataset, suffix: str) -> str:
        """Stores a file under a new key of this dataset."""
        key = f"{FOLDER}/{dataset.pk}/{uuid.uuid4().hex}.{suffix}"
        self.keys.append(key)
        files.put(path, key)
        return key

    def forget(self) -> None:
        for key in self.keys:
            default_storage.delete(key)


def delete_on_commit(keys: Iterable[str]) -> None:
    """Files go after it is sure that no row names them."""

    def delete() -> None:
        for key in keys:
            default_storage.delete(key)

    keys = [key for key in keys if key]
    transaction.on_commit(delete)


@dataclass(frozen=True, slots=True)
class Writer:
    """Writes files of a dataset by way of `folder`, and says in rows that are not saved yet where they are."""

    dataset: VersionedDataset
    folder: Path
    written: Written

    def store_segment(self, packed: Packed, version: DatasetVersion) -> None:
        """The samples that came in with a version; writes the row, too."""
        DatasetSegment.objects.create(
            dataset=self.dataset,
            position=self.dataset.segments.count(),
            first=self.dataset.sample_numbers,
            count=packed.count,
            created=version.created,
            size_bytes=packed.facts.stat().st_size + packed.contents.stat().st_size,
            facts_sha256=sha256_of(packed.facts),
            facts_key=self.written.put(packed.facts, self.dataset, "facts"),
            contents_key=self.written.put(packed.contents, self.dataset, "contents"),
        )

    def store_change(self, version: DatasetVersion, change: Change) -> None:
        """What a version changed."""
        path = self.folder / f"change-{version.number}"
        columns = {"numbers": change.numbers, "before": change.before, "after": change.after}
        write_columns(path, columns, {"words": change.words})
        version.delta_sha256 = sha256_of(path)
        version.size_bytes += path.stat().st_size
        version.delta_key = self.written.put(path, self.dataset, "change")

    def store_labels(self, version: DatasetVersion, labels: Labels) -> None:
        """The labels that all samples have in a version."""
        path = self.folder / f"labels-{version.number}"
        tidy = _tidied(labels)
        write_columns(path, {"codes": tidy.codes}, {"words": tidy.words})
        version.state_sha256 = sha256_of(path)
        version.size_bytes += path.stat().st_size
        version.state_key = self.written.put(path, self.dataset, "labels")


def _tidied(labels: Labels) -> Labels:
    """Without words that no sample has any more."""
    import numpy as np

    used = np.unique(labels.codes[labels.codes >= 0])
    table = np.full(len(labels.words) + 1, ABSENT, dtype=np.int32)
    table[used] = np.arange(len(used), dtype=np.int32)
    return replace(labels, codes=table[labels.codes], words=[labels.words[place] for place in used.tolist()])
