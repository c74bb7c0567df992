"""Renews a job's lease from a thread of its own, however busy the worker is."""

import logging
import threading
from types import TracebackType
from typing import Self

from django.conf import settings
from django.db import DatabaseError, connection

from jobs import lifecycle
from jobs.models import Job

logger = logging.getLogger(__name__)


class Heartbeat:
    """A context in which the lease is renewed every third of its length; `lost` is set when it is gone."""

    def __init__(self, job: Job) -> None:
        self.lost = threading.Event()
        self._job = job
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._beat, name="lease", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        self._thread.join(30)

    def _beat(self) -> None:
        period = settings.FLASH_LEASE.total_seconds() / 3
        try:
            while not self._stop.wait(period):
                self._renew()
        finally:
            connection.close()

    def _renew(self) -> None:
        try:
            if not lifecycle.renew(job=self._job):
                self.lost.set()
        except DatabaseError:
            # A restarting database is no reason to give up; the fence decides whether the job is still ours.
            logger.warning(
                "The lease of job %s could not be renewed; trying again.", self._job.pk, exc_info=True
            )
            connection.close()
