"""Follows a child process to its end, whoever asks to stop it: owner, worker, deadline or a lost lease."""

import time
from collections.abc import Callable
from typing import Any

from django.db import InterfaceError, OperationalError, connection

from jobs.errors import LeaseLost
from jobs.models.leased import Leased
from jobs.queue import leases
from jobs.worker.child import Child
from jobs.worker.heartbeat import Heartbeat
from jobs.worker.stop_request import STOPPING

POLL_SECONDS = 0.5
_PATIENCE_SECONDS = 25


class CancelRequested(Exception):
    """The owner asked to stop; the child has been killed."""


class OutOfTime(Exception):
    """The deadline has passed; the child has been killed."""


def follow(
    child: Child,
    *,
    row: Leased,
    take: Callable[[dict[str, Any]], None],
    heartbeat: Heartbeat,
    seconds: float,
    look: Callable[[], None] = lambda: None,
) -> int:
    """Hands every event to `take` until the child ends, calling `look` now and then; answers its exit status.

    Kills the child and raises LeaseLost, CancelRequested, or OutOfTime after `seconds`; a worker that stops
    interrupts it instead, so that it can leave what it has.
    """
    deadline = time.monotonic() + seconds
    next_look = 0.0
    while not child.has_ended():
        event = child.next_event(POLL_SECONDS)
        if event is not None:
            take(event)
        if heartbeat.lost.is_set():
            child.kill()
            raise LeaseLost
        if time.monotonic() >= next_look:
            next_look = time.monotonic() + POLL_SECONDS
            if _is_cancelled(row):
                child.kill()
                raise CancelRequested
            look()
        if STOPPING.is_set():
            return child.interrupt(_PATIENCE_SECONDS)
        if time.monotonic() > deadline:
            child.kill()
            raise OutOfTime
    return child.wait()


def _is_cancelled(row: Leased) -> bool:
    try:
        return leases.is_cancel_requested(row)
    except (OperationalError, InterfaceError):
        connection.close()
        return False
