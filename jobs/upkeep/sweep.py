"""The periodic sweep: repairs whatever a death left behind. Idempotent; two at once do no harm."""

import logging
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path

from django.conf import settings
from django.db import DatabaseError, transaction
from django.utils import timezone

from jobs.batches import sweep as batches
from jobs.compute import scheduling
from jobs.datasets import dataset_store
from jobs.datasets.versions import recording
from jobs.datasets.versions import retention as versions
from jobs.models import Dataset, Job, VersionedDataset
from jobs.notices import alerts, notifications
from jobs.queue import leases, lifecycle
from jobs.resumable import upload_sessions
from jobs.upkeep import damage, disk, orphans
from jobs.worker import checkpoints, run_folders
from modelstore.ground import temporary
from modelstore.lifetime import deletion_guard
from modelstore.lifetime.deletion_guard import Allowance

logger = logging.getLogger(__name__)

_WORKER_DIED = "The worker that was training this job stopped unexpectedly."


@dataclass(frozen=True, kw_only=True, slots=True)
class SweepResult:
    """How many rows or files each part of the sweep dealt with."""

    requeued: int = 0
    waiting: int = 0
    notices: int = 0
    datasets_forgotten: int = 0
    versions_forgotten: int = 0
    checkpoints_removed: int = 0
    uploads_forgotten: int = 0
    files_removed: int = 0
    temporary_removed: int = 0
    disk_alerts: int = 0
    damaged_models: int = 0
    folders_removed: int = 0
    batches_requeued: int = 0
    batches_waiting: int = 0
    batches_forgotten: int = 0

    def __str__(self) -> str:
        return ", ".join(f"{name.replace('_', ' ')}: {count}" for name, count in asdict(self).items())


def sweep(*, now: datetime | None = None, thorough: bool | None = None) -> SweepResult:
    """One pass; a part that fails is logged and does not stop the others.

    `thorough` also looks for recent files that no row refers to; without a word it does so once an hour.
    """
    allowed = _allowance(now)
    now = allowed.now
    result = {
        "requeued": _guarded(lambda: requeue_lost(now)),
        "waiting": _guarded(scheduling.reconcile),
        "notices": _guarded(notifications.send_due),
        "datasets_forgotten": _guarded(lambda: forget_datasets(allowed)),
        "versions_forgotten": _guarded(lambda: forget_versions(allowed)),
        "checkpoints_removed": _guarded(checkpoints.forget_ended),
        "uploads_forgotten": _guarded(lambda: upload_sessions.forget_stale(allowed)),
        "disk_alerts": _guarded(lambda: disk.look(now)),
        "damaged_models": _guarded(lambda: damage.look(now)),
        "temporary_removed": _guarded(temporary.remove_orphans),
        "folders_removed": _guarded(remove_run_folders) + _guarded(batches.remove_run_folders),
        "batches_requeued": _guarded(lambda: batches.requeue_lost(now)),
        "batches_waiting": _guarded(batches.hint_waiting),
        "batches_forgotten": _guarded(lambda: batches.forget(allowed)),
    }
    _guarded(lambda: _end_deletions(allowed))
    if (orphans.is_time_to_look(now) if thorough is None else thorough) and not allowed.refused:
        result["files_removed"] = _guarded(lambda: orphans.remove_recent(now))
    return SweepResult(**result)


def requeue_lost(now: datetime) -> int:
    """Gives jobs whose lease ran out another try, or ends them when they were cancelled or tried too often."""
    return leases.requeue_lost(
        Job.objects.all(),
        now,
        requeue=lambda job: lifecycle.requeue(job=job, reason=_WORKER_DIED, blame=True),
        finish_cancelled=lambda job: lifecycle.finish_cancelled(job=job),
    )


def forget_datasets(allowed: Allowance) -> int:
    """Deletes uploads that were never used, or kept for another try, once their time is up."""
    count = 0
    for dataset in allowed.first(Dataset.objects.forgotten(allowed.now, settings.FLASH_DATASET_RETENTION)):
        with transaction.atomic():
            dataset_store.discard(dataset)
        count += 1
    return count


def forget_versions(allowed: Allowance) -> int:
    """Deletes versions that neither a model nor a pin needs, once their time is up, and datasets with none left."""
    retention, count = settings.FLASH_DATASET_RETENTION, 0
    for dataset in allowed.first(VersionedDataset.objects.forgotten(allowed.now, retention)):
        with transaction.atomic():
            recording.discard(dataset)
        count += 1
    for dataset in allowed.first(versions.unneeded(allowed.now, retention)):
        count += versions.forget_versions(dataset=dataset, now=allowed.now, retention=retention)
    return count


def _allowance(now: datetime | None) -> Allowance:
    try:
        return deletion_guard.allowance(now)
    except DatabaseError:
        logger.exception("The clock could not be judged, so nothing is deleted by its age.")
        return Allowance(now=timezone.now(), refused="the database did not tell the time")


def _end_deletions(allowed: Allowance) -> int:
    """Counts them, and tells an operator when there are none, or too many."""
    deletion_guard.close(allowed)
    if allowed.refused:
        alerts.tell(
            "clock", f"Nothing is deleted by its age: {allowed.refused}. Correct the clock.", allowed.now
        )
    if allowed.held_back:
        alerts.tell(
            "many_deletions",
            f"{allowed.held_back:,} more uploads, datasets or batches are due to be deleted than go in ten minutes "
            f"({deletion_guard.MOST:,}). If that cannot be right, check the clock and the retention settings.",
            allowed.now,
        )
    return allowed.spent


def remove_run_folders() -> int:
    """Removes run folders on this machine whose job has ended or is gone."""
    return run_folders.remove_ended(Path(settings.FLASH_RUNS_DIR), Job.objects.all())


def _guarded(part: Callable[[], int]) -> int:
    try:
        return part()
    except Exception:
        logger.exception("A part of the sweep failed; the next one tries again.")
        return 0
