"""One attempt at a claimed job or batch: what is the same of both."""

import logging
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any

from django.db import InterfaceError, OperationalError, connection

from jobs.errors import LeaseLost
from jobs.models.leased import Leased
from jobs.queue.leases import persist
from jobs.worker.child import EXIT_INTERRUPTED, Child
from jobs.worker.heartbeat import Heartbeat
from jobs.worker.stop_request import STOPPING
from modelstore.ground import files
from training.ground import log_lines

logger = logging.getLogger(__name__)

_KILLED = -9


def attempt(row: Leased, work: Callable[[Heartbeat], None], *, requeue: Callable[[bool], None]) -> None:
    """Works on a claimed row while its lease is renewed; what goes wrong on our side puts it back into the queue.

    `requeue` is told whether the try counts: one that the database ended, by being away or held, does not.
    """
    with log_lines.working_for(row.request_id):
        _attempt(row, work, requeue)


def _attempt(row: Leased, work: Callable[[Heartbeat], None], requeue: Callable[[bool], None]) -> None:
    name = row._meta.verbose_name
    logger.info("The %s %s begins, attempt %s.", name, row.pk, row.fence)
    try:
        with Heartbeat(row) as heartbeat:
            work(heartbeat)
    except LeaseLost:
        logger.info("The %s %s is no longer ours; what this attempt made is dropped.", name, row.pk)
    except (OperationalError, InterfaceError):
        logger.warning("The %s %s waits again: the database did not respond.", name, row.pk, exc_info=True)
        connection.close()
        _put_back(lambda: requeue(False))
    except Exception:
        logger.exception("The %s %s failed for a reason of ours.", name, row.pk)
        _put_back(lambda: requeue(True))


def _put_back(requeue: Callable[[], None]) -> None:
    """Unless the sweep was faster, or somebody else has it already."""
    with suppress(LeaseLost):
        persist(requeue)


def apply_event(handlers: Mapping[str, Callable[[dict[str, Any]], None]], event: dict[str, Any]) -> None:
    """Hands a child's event to the handler of its kind; unknown kinds are ignored, so that both sides may grow.

    Raises LeaseLost when the row is no longer this attempt's.
    """
    handler = handlers.get(str(event.get("event")))
    if handler is None:
        return
    try:
        handler(event)
    except (OperationalError, InterfaceError):
        # Figures on a page are not worth an attempt: the next event comes on a fresh connection.
        connection.close()


def was_interrupted(status: int) -> bool:
    """Whether the child ended because this worker is asked to stop, which is nobody's fault."""
    return status == EXIT_INTERRUPTED or STOPPING.is_set()


def reason_of_crash(row: Leased, child: Child, status: int, *, out_of_memory: str, crashed: str) -> str:
    """The sentence for a child that ended without a word; the operator's log has what it wrote to stderr."""
    logger.error(
        "The child of %s %s ended with status %s:\n%s",
        row._meta.verbose_name,
        row.pk,
        status,
        child.stderr_tail(),
    )
    return out_of_memory if status == _KILLED else crashed


def drop_files(prefix: str) -> None:
    """Deletes what was stored for a row that was cancelled meanwhile; what cannot be deleted now the sweep finds."""
    try:
        files.delete_folder(prefix)
    except Exception:  # each backend has an exception tree of its own
        logger.warning(
            "The files under %s, which nobody will have, could not be deleted.", prefix, exc_info=True
        )
