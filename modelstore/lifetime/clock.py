"""Whether the clock can be believed: a wrong one would make every model look old."""

import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from django.db.models.functions import Now

from modelstore.models import PruneState

TOLERANCE = 300.0
# A jump that nobody took back for so long is the right time now.
SETTLED_AFTER = 6 * 3600.0
_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


@dataclass(frozen=True, slots=True)
class Reading:
    """The time in seconds by three clocks: the database's, this machine's, and the one that nobody can set."""

    boot_id: str
    uptime: float
    database: float
    machine: float

    @property
    def offset(self) -> float:
        """Constant within one boot unless the database's clock is set or drifts."""
        return self.database - self.uptime


def database_time() -> datetime:
    """The time by the database's clock; the one that all processes share."""
    state, _ = PruneState.objects.get_or_create(pk=1)
    now: datetime = PruneState.objects.filter(pk=state.pk).values_list(Now(), flat=True).get()
    return now


def read(now: datetime) -> Reading:
    """The clocks at this moment; `now` is the database's."""
    boot = _BOOT_ID.read_text().strip() if _BOOT_ID.exists() else ""
    uptime = time.clock_gettime(time.CLOCK_BOOTTIME) if hasattr(time, "CLOCK_BOOTTIME") else time.monotonic()
    return Reading(boot, uptime, now.timestamp(), datetime.now(UTC).timestamp())


def judge(state: PruneState, reading: Reading) -> str:
    """Why the clock is not to be believed, or "". Notes in `state` what the next run has to know; saves nothing."""
    apart = reading.database - reading.machine
    if abs(apart) > TOLERANCE:
        return f"the clocks of the database and of this machine are {abs(apart):.0f} s apart"
    jumped = 0.0
    if state.boot_id == reading.boot_id and state.clock_offset is not None:
        jumped = reading.offset - state.clock_offset
    if jumped > TOLERANCE:
        if state.jump_seen is None:
            state.jump_seen = reading.uptime
        if reading.uptime - state.jump_seen < SETTLED_AFTER:
            return f"the clock was put forward by {jumped:.0f} s since the last run"
    state.boot_id, state.clock_offset, state.jump_seen = reading.boot_id, reading.offset, None
    return ""
