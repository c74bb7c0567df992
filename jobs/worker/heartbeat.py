"""Renews a lease from a thread of its own, however busy the worker is."""

import logging
import threading
from contextvars import copy_context
from types import TracebackType
from typing import Self

from django.conf import settings
from django.db import DatabaseError, connection

from jobs.models.leased import Leased
from jobs.queue import leases

logger = logging.getLogger(__name__)


class Heartbeat:
    """A context in which the lease is renewed every third of its length; `lost` is set when it is gone."""

    def __init__(self, row: Leased) -> None:
        self.lost = threading.Event()
        self._row = row
        self._stop = threading.Event()
        self._thread = threading.Thread(
            target=copy_context().run, args=(self._beat,), name="lease", daemon=True
        )

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
            if not leases.renew(self._row):
                self.lost.set()
        except DatabaseError:
            # A restarting database is no reason to give up; the fence decides whether the job is still ours.
            logger.warning(
                "The lease of %s %s could not be renewed; trying again.",
                self._row._meta.verbose_name,
                self._row.pk,
                exc_info=True,
            )
            connection.close()
