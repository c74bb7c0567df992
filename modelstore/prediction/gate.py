"""Lets few predictions run at once and some wait: more would all be slower, and an endless queue a pile-up."""

import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

from django.conf import settings

from modelstore.ground.errors import FlashError
from modelstore.prediction import measures


class Busy(FlashError):
    """More predictions wait than this process lets wait."""

    status = 503
    code = "busy"
    title = "Too many predictions at once"


class Gate:
    """`at_once` callers are inside, `waiting` more wait for their turn; whoever comes then is refused with Busy.

    Turns go in the order of arrival: a semaphore of the standard library lets newcomers overtake, and the unlucky
    wait several times as long as the others.
    """

    def __init__(self, *, at_once: int, waiting: int) -> None:
        self._lock = threading.Lock()
        self._free = at_once
        self._most_waiting = waiting
        self._queue: deque[threading.Lock] = deque()

    @property
    def waiting(self) -> int:
        """How many wait right now."""
        return len(self._queue)

    @contextmanager
    def turn(self, seconds: float = -1) -> Iterator[None]:
        """Waits for a turn and holds it; raises Busy at once when there is no place to wait.

        After `seconds` of waiting, too; -1: however long it takes.
        """
        with self._lock:
            mine = None
            if self._free:
                self._free -= 1
            elif len(self._queue) < self._most_waiting:
                mine = threading.Lock()
                mine.acquire()
                self._queue.append(mine)
            else:
                raise _busy()
        if mine is not None:
            with measures.WAITING.track_inprogress():
                self._wait(mine, seconds)
        try:
            yield
        finally:
            self._next()

    def _wait(self, mine: threading.Lock, seconds: float) -> None:
        if mine.acquire(timeout=seconds):
            return
        with self._lock:
            # The turn may have come at the last moment.
            if mine in self._queue:
                self._queue.remove(mine)
                raise _busy()

    def _next(self) -> None:
        with self._lock:
            if self._queue:
                # The turn passes from hand to hand: nobody can slip in between.
                self._queue.popleft().release()
            else:
                self._free += 1


def _busy() -> Busy:
    return Busy("Flash is busy with other predictions. Try again in a second.", retry_after=1)


@cache
def predictions() -> Gate:
    """The gate of this process."""
    return Gate(at_once=settings.FLASH_PREDICTIONS_AT_ONCE, waiting=settings.FLASH_PREDICTIONS_WAITING)
