"""Files without rows and rows without files, found by one listing of the storage; safe to run at any time, twice."""

import logging
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import chain, islice

from django.core.files.storage import default_storage

from jobs.datasets import dataset_store as datasets
from jobs.models import BatchPrediction, Checkpoint, Dataset, DatasetSegment, DatasetVersion, UploadSession
from jobs.notices import alerts
from jobs.resumable import bucket_parts, disk_pieces
from modelstore.bundles import shared_parts
from modelstore.ground import files
from modelstore.ground.files import StoredFile
from modelstore.models import ModelVersion, SharedPart, TrainedModel
from training.bundle.manifest import MANIFEST_FILE

logger = logging.getLogger(__name__)

# Far longer than any upload or publication takes: younger files may belong to a row that is not committed yet.
GRACE = timedelta(hours=1)
# A database that was put back to yesterday has no rows for today's files: somebody should look before more goes.
MOST_FILES = 10_000
_PAGE = 500


@dataclass(kw_only=True, slots=True)
class Report:
    """What was found; in a dry run nothing of it was changed."""

    files: list[str] = field(default_factory=list)
    bytes: int = 0
    uploads: list[str] = field(default_factory=list)
    datasets: list[str] = field(default_factory=list)
    checkpoints: list[str] = field(default_factory=list)
    models: list[str] = field(default_factory=list)
    shared: list[str] = field(default_factory=list)

    @property
    def is_cut_short(self) -> bool:
        return len(self.files) >= MOST_FILES


def sweep_storage(*, now: datetime, dry_run: bool = False) -> Report:
    """Deletes files that no row refers to, aborts uploads that no row knows, and deals with rows whose file is gone.

    A dataset or checkpoint without its file is forgotten; a model without its files stays, answers 503, and the
    operator is told, as of what models share and is gone. Raises what the storage raises.
    """
    report = Report()
    seen = _sweep_files(report, now, dry_run)
    _sweep_shared(report, now, dry_run)
    _sweep_pieces(report, now, dry_run)
    _sweep_rows(report, seen, now, dry_run)
    if report.models and not dry_run:
        alerts.tell("files", f"Files of {len(report.models)} models are gone: {report.models[0]}, ...", now)
    if report.shared and not dry_run:
        alerts.tell("shared_files", _SHARED_GONE.format(count=len(report.shared), key=report.shared[0]), now)
    return report


_SHARED_GONE = (
    "{count} files that models share are gone: {key}, ... The models that need them answer 503. Put them back from a "
    "backup."
)


def _sweep_files(report: Report, now: datetime, dry_run: bool) -> set[str]:
    """Answers what is there: keys of datasets and checkpoints, folders of models."""
    seen: set[str] = set()
    for folder, known in _KNOWN.items():
        for page in pages(files.walk(folder)):
            named = known([file.key for file in page])
            for file in page:
                seen.add(file.key if folder in ("datasets", "checkpoints") else _folder_of_model(file.key))
                if file.key not in named and now - file.modified > GRACE and not report.is_cut_short:
                    report.files.append(file.key)
                    report.bytes += file.size
                    if not dry_run:
                        default_storage.delete(file.key)
    return seen


def _sweep_shared(report: Report, now: datetime, dry_run: bool) -> None:
    """What models share goes when none needs it any more, and no upload has asked for it for long."""
    seen: set[str] = set()
    for page in pages(files.walk(SharedPart.FOLDER)):
        seen.update(file.key for file in page)
        old = [file for file in page if now - file.modified > GRACE]
        unneeded = set(shared_parts.unneeded([file.key for file in old], now))
        for file in old:
            if file.key not in unneeded or report.is_cut_short:
                continue
            if dry_run or shared_parts.remove(file.key, now):
                report.files.append(file.key)
                report.bytes += file.size
    for part in SharedPart.objects.filter(wanted__lt=now - GRACE).iterator(_PAGE):
        # As of models: a listing may be older than the row.
        if part.key in seen or default_storage.exists(part.key):
            continue
        if part.models.exists():
            report.shared.append(part.key)
        elif not dry_run:
            shared_parts.remove(part.key, now)


def _sweep_pieces(report: Report, now: datetime, dry_run: bool) -> None:
    """Unfinished uploads, here and in the bucket."""
    folder = disk_pieces.folder()
    for path in folder.iterdir() if folder.is_dir() else ():
        modified = datetime.fromtimestamp(path.stat().st_mtime, UTC)
        if now - modified > GRACE and not UploadSession.objects.filter(key=path.name).exists():
            report.uploads.append(path.name)
            if not dry_run:
                disk_pieces.remove(path.name)
    if files.local_path("datasets") is not None:
        return
    for key, multipart_id, begun in bucket_parts.unfinished("datasets/"):
        if now - begun > GRACE and not UploadSession.objects.filter(key=key).exists():
            report.uploads.append(key)
            if not dry_run:
                bucket_parts.abort(key, multipart_id)


def _sweep_rows(report: Report, seen: set[str], now: datetime, dry_run: bool) -> None:
    old = now - GRACE
    for dataset in Dataset.objects.filter(created__lt=old).only("file").iterator(_PAGE):
        if str(dataset.file.name) in seen or default_storage.exists(str(dataset.file.name)):
            continue
        report.datasets.append(str(dataset.file.name))
        # One that a job waits for stays: the job then fails with a sentence.
        if not dry_run and not datasets.is_needed(dataset):
            dataset.delete()
    for checkpoint in Checkpoint.objects.filter(created__lt=old).iterator(_PAGE):
        if checkpoint.key not in seen and not default_storage.exists(checkpoint.key):
            report.checkpoints.append(checkpoint.key)
            if not dry_run:
                checkpoint.delete()
    models = TrainedModel.objects.filter(created__lt=old).values_list("storage_prefix", flat=True)
    for prefix in models.iterator(_PAGE):
        # A listing may be older than the row, and the demo model lies elsewhere: asked once more before it is told.
        if prefix.strip("/") not in seen and not default_storage.exists(
            f"{prefix.strip('/')}/{MANIFEST_FILE}"
        ):
            report.models.append(prefix)


def _folder_of_model(key: str) -> str:
    """The folder of a bundle for its model.json, else the key itself."""
    folder, _, name = key.rpartition("/")
    return folder if name == MANIFEST_FILE else key


def named(folder: str, keys: list[str]) -> set[str]:
    """Those of `keys`, all below `folder` (datasets, jobs, batches, ...), that a row names."""
    return _KNOWN[folder](keys)


def pages(found: Iterable[StoredFile]) -> Iterator[list[StoredFile]]:
    """As many at a time as one question to the database holds."""
    iterator = iter(found)
    while page := list(islice(iterator, _PAGE)):
        yield page


def _of_datasets(keys: list[str]) -> set[str]:
    """A file sent to the bucket is named by its upload until it has been checked."""
    rows = set(Dataset.objects.filter(file__in=keys).values_list("file", flat=True))
    return rows | set(UploadSession.objects.filter(key__in=keys).values_list("key", flat=True))


def _of_batches(keys: list[str]) -> set[str]:
    return set(BatchPrediction.objects.filter(file__in=keys).values_list("file", flat=True))


def _of_checkpoints(keys: list[str]) -> set[str]:
    return set(Checkpoint.objects.filter(key__in=keys).values_list("key", flat=True))


def _of_models(keys: list[str]) -> set[str]:
    folders = {key.rpartition("/")[0] for key in keys}
    asked = folders | {f"{folder}/" for folder in folders}
    rows = (
        model.objects.filter(storage_prefix__in=asked).values_list("storage_prefix", flat=True)
        for model in (TrainedModel, ModelVersion)
    )
    known = {prefix.strip("/") for prefix in chain.from_iterable(rows)}
    return {key for key in keys if key.rpartition("/")[0] in known}


def _of_results(keys: list[str]) -> set[str]:
    folders = {key.rpartition("/")[0] for key in keys}
    known = set(
        BatchPrediction.objects.filter(results_prefix__in=folders).values_list("results_prefix", flat=True)
    )
    return {key for key in keys if key.rpartition("/")[0] in known}


def _of_versions(keys: list[str]) -> set[str]:
    found: set[str] = set()
    for rows, columns in (
        (DatasetSegment.objects, ("facts_key", "contents_key")),
        (DatasetVersion.objects, ("delta_key", "state_key")),
    ):
        for column in columns:
            found.update(rows.filter(**{f"{column}__in": keys}).values_list(column, flat=True))
    return found


# Folder of the storage -> which of some keys a row names.
_KNOWN: dict[str, Callable[[list[str]], set[str]]] = {
    "datasets": _of_datasets,
    "batch-uploads": _of_batches,
    "checkpoints": _of_checkpoints,
    "jobs": _of_models,
    "batches": _of_results,
    "versions": _of_versions,
}
