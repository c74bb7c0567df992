"""Recent files that no row refers to, for the tick; `jobs.upkeep.storage_sweep` compares everything once a day."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from django.core.files.storage import default_storage

from jobs.models import Attempt
from jobs.states import JobStatus
from jobs.upkeep import storage_sweep
from jobs.upkeep.storage_sweep import GRACE
from modelstore.ground import files

# How far back the hourly look goes; what is older waits for the daily comparison.
_RECENT = timedelta(hours=3)
_MOST_JOBS = 500


def is_time_to_look(now: datetime) -> bool:
    """In the first minute of each hour; looking twice does no harm."""
    return now.minute == 0


def remove_recent(now: datetime) -> int:
    """Deletes what the uploads and tries of the last hours left, once it is older than GRACE; answers how many files.

    It asks the storage about few folders, however many models there are.
    """
    count = 0
    for folder in _folders(now):
        for page in storage_sweep.pages(files.walk(folder)):
            named = storage_sweep.named(folder.split("/")[0], [file.key for file in page])
            for file in page:
                if file.key not in named and now - file.modified > GRACE:
                    default_storage.delete(file.key)
                    count += 1
    return count


def _folders(now: datetime) -> Iterator[str]:
    """Those of uploads of these days, and of jobs with a try that ended without a model."""
    for day in sorted({f"{moment:%Y%m%d}" for moment in (now, now - _RECENT)}):
        yield f"datasets/{day}"
        yield f"batch-uploads/{day}"
    tries = Attempt.objects.filter(finished__gt=now - _RECENT, finished__lt=now - GRACE)
    failed = tries.exclude(outcome=JobStatus.DEPLOYED).order_by("finished")
    for job in dict.fromkeys(failed.values_list("job_id", flat=True)[:_MOST_JOBS]):
        yield f"jobs/{job}"
