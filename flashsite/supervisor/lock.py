"""One `up` per folder: a lock that the kernel releases when its holder dies, however it dies."""

import fcntl
import os
from pathlib import Path


class AlreadyRunning(Exception):
    """Somebody else holds the lock; the message is a sentence for the user."""


def acquire(var_dir: Path) -> int:
    """Lock `var_dir` and answer the open descriptor, which must stay open; it survives exec. Raises AlreadyRunning."""
    var_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    handle = os.open(var_dir / "up.lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        holder = os.read(handle, 200).decode("utf-8", "replace").strip()
        os.close(handle)
        raise AlreadyRunning(
            f"Flash is already running in {var_dir}{f' ({holder})' if holder else ''}. Stop it there with Ctrl-C, "
            "or start a second one beside it: FLASH_VAR_DIR=/another/folder make up"
        ) from None
    os.set_inheritable(handle, True)
    describe(handle, f"process {os.getpid()}")
    return handle


def describe(handle: int, text: str) -> None:
    """Write into the lock file who holds it, for the sentence of the one who comes second."""
    os.ftruncate(handle, 0)
    os.pwrite(handle, text.encode(), 0)
