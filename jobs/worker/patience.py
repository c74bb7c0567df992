"""Waits for a storage that is away: hours of training are not lost to minutes without a bucket."""

import logging
import time
from collections.abc import Callable
from typing import TypeVar

from django.conf import settings
from django.utils import timezone

from jobs.errors import LeaseLost
from jobs.models.leased import Leased
from jobs.notices import alerts
from jobs.queue import leases
from jobs.queue.leases import persist
from jobs.worker.heartbeat import Heartbeat
from jobs.worker.stop_request import STOPPING
from jobs.worker.watch import CancelRequested
from modelstore.ground.files import StorageUnavailable

logger = logging.getLogger(__name__)
T = TypeVar("T")

NO_STORAGE = "The storage did not respond for a while."
_ALERT = "The file storage does not respond to {server}, so jobs wait there: {reason}"
_PAUSES = (2, 5, 10, 20, 30)
_LOOK_SECONDS = 1.0


def patiently(work: Callable[[], T], *, row: Leased, heartbeat: Heartbeat) -> T:
    """The answer of `work`, which may be repeated, once the storage answers.

    Raises StorageUnavailable after FLASH_STORAGE_PATIENCE or when this worker stops, LeaseLost, CancelRequested, and
    what else `work` raises.
    """
    end = time.monotonic() + settings.FLASH_STORAGE_PATIENCE.total_seconds()
    count = 0
    while True:
        try:
            return work()
        except StorageUnavailable as error:
            pause = _PAUSES[min(count, len(_PAUSES) - 1)]
            if STOPPING.is_set() or time.monotonic() + pause > end:
                raise
            logger.warning("The storage does not respond; trying again in %s s.", pause)
            if count:
                _tell(row, error.__cause__ or error)
            count += 1
        _wait(pause, row, heartbeat)


def _tell(row: Leased, reason: BaseException) -> None:
    server = getattr(row, "server", None) or "this server"
    message = _ALERT.format(server=server, reason=str(reason)[:300])
    persist(lambda: alerts.tell("storage", message, timezone.now()))


def _wait(seconds: float, row: Leased, heartbeat: Heartbeat) -> None:
    until = time.monotonic() + seconds
    while (left := until - time.monotonic()) > 0 and not STOPPING.wait(min(left, _LOOK_SECONDS)):
        if heartbeat.lost.is_set():
            raise LeaseLost
        if leases.is_cancel_requested(row):
            raise CancelRequested
