"""The lane of short jobs: on a machine with cores and memory to spare they need not wait for a long one to end."""

import re
from contextlib import suppress
from pathlib import Path

from django.conf import settings

from jobs.worker import runner

# A second training besides the one in hand.
_LEAST_FREE_MB = 2_500
_AVAILABLE = re.compile(r"^MemAvailable:\s+(\d+) kB", re.MULTILINE)


def run_next() -> bool:
    """Runs the next short job, see `runner.run_next`; False also where memory is short: it waits its turn then."""
    if _free_mb() < _LEAST_FREE_MB:
        return False
    return runner.run_next(at_most=settings.FLASH_SHORT_JOB_SECONDS)


def _free_mb() -> float:
    """What Linux says could be had without swapping; all of it where nobody says."""
    with suppress(OSError):
        found = _AVAILABLE.search(Path("/proc/meminfo").read_text(encoding="ascii"))
        if found:
            return int(found[1]) / 1024
    return float("inf")
