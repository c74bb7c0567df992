"""Brings servers and workers in line with the job rows."""

import logging

from jobs.compute import current_driver
from jobs.messaging import hints
from jobs.models import Job

logger = logging.getLogger(__name__)


def reconcile() -> int:
    """Starts what the waiting jobs need and hints the training workers; answers how many jobs wait."""
    waiting = Job.objects.queued().count()
    try:
        current_driver().reconcile()
    except Exception:
        # A cloud that does not answer must not keep the workers that are there from their work.
        logger.exception("The machines could not be brought in line; the next pass tries again.")
    if waiting:
        hints.wake_trainers()
    return waiting
