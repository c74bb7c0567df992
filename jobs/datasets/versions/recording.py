"""Versions made: of an upload, of data that is added, of labels that change, of an earlier version."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from django.db import DatabaseError, transaction
from django.utils import timezone

from jobs.datasets import dataset_store, reading
from jobs.datasets.versions import changes, manifests, version_files
from jobs.datasets.versions.changes import Change, Labels
from jobs.datasets.versions.segment_files import Packed
from jobs.datasets.versions.writing import Writer, Written
from jobs.errors import NotPossibleNow, SubmissionInvalid
from jobs.models import Dataset, DatasetVersion, VersionedDataset
from jobs.uploads import keeps_samples
from modelstore.ground import sealing, temporary

if TYPE_CHECKING:
    from jobs.datasets.versions.changes import Integers

Kind = DatasetVersion.Kind
# Event times by the SHA-256 of a content, in hex, or by the name of a sample.
Times = Mapping[str, datetime]


@dataclass(frozen=True, kw_only=True, slots=True)
class Told:
    """What a version says of itself: who made it, as far as that is known, and why."""

    author: str = ""
    reason: str = ""


NOBODY = Told()


@dataclass(kw_only=True, slots=True)
class _Draft:
    """A version on its way."""

    kind: Kind
    told: Told
    before: Labels
    change: Change
    packed: Packed | None = None
    restored: int | None = None
    columns: list[str] = field(default_factory=list)


def begin(*, dataset: Dataset, told: Told = NOBODY, times: Times | None = None) -> DatasetVersion:
    """The first version of an upload, which is linked with it; the token of the versions is known to both.

    Answers the version that there is where its data has one. Raises NotPossibleNow for a kind without versions, and
    what reading an upload raises.
    """
    if dataset.version is not None:
        return dataset.version
    if keeps_samples(dataset.task_type) is None:
        raise NotPossibleNow("Versions of such data cannot be kept.")
    dataset.check_usable()
    with temporary.folder() as folder:
        packed = _packed(dataset, folder, times or {})
        rows = VersionedDataset.with_new_token(
            task_type=dataset.task_type, name=dataset.name, columns=packed.columns
        )
        version = add(
            dataset=rows,
            packed=packed,
            folder=folder,
            kind=Kind.UPLOAD,
            told=told,
            also=lambda made: link(dataset, made, rows.token),
        )
    dataset.version = version
    return version


@contextmanager
def begun_unless_unused(*, dataset: Dataset, keep: bool, told: Told = NOBODY) -> Iterator[None]:
    """Within it a dataset is to become a job's, which keeps versions of it if `keep`; without a job there are none.

    Raises as `begin`, but for kinds without versions: of these nothing is kept.
    """
    if not keep or dataset.version_id is not None or keeps_samples(dataset.task_type) is None:
        yield
        return
    version = begin(dataset=dataset, told=told)
    try:
        yield
    finally:
        # A database that is away now: the sweep forgets the versions later, and the first error is the one to tell.
        with suppress(DatabaseError):
            if not version.jobs.exists():
                discard(version.dataset)


def discard(dataset: VersionedDataset) -> None:
    """Deletes all versions; files go after the rows are surely gone."""
    key = f"{version_files.FOLDER}/{dataset.pk}"
    dataset.delete()
    transaction.on_commit(lambda: version_files.delete_folder(key))


def extend(
    *, dataset: VersionedDataset, more: Dataset, told: Told = NOBODY, times: Times | None = None
) -> DatasetVersion:
    """The newest version with the samples of an upload; one that is known takes the label it has there.

    Nothing new is no version: the newest one is answered. Raises SubmissionInvalid where the two do not mix,
    NotPossibleNow where another version came first, and what reading an upload raises.
    """
    _check_mixes(dataset, more)
    with temporary.folder() as folder:
        packed = _packed(more, folder, times or {})
        Dataset.objects.filter(pk=more.pk).update(in_versions=dataset)
        return add(dataset=dataset, packed=packed, folder=folder, told=told)


def add(
    *,
    dataset: VersionedDataset,
    packed: Packed,
    folder: Path,
    kind: Kind = Kind.EXTENSION,
    told: Told = NOBODY,
    also: Callable[[DatasetVersion], None] = lambda version: None,
) -> DatasetVersion:
    """The same of samples that are packed; a dataset that is not saved yet begins with them.

    `folder` is for what has to be put aside; `also` is done together with the new rows.
    """
    known: dict[int, str] = {}
    if dataset._state.adding:
        before = Labels.none(0)
    else:
        head = manifests.get_version(dataset)
        before = manifests.labels_of(dataset, head).without(manifests.erased(dataset))
        known, new = packed.divided(dataset, before)
        packed = packed.only(new, folder)
    before = before.grown(dataset.sample_numbers + packed.count)
    change = _joined(before, known, packed, dataset.sample_numbers)
    if not len(change):
        return head
    draft = _Draft(kind=kind, told=told, before=before, change=change)
    draft.packed = packed if packed.count else None
    draft.columns = [*dataset.columns, *(name for name in packed.columns if name not in dataset.columns)]
    return _stored(dataset, draft, folder, also)


def change_labels(
    *, dataset: VersionedDataset, labels: Mapping[int, str | None], kind: Kind, told: Told = NOBODY
) -> DatasetVersion:
    """A version in which the samples of these numbers have other labels; None leaves a sample out.

    Raises SubmissionInvalid where nothing changes or nothing is left.
    """
    import numpy as np

    head = manifests.get_version(dataset)
    before = manifests.labels_of(dataset, head).without(manifests.erased(dataset))
    words = changes.Words()
    numbers = np.array(sorted(labels), dtype=np.int32)
    after = np.array(
        [
            changes.ABSENT if (label := labels[number]) is None else words.place(label)
            for number in numbers.tolist()
        ],
        dtype=np.int32,
    )
    change = changes.change_to(before, numbers, after, words.list)
    if not len(change):
        raise SubmissionInvalid("Nothing would change: these samples have these labels already.")
    with temporary.folder() as folder:
        return _stored(dataset, _Draft(kind=kind, told=told, before=before, change=change), folder)


def restore(*, dataset: VersionedDataset, version: DatasetVersion, told: Told = NOBODY) -> DatasetVersion:
    """A new version that has what an earlier one had; SubmissionInvalid where the newest one has just that."""
    head = manifests.get_version(dataset)
    change = manifests.between(dataset, version.number, head.number).inverse()
    if not len(change):
        raise SubmissionInvalid(f"Version {head.number} has the same samples and labels already.")
    draft = _Draft(kind=Kind.RESTORE, told=told, before=Labels.none(0), change=change)
    draft.restored = version.number
    with temporary.folder() as folder:
        return _stored(dataset, draft, folder)


def link(dataset: Dataset, version: DatasetVersion, token: str) -> None:
    """Says of an upload that a version has its data; its own token must be known."""
    sealed = sealing.seal(token, sealing.key_of_token(dataset.token))
    Dataset.objects.filter(pk=dataset.pk).update(
        version=version, in_versions=version.dataset, sealed_versions=sealed
    )
    dataset.version, dataset.in_versions, dataset.sealed_versions = version, version.dataset, sealed


def _packed(dataset: Dataset, folder: Path, times: Times) -> Packed:
    dataset_store.materialise(dataset=dataset, run_dir=folder)
    reading.pack(task=dataset.task_type, data=folder / "data", folder=folder)
    packed = Packed.read(folder)
    return packed.timed(times, folder) if times else packed


def _check_mixes(dataset: VersionedDataset, more: Dataset) -> None:
    more.check_usable()
    if dataset.task_type != more.task_type:
        raise SubmissionInvalid("The two datasets are of different kinds.")
    if dataset.has_many_labels != (more.findings.get("target") == "many_labels"):
        raise SubmissionInvalid("One label a sample and several labels a sample cannot be mixed.")


def _joined(before: Labels, known: Mapping[int, str], packed: Packed, first: int) -> Change:
    """Labels of samples that were known, and of those that came."""
    import numpy as np

    words = changes.Words(packed.words)
    old = np.array(sorted(known), dtype=np.int32)
    labels = np.array([words.place(known[number]) for number in old.tolist()], dtype=np.int32)
    numbers: Integers = np.concatenate([old, packed.numbers(first)])
    return changes.change_to(before, numbers, np.concatenate([labels, packed.labels]), words.list)


def _stored(
    dataset: VersionedDataset,
    draft: _Draft,
    folder: Path,
    also: Callable[[DatasetVersion], None] = lambda version: None,
) -> DatasetVersion:
    """Claims the next number and writes files and rows; all or nothing. Raises NotPossibleNow."""
    number, count = dataset.head + 1, draft.packed.count if draft.packed else 0
    written = Written()
    try:
        with transaction.atomic():
            if dataset._state.adding:
                dataset.save(force_insert=True)
            columns = draft.columns or dataset.columns
            claimed = VersionedDataset.objects.filter(pk=dataset.pk, head=number - 1).update(
                head=number,
                sample_numbers=dataset.sample_numbers + count,
                columns=columns,
                touched=timezone.now(),
            )
            if not claimed:
                raise NotPossibleNow("Another change of this dataset came first. Look at it and try again.")
            version = _described(dataset, number, draft)
            writer = Writer(dataset, folder, written)
            if draft.packed is not None:
                writer.store_segment(draft.packed, version)
            if number > 1:
                writer.store_change(version, draft.change)
            if number % manifests.STATE_EVERY == 1:
                before = draft.before if len(draft.before.codes) else _labels_before(dataset, number)
                writer.store_labels(version, before.after([draft.change]))
            version.save(force_insert=True)
            also(version)
    except BaseException:
        written.forget()
        raise
    dataset.head, dataset.columns = number, columns
    dataset.sample_numbers += count
    return version


def _described(dataset: VersionedDataset, number: int, draft: _Draft) -> DatasetVersion:
    change = draft.change
    by_class = change.by_class(many=dataset.has_many_labels)
    earlier = dataset.versions.filter(number=number - 1).first() if number > 1 else None
    counts = {entry["label"]: entry["count"] for entry in earlier.classes} if earlier else {}
    for label, (came, went) in by_class.items():
        counts[label] = counts.get(label, 0) + came - went
    classes = [{"label": label, "count": count} for label, count in sorted(counts.items()) if count > 0]
    added, removed = len(change.added()), len(change.removed())
    total = (earlier.sample_count if earlier else 0) + added - removed
    if not total:
        raise SubmissionInvalid("Nothing would be left of this dataset.")
    return DatasetVersion(
        dataset=dataset,
        number=number,
        kind=draft.kind,
        author=draft.told.author[:100],
        reason=draft.told.reason[:500],
        restored=draft.restored,
        sample_count=total,
        classes=classes,
        added=added,
        removed=removed,
        relabelled=len(change.relabelled()),
        by_class=by_class,
    )


def _labels_before(dataset: VersionedDataset, number: int) -> Labels:
    return manifests.labels_of(dataset, dataset.versions.get(number=number - 1))
