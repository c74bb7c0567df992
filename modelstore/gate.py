"""Lets few predictions run at once and some wait: more would all be slower, and an endless queue a pile-up."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

from django.conf import settings

from modelstore.errors import FlashError


class Busy(FlashError):
    """More predictions wait than this process lets wait."""

    status = 503
    code = "busy"
    title = "Too many predictions at once"


class Gate:
    """`at_once` callers are inside, `waiting` more wait for their turn; whoever comes then is refused with Busy."""

    def __init__(self, *, at_once: int, waiting: int) -> None:
        self._turns = threading.Semaphore(at_once)
        self._places = threading.BoundedSemaphore(at_once + waiting)

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Waits for a turn and holds it; raises Busy at once when there is no place to wait."""
        if not self._places.acquire(blocking=False):
            raise Busy("Flash is busy with other predictions. Try again in a second.", retry_after=1)
        try:
            with self._turns:
                yield
        finally:
            self._places.release()


@cache
def predictions() -> Gate:
    """The gate of this process."""
    return Gate(at_once=settings.FLASH_PREDICTIONS_AT_ONCE, waiting=settings.FLASH_PREDICTIONS_WAITING)
