"""The one guard of every deletion by time: the database's time, a clock that can be believed, and a cap.

Models have a cap of their own (`modelstore.lifetime.pruning`), because there is more to lose.
"""

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeVar

from django.db.models import F, Model, QuerySet

from modelstore.lifetime import clock
from modelstore.models import PruneState

logger = logging.getLogger(__name__)
M = TypeVar("M", bound=Model)

# All kinds together: what a wrong clock or setting costs before somebody can look.
MOST = 1000
WINDOW = timedelta(minutes=10)
_AT_ONCE = 200


@dataclass(kw_only=True, slots=True)
class Allowance:
    """What one pass may delete. `refused` says why nothing at all; `held_back` counts what was due beyond the cap."""

    now: datetime
    refused: str = ""
    left: int = MOST
    spent: int = 0
    held_back: int = 0

    def first(self, due: QuerySet[M]) -> list[M]:
        """Those of `due` that may go now."""
        if self.refused:
            return []
        rows = list(due[: min(self.left, _AT_ONCE)])
        self.left -= len(rows)
        self.spent += len(rows)
        if self.left == 0:
            self.held_back += due.count() - len(rows)
        return rows


def allowance(now: datetime | None = None) -> Allowance:
    """For one pass, to be handed to `close` afterwards; a caller who gives the time vouches for it."""
    if now is not None:
        return Allowance(now=now)
    moment = clock.database_time()
    reason = refusal(moment)
    if reason:
        logger.error("nothing is deleted by its age: %s. Correct the clock.", reason)
    state, _ = PruneState.objects.get_or_create(pk=1)
    used = state.window_count if _is_open(state, moment) else 0
    return Allowance(now=moment, refused=reason, left=max(0, MOST - used))


def close(allowed: Allowance) -> None:
    """Counts what a pass has deleted."""
    if not allowed.spent:
        return
    state, _ = PruneState.objects.get_or_create(pk=1)
    row = PruneState.objects.filter(pk=1)
    if _is_open(state, allowed.now):
        row.update(window_count=F("window_count") + allowed.spent)
    else:
        row.update(window_began=allowed.now, window_count=allowed.spent)


def refusal(now: datetime, *, keep: bool = True, accept: bool = False) -> str:
    """Why the clock is not to be believed at `now`, the database's time, or "". With `accept` it is from now on."""
    state, _ = PruneState.objects.get_or_create(pk=1)
    if accept:
        state.boot_id, state.clock_offset = "", None
    reason = clock.judge(state, clock.read(now))
    if keep:
        state.save(update_fields=["boot_id", "clock_offset", "jump_seen"])
    return "" if accept else reason


def _is_open(state: PruneState, now: datetime) -> bool:
    began = state.window_began
    # One that lies ahead is from before the clock was put back.
    return began is not None and timedelta() <= now - began < WINDOW
