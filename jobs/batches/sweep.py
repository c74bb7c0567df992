"""The batches' part of the periodic sweep. Idempotent; two at once do no harm."""

from datetime import datetime
from pathlib import Path

from django.conf import settings

from jobs.batches import lifecycle, runner
from jobs.messaging import hints
from jobs.models import BatchPrediction
from jobs.queue import leases
from jobs.worker import run_folders
from modelstore.lifetime.deletion_guard import Allowance

_WORKER_DIED = "The worker that was predicting it stopped unexpectedly."


def requeue_lost(now: datetime) -> int:
    """Gives batches whose lease ran out another try, or ends them when they were cancelled or tried too often."""
    return leases.requeue_lost(
        BatchPrediction.objects.all(),
        now,
        requeue=lambda batch: lifecycle.requeue(batch=batch, reason=_WORKER_DIED, blame=True),
        finish_cancelled=lambda batch: lifecycle.finish_cancelled(batch=batch),
    )


def hint_waiting() -> int:
    """Hints the worker while any batch waits; answers how many."""
    waiting = BatchPrediction.objects.queued().count()
    if waiting:
        hints.wake_batches()
    return waiting


def forget(allowed: Allowance) -> int:
    """Deletes batches whose model has gone, or whose results were kept long enough."""
    count = 0
    for batch in allowed.first(BatchPrediction.objects.over(allowed.now, settings.FLASH_BATCH_RETENTION)):
        lifecycle.discard(batch)
        count += 1
    return count


def remove_run_folders() -> int:
    """Removes folders on this machine whose batch has ended or is gone."""
    return run_folders.remove_ended(
        Path(settings.FLASH_RUNS_DIR) / runner.FOLDER, BatchPrediction.objects.all()
    )
