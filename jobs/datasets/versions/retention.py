"""What is not needed any more: whole datasets, single versions, and samples that no version has."""

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F, QuerySet

from jobs.datasets.versions import changes, erasing, manifests, version_files
from jobs.datasets.versions.changes import Labels
from jobs.datasets.versions.writing import Writer, Written, delete_on_commit
from jobs.models import DatasetVersion, VersionedDataset
from modelstore.ground import temporary


def unneeded(now: datetime, retention: timedelta) -> QuerySet[VersionedDataset]:
    """The datasets that have versions older than `retention` which neither model nor pin nor job needs."""
    rows = DatasetVersion.objects.filter(pinned=False, created__lt=now - retention)
    rows = rows.filter(number__lt=F("dataset__head")).exclude(pk__in=DatasetVersion.objects.needed())
    return VersionedDataset.objects.filter(pk__in=rows.values("dataset"))


def forget_versions(*, dataset: VersionedDataset, now: datetime, retention: timedelta) -> int:
    """Takes those versions out of the line, and samples that no version has any more out of the files.

    The changes of a version that goes are added to those of the next one. Answers how many went.
    """
    written = Written()
    try:
        with temporary.folder() as folder, transaction.atomic():
            VersionedDataset.objects.select_for_update().filter(pk=dataset.pk).first()
            dataset.refresh_from_db()
            old = set(
                dataset.versions.filter(pinned=False, created__lt=now - retention, number__lt=dataset.head)
                .exclude(pk__in=DatasetVersion.objects.needed())
                .values_list("number", flat=True)
            )
            if not old:
                return 0
            _close_gaps(Writer(dataset, folder, written), old)
            gone = dataset.versions.filter(number__in=old)
            delete_on_commit([key for row in gone for key in (row.delta_key, row.state_key)])
            gone.delete()
    except BaseException:
        written.forget()
        raise
    if lost := _in_no_version(dataset):
        erasing.overwrite(dataset=dataset, numbers=lost, mark=False)
    return len(old)


def _close_gaps(writer: Writer, old: set[int]) -> None:
    """Each version behind a gap says what changed since the one before the gap."""
    kept: DatasetVersion | None = None
    gap: list[DatasetVersion] = []
    for version in writer.dataset.versions.order_by("number"):
        if version.number in old:
            gap.append(version)
            continue
        if gap:
            _join(writer, kept, gap, version)
        kept, gap = version, []


def _join(
    writer: Writer, kept: DatasetVersion | None, gap: list[DatasetVersion], version: DatasetVersion
) -> None:
    dataset, many = writer.dataset, writer.dataset.has_many_labels
    delete_on_commit([version.delta_key])
    labels = manifests.labels_of(dataset, version)
    # The array of all labels went with the gap, or there is nothing before.
    if not version.state_key and (kept is None or any(row.state_key for row in gap)):
        writer.store_labels(version, labels)
    if kept is None:
        numbers = labels.numbers()
        nothing = Labels.none(len(labels.codes))
        change = changes.change_to(nothing, numbers, labels.codes[numbers], labels.words)
        version.delta_key = version.delta_sha256 = ""
    else:
        change = manifests.between(dataset, kept.number, version.number, erased_too=True)
        writer.store_change(version, change)
    left = change.without(manifests.erased(dataset))
    version.added, version.removed = len(left.added()), len(left.removed())
    version.relabelled, version.by_class = len(left.relabelled()), left.by_class(many=many)
    version.save()


def _in_no_version(dataset: VersionedDataset) -> list[int]:
    """Numbers of samples that no version has, and that are not deleted yet."""
    import numpy as np

    seen = np.zeros(dataset.sample_numbers, dtype=bool)
    seen[manifests.erased(dataset)] = True
    for version in dataset.versions.order_by("number"):
        change = version_files.read_change(version)
        seen[change.numbers[change.after >= 0]] = True
        # What the first one has came in it; what a later one took away was in an earlier one.
        seen[change.numbers[change.before >= 0]] = True
    found: list[int] = np.flatnonzero(~seen).tolist()
    return found
