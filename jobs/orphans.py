"""Files in storage that no row names: a death between the upload of a file and the commit of its row leaves them."""

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta

from django.core.files.storage import default_storage

from jobs.models import Attempt, BatchPrediction, Dataset
from jobs.states import JobStatus
from modelstore.models import TrainedModel

# Far longer than any upload or publication takes: younger files may belong to a row that is not committed yet.
_GRACE = timedelta(hours=1)
# How far back the hourly look goes: a control plane that was dead for a day misses nothing.
_RECENT = timedelta(hours=25)
_MOST_JOBS = 500


def is_time_to_look(now: datetime) -> bool:
    """In the first minute of each hour; looking twice does no harm."""
    return now.minute == 0


def remove_recent(now: datetime) -> int:
    """Deletes what the uploads and tries of the last day left; answers how many files.

    It asks the storage about few folders, however many models there are: those of the last days' uploads, and those
    of jobs with a try that ended without a model.
    """
    days = {f"{moment:%Y%m%d}" for moment in (now, now - _GRACE, now - _RECENT)}
    tries = Attempt.objects.filter(finished__gt=now - _RECENT - _GRACE, finished__lt=now - _GRACE)
    failed = tries.exclude(outcome=JobStatus.DEPLOYED).order_by("finished")
    jobs = dict.fromkeys(failed.values_list("job_id", flat=True)[:_MOST_JOBS])
    return (
        _of_datasets([f"datasets/{day}" for day in sorted(days)], now)
        + _of_batch_uploads([f"batch-uploads/{day}" for day in sorted(days)], now)
        + _of_jobs([f"jobs/{job}" for job in jobs], now)
    )


def remove_all(now: datetime) -> int:
    """The same over everything that is stored, which lists all of it: after a restore, or once a week."""
    count = _of_datasets(_folders("datasets"), now) + _of_batch_uploads(_folders("batch-uploads"), now)
    for batch_folder in _folders("batches"):
        for folder in _folders(batch_folder):
            count += _remove_unknown(folder, now, lambda key: _has_results(key.rsplit("/", 1)[0]))
    return count + _of_jobs(_folders("jobs"), now)


def _of_datasets(folders: Iterable[str], now: datetime) -> int:
    return sum(
        _remove_unknown(folder, now, lambda key: Dataset.objects.filter(file=key).exists())
        for folder in folders
    )


def _of_batch_uploads(folders: Iterable[str], now: datetime) -> int:
    return sum(
        _remove_unknown(folder, now, lambda key: BatchPrediction.objects.filter(file=key).exists())
        for folder in folders
    )


def _of_jobs(folders: Iterable[str], now: datetime) -> int:
    return sum(
        _remove_unknown(folder, now, lambda key: _is_published(key.rsplit("/", 1)[0]))
        for job_folder in folders
        for folder in _folders(job_folder)
    )


def _is_published(prefix: str) -> bool:
    return TrainedModel.objects.filter(storage_prefix__in=(prefix, prefix + "/")).exists()


def _has_results(prefix: str) -> bool:
    return BatchPrediction.objects.filter(results_prefix=prefix).exists()


def _folders(parent: str) -> list[str]:
    try:
        names, _ = default_storage.listdir(parent)
    except FileNotFoundError:
        return []
    return [f"{parent}/{name}" for name in names if name]


def _remove_unknown(folder: str, now: datetime, is_known: Callable[[str], bool]) -> int:
    try:
        names = default_storage.listdir(folder)[1]
    except FileNotFoundError:
        return 0
    count = 0
    for name in names:
        key = f"{folder}/{name}"
        if is_known(key) or now - default_storage.get_modified_time(key) < _GRACE:
            continue
        default_storage.delete(key)
        count += 1
    return count
