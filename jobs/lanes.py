"""How jobs queue: in which order they begin, and which need not wait for the others.

The job that is due first begins first, so that short jobs pass long ones and nobody starves. A job is due when it has
waited for so many times as long as it will probably train. That moment is known when it is queued and never moves: a
long job is passed only by short ones that come within a multiple of its own time (decision 100).
"""

from datetime import datetime, timedelta
from pathlib import Path

from django.conf import settings

from training.ground.control import available_cores

PATIENCE = 2.0
# Nobody waits for longer than this because others are shorter.
_LONGEST = timedelta(hours=3)
_GPU = Path("/dev/nvidia0")


def due(queued: datetime, expected_seconds: float) -> datetime:
    """When a job that was `queued` then, and trains for about so long, should have begun."""
    return queued + min(timedelta(seconds=PATIENCE * expected_seconds), _LONGEST)


def has_short_lane() -> bool:
    """Whether short jobs have a lane of their own on this machine: not a rented one, with cores for two and no GPU.

    Of a GPU's memory a training takes what it needs, and a second one might not find enough.
    """
    return bool(
        settings.FLASH_SHORT_JOB_SECONDS
        and not settings.FLASH_SERVER_NAME
        and available_cores() > 1
        and (settings.FLASH_DEVICE == "cpu" or not _GPU.exists())
    )


def is_short(expected_seconds: float) -> bool:
    """Whether a job that trains for about so long may take the lane of short jobs."""
    return expected_seconds <= settings.FLASH_SHORT_JOB_SECONDS
