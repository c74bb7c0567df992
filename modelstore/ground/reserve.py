"""A file that holds some of the disk, and is given up when there is no more: pages and predictions then go on.

SQLite cannot even read where it has no room for the index of its log.
"""

import os
from contextlib import suppress
from pathlib import Path

from django.conf import settings

_BYTES = 16 * 1024**2
_LEAST_FREE = 2 * 1024**2


def path() -> Path:
    return Path(settings.FLASH_VAR_DIR) / "reserve"


def free_bytes() -> int:
    """What is free on the disk of `FLASH_VAR_DIR`, without the file."""
    facts = os.statvfs(settings.FLASH_VAR_DIR)
    return facts.f_bavail * facts.f_frsize


def take() -> bool:
    """Makes the file while there is plenty; False when there is not, or it is there already."""
    if path().exists() or free_bytes() < settings.FLASH_DISK_RESERVE + 2 * _BYTES:
        return False
    try:
        with path().open("xb") as file:
            if hasattr(os, "posix_fallocate"):
                os.posix_fallocate(file.fileno(), 0, _BYTES)
    except FileExistsError:
        return False
    except OSError:
        path().unlink(missing_ok=True)
        return False
    return True


def give_up_if_needed() -> bool:
    """Deletes the file once hardly anything is free; a few microseconds otherwise."""
    with suppress(OSError):
        if free_bytes() < _LEAST_FREE:
            path().unlink()
            return True
    return False
