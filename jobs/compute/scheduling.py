"""Brings servers and workers in line with the job rows."""

import logging

from django.conf import settings

from jobs.compute import current_driver
from jobs.compute.local import LocalDriver
from jobs.lanes import has_short_lane
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
        hints.wake_trainers(short=LocalDriver.name == settings.FLASH_COMPUTE and has_short_lane())
    return waiting
