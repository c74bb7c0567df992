"""Looks after the disk: an operator is told before it is full."""

from datetime import datetime

from django.conf import settings

from jobs.notices import alerts
from modelstore.ground import reserve


def look(now: datetime) -> int:
    """Takes the reserve or gives it up, and opens an alert while uploads are refused; 1 if it did."""
    reserve.give_up_if_needed()
    free = reserve.free_bytes()
    if free >= settings.FLASH_DISK_RESERVE:
        reserve.take()
        return 0
    alerts.tell(
        "disk",
        f"The disk of {settings.FLASH_VAR_DIR} has {free // 1024**2} MB left, so uploads are refused. "
        "Make room, or move FLASH_VAR_DIR to a larger disk.",
        now,
    )
    return 1
