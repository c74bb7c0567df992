"""Signs of life that a worker on EC2 leaves for its machine's watchdog: one small file each, in seconds since boot."""

import os
from pathlib import Path

from django.conf import settings

from jobs.compute.watchdog import seconds_since_boot


def leave(name: str) -> None:
    """Writes the moment down; a reader sees the old one or the new one, never half of it."""
    folder = Path(settings.FLASH_SIGNS_DIR)
    folder.mkdir(parents=True, exist_ok=True)
    fresh = folder / f".{name}"
    fresh.write_text(f"{seconds_since_boot():.1f}\n")
    os.replace(fresh, folder / name)
