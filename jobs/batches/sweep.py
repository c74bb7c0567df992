"""The batches' part of the periodic sweep. Idempotent; two at once do no harm."""

import shutil
from datetime import datetime
from pathlib import Path

from django.conf import settings

from jobs.batches import lifecycle, runner
from jobs.errors import LeaseLost
from jobs.messaging import hints
from jobs.models import BatchPrediction

_WORKER_DIED = "The worker that predicted it stopped without a word."


def requeue_lost(now: datetime) -> int:
    """Gives batches whose lease ran out another try, or ends them when they were cancelled or tried too often."""
    count = 0
    for batch in BatchPrediction.objects.lost(now):
        try:
            if batch.cancel_requested:
                lifecycle.finish_cancelled(batch=batch)
            else:
                lifecycle.requeue(batch=batch, reason=_WORKER_DIED, blame=True)
            count += 1
        except LeaseLost:
            continue
    return count


def hint_waiting() -> int:
    """Hints the worker while any batch waits; answers how many."""
    waiting = BatchPrediction.objects.queued().count()
    if waiting:
        hints.wake_batches()
    return waiting


def forget(now: datetime) -> int:
    """Deletes batches whose model has gone, or whose results were kept long enough."""
    count = 0
    for batch in BatchPrediction.objects.over(now, settings.FLASH_BATCH_RETENTION)[:200]:
        lifecycle.discard(batch)
        count += 1
    return count


def remove_run_folders() -> int:
    """Removes folders on this machine whose batch has ended or is gone."""
    root = Path(settings.FLASH_RUNS_DIR) / runner.FOLDER
    if not root.is_dir():
        return 0
    folders = {int(path.name): path for path in root.iterdir() if path.name.isdecimal()}
    needed = set(BatchPrediction.objects.active().filter(pk__in=folders).values_list("pk", flat=True))
    for pk in folders.keys() - needed:
        shutil.rmtree(folders[pk], ignore_errors=True)
    return len(folders.keys() - needed)
