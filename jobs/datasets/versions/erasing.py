"""Samples deleted for good: from all versions, from the files, from the uploads that held them."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from django.db import transaction
from django.utils import timezone

from jobs.datasets import dataset_store
from jobs.datasets.intake import sha256_of
from jobs.datasets.versions import changes, manifests, recording, version_files
from jobs.datasets.versions.writing import Written, delete_on_commit
from jobs.errors import NotPossibleNow
from jobs.models import Dataset, DatasetSegment, DatasetVersion, ErasedSample, Job, VersionedDataset
from jobs.states import ACTIVE
from jobs.uploads.samples.columns_file import write_columns
from jobs.uploads.samples.packing import COLUMNS, ID_BYTES, Facts
from modelstore.ground import files, temporary


@dataclass(frozen=True, kw_only=True, slots=True)
class Learner:
    """A model that learnt from a sample that is gone; its number in the admin, for its token is nobody's to tell."""

    number: int
    name: str
    version: int
    trained: datetime | None


def erase(*, dataset: VersionedDataset, numbers: Collection[int]) -> list[Learner]:
    """Deletes samples; answers which models learnt from a version that had one of them, the newest first.

    Raises NotPossibleNow while a job needs an upload that holds them, or learns from a version of them.
    """
    held = list(dataset.uploads.all())
    _check_free(dataset, held)
    having = _recount(dataset, numbers, dry_run=True)
    learners = _learners(dataset, having)
    overwrite(dataset=dataset, numbers=numbers)
    for upload in held:
        dataset_store.discard(upload)
    return learners


def erase_all(*, dataset: VersionedDataset) -> None:
    """Deletes a dataset with all versions and the uploads that they came of. Raises NotPossibleNow as `erase` does."""
    held = list(dataset.uploads.all())
    _check_free(dataset, held)
    with transaction.atomic():
        for upload in held:
            dataset_store.discard(upload)
        recording.discard(dataset)


def overwrite(*, dataset: VersionedDataset, numbers: Collection[int], mark: bool = True) -> None:
    """Takes samples out of files and counts: what is left of them is a number that nothing can be made of.

    Those that no version has need no `mark` that they are deleted.
    """
    written = Written()
    try:
        with temporary.folder() as folder, transaction.atomic():
            VersionedDataset.objects.select_for_update().filter(pk=dataset.pk).first()
            now = timezone.now()
            if mark:
                rows = [ErasedSample(dataset=dataset, number=n, created=now) for n in sorted(numbers)]
                ErasedSample.objects.bulk_create(rows, ignore_conflicts=True, batch_size=1000)
                VersionedDataset.objects.filter(pk=dataset.pk).update(touched=now)
            for segment in dataset.segments.all():
                places = [n - segment.first for n in numbers if 0 <= n - segment.first < segment.count]
                if places:
                    _overwrite(dataset, segment, sorted(places), folder, written)
            if mark:
                _recount(dataset, numbers)
    except BaseException:
        written.forget()
        raise


def _check_free(dataset: VersionedDataset, uploads: Iterable[Dataset]) -> None:
    learning = Job.objects.filter(version__dataset=dataset, status__in=ACTIVE)
    if learning.exists() or any(dataset_store.is_needed(upload) for upload in uploads):
        raise NotPossibleNow(
            "A job is learning from this data. Delete it when the job has ended, or cancel that."
        )


def _learners(dataset: VersionedDataset, versions: Collection[int]) -> list[Learner]:
    jobs = Job.objects.filter(version__dataset=dataset, version__number__in=versions).select_related(
        "model", "continues", "version"
    )
    found = []
    for job in jobs.order_by("-finished"):
        took_over = (job.comparison or {}).get("verdict") == "took_over"
        model = job.model or (job.continues if took_over else None)
        if model is not None and job.version is not None:
            found.append(
                Learner(number=model.pk, name=job.task_name, version=job.version.number, trained=job.finished)
            )
    return found


def _recount(dataset: VersionedDataset, numbers: Collection[int], *, dry_run: bool = False) -> list[int]:
    """Counts all versions anew without these samples; answers which versions had one of them."""
    import numpy as np

    gone = np.array(sorted(numbers), dtype=np.int32)
    having, labels, many = [], changes.Labels.none(dataset.sample_numbers), dataset.has_many_labels
    erased = manifests.erased(dataset)
    for version in dataset.versions.order_by("number"):
        change = version_files.read_change(version)
        labels = labels.after([change])
        codes = labels.codes[gone]
        if (codes >= 0).any():
            having.append(version.number)
        touched = np.isin(change.numbers, gone).any()
        if dry_run or not (touched or version.number in having):
            continue
        left = change.without(erased)
        counts = changes.counted(labels.without(erased).codes, labels.words, many=many)
        DatasetVersion.objects.filter(pk=version.pk).update(
            sample_count=len(labels.without(erased).numbers()),
            classes=[{"label": label, "count": count} for label, count in sorted(counts.items())],
            added=len(left.added()),
            removed=len(left.removed()),
            relabelled=len(left.relabelled()),
            by_class=left.by_class(many=many),
        )
    return having


def _overwrite(
    dataset: VersionedDataset, segment: DatasetSegment, places: list[int], folder: Path, written: Written
) -> None:
    """Both files of a segment under new names, with nothing where these samples were."""
    columns = version_files.read_facts(segment)
    facts = Facts(columns)
    places = [place for place in places if facts.id(place) != bytes(ID_BYTES)]
    if not places:
        return
    arrays = {name: bytearray(columns[name]) for name in COLUMNS if name in columns}
    for place in places:
        arrays["ids"][place * ID_BYTES : (place + 1) * ID_BYTES] = bytes(ID_BYTES)
        start, end = facts.name_span(place)
        arrays["names"][start:end] = b" " * (end - start)
    path = folder / f"facts-{segment.position}"
    write_columns(path, arrays, columns.facts | {"words": _words_left(facts, places)})
    contents = folder / f"contents-{segment.position}"
    _copy_without(segment.contents_key, contents, [facts.span(place) for place in places])
    delete_on_commit([segment.facts_key, segment.contents_key])
    DatasetSegment.objects.filter(pk=segment.pk).update(
        facts_sha256=sha256_of(path),
        facts_key=written.put(path, dataset, "facts"),
        contents_key=written.put(contents, dataset, "contents"),
    )


def _words_left(facts: Facts, places: Collection[int]) -> dict[str, list[str]]:
    """The words of a segment; a source that only these samples had is told no more."""
    gone = {facts.word("groups", place) for place in places} - {""}
    if not gone:
        return facts.words
    kept = {facts.word("groups", place) for place in range(facts.count) if place not in set(places)}
    groups = ["" if word in gone - kept else word for word in facts.words["groups"]]
    return facts.words | {"groups": groups}


def _copy_without(key: str, path: Path, spans: list[tuple[int, int]]) -> None:
    files.fetch(key, path)
    with path.open("r+b") as file:
        for start, end in spans:
            file.seek(start)
            file.write(bytes(end - start))
