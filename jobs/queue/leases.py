"""Work that one worker at a time holds: claim, lease, fence, progress. Jobs and batch predictions share it.

Every write of a worker is guarded by the fence it got with its claim; whoever holds an old one changes nothing.
"""

import logging
import time
from collections.abc import Callable
from datetime import datetime
from typing import Any, TypeVar

from django.conf import settings
from django.db import InterfaceError, OperationalError, connection, models, transaction
from django.db.models import F
from django.utils import timezone

from jobs.errors import LeaseLost
from jobs.models.leased import Leased, LeasedQuerySet

logger = logging.getLogger(__name__)

L = TypeVar("L", bound=Leased)


def claim(
    waiting: models.QuerySet[L], *, to: str, opened: Callable[[L], None] = lambda row: None, **values: Any
) -> L | None:
    """Moves the first of `waiting` that nobody else takes to the running state `to`; None when there is none.

    `opened` is called within the same transaction, with the row as it was before.
    """
    for row in waiting[:20]:
        now = timezone.now()
        taken: dict[str, Any] = {
            "fence": F("fence") + 1,
            "attempt": F("attempt") + 1,
            "started": row.started or now,
            "lease_until": now + settings.FLASH_LEASE,
            "progress": 0,
        }
        with transaction.atomic():
            won = row.rows().filter(fence=row.fence).transition(row.pk, to, **(taken | values))
            if won:
                opened(row)
        if won:
            row.refresh_from_db()
            return row
    return None


def renew(row: Leased) -> bool:
    """Extends the lease; False when the row is no longer this attempt's."""
    return held(row).update(lease_until=timezone.now() + settings.FLASH_LEASE) == 1


def is_cancel_requested(row: Leased) -> bool:
    """Whether its owner asked to stop; LeaseLost when the attempt no longer holds the row."""
    asked = held(row).values_list("cancel_requested", flat=True).first()
    if asked is None:
        raise LeaseLost
    return bool(asked)


def record_progress(row: Leased, *, progress: float, **values: Any) -> None:
    """Progress between 0 and 1 and what goes with it; a smaller value than the one there is ignored."""
    share = min(max(progress, 0.0), 1.0)
    if not held(row).filter(progress__lte=share).update(progress=share, **values):
        require(held(row).exists())


def cancel(row: Leased, *, cancelled: str) -> bool:
    """Cancels a waiting row at once and asks a running one to stop; False when it had already ended."""
    waiting = row.rows().queued().filter(pk=row.pk)
    if waiting.exists() and row.rows().transition(
        row.pk, cancelled, held_by=row.fence, cancel_requested=True
    ):
        return True
    return row.rows().running().filter(pk=row.pk).update(cancel_requested=True) == 1


def requeue(
    row: Leased, *, reason: str, blame: bool, what: str, fail: Callable[[str], None], **values: Any
) -> bool:
    """Back into the queue, in its old place; False: failed instead, after too many tries that count against it.

    `fail` is called with the sentence for its owner, which begins with `what`; `values` are columns that go with
    the way back. Raises LeaseLost.
    """
    if blame and row.attempt >= settings.FLASH_MAX_ATTEMPTS:
        tries = "once" if row.attempt == 1 else f"{row.attempt} times"
        fail(f"{what} was tried {tries} and stopped each time. Last reason: {reason}")
        return False
    moved = (
        row.rows()
        .running()
        .transition(
            row.pk,
            row.machine.waiting,
            held_by=row.fence,
            attempt=row.attempt if blame else max(row.attempt - 1, 0),
            lease_until=None,
            eta_seconds=None,
            **values,
        )
    )
    require(moved)
    return True


def requeue_lost(
    rows: LeasedQuerySet[L],
    now: datetime,
    *,
    requeue: Callable[[L], None],
    finish_cancelled: Callable[[L], None],
) -> int:
    """Gives rows whose lease ran out another try, or ends those that were cancelled; answers how many."""
    count = 0
    for row in rows.lost(now):
        try:
            (finish_cancelled if row.cancel_requested else requeue)(row)
            count += 1
        except LeaseLost:
            continue
    return count


def held(row: L) -> LeasedQuerySet[L]:
    """The row as a query that finds nothing once another attempt holds it."""
    return row.rows().running().filter(pk=row.pk, fence=row.fence)


def require(holds: bool) -> None:
    """Raises LeaseLost unless a guarded write found its row."""
    if not holds:
        raise LeaseLost


def persist(write: Callable[[], None]) -> None:
    """A write that must not be lost when the database restarts: tried on fresh connections for about a minute."""
    for pause in (0.2, 1, 3, 5, 10, 20, 20):
        try:
            return write()
        except (OperationalError, InterfaceError):
            logger.warning("The database did not respond; trying again in %s s.", pause, exc_info=True)
            connection.close()
            time.sleep(pause)
    return write()
