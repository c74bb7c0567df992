"""Who was let through how often, in memory that the processes of the web share; nobody's death or sleep holds it up."""

import fcntl
import mmap
import os
import secrets
import struct
import tempfile
import threading
import time
from contextlib import suppress
from hashlib import blake2b

_ENTRY = struct.Struct("<Qd")
_WAYS = 4
_SETS = 16_384
_SET_BYTES = _WAYS * _ENTRY.size
_TRIES = 20
_PAUSE_SECONDS = 0.0002


class SharedCallers:
    """A moment (seconds of time.monotonic) for each caller; of those that share a place, the least busy is forgotten.

    To be made before the processes are forked.
    """

    def __init__(self) -> None:
        self._bytes = mmap.mmap(-1, _SETS * _SET_BYTES)
        # Nobody can look for callers that would share a place with somebody else.
        self._key = secrets.token_bytes(16)
        self._file = _own_file()
        self._threads = threading.Lock()

    def spend(self, caller: str, most: int, seconds: float, amount: int = 1) -> float:
        """Counts an `amount` of `most` in `seconds` if there is room; else the seconds until there is."""
        mark = int.from_bytes(blake2b(caller.encode(), digest_size=8, key=self._key).digest(), "little") or 1
        place = mark % _SETS
        with self._threads:
            self._lock(place)
            try:
                now = time.monotonic()
                at, busy = self._find(place, mark)
                busy = max(now, busy) + seconds * amount / most
                wait = busy - now - seconds
                if wait > 1e-6:
                    return wait
                _ENTRY.pack_into(self._bytes, at, mark, busy)
            finally:
                with suppress(OSError):
                    fcntl.lockf(self._file, fcntl.LOCK_UN, 1, place)
        return 0.0

    def clear(self) -> None:
        """Everybody begins anew."""
        self._bytes[:] = bytes(len(self._bytes))

    def _find(self, place: int, mark: int) -> tuple[int, float]:
        """Where this caller's moment is or may be written, and the moment."""
        free, least = place * _SET_BYTES, float("inf")
        for at in range(place * _SET_BYTES, (place + 1) * _SET_BYTES, _ENTRY.size):
            other, busy = _ENTRY.unpack_from(self._bytes, at)
            if other == mark:
                return at, busy
            if busy < least:
                free, least = at, busy
        return free, 0.0

    def _lock(self, place: int) -> None:
        """The kernel takes the lock from who dies; who sleeps with it is waited for a few milliseconds only."""
        for _ in range(_TRIES):
            try:
                fcntl.lockf(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, place)
                return
            except OSError:
                time.sleep(_PAUSE_SECONDS)


def _own_file() -> int:
    """Something to lock bytes of."""
    if hasattr(os, "memfd_create"):
        return os.memfd_create("flash-callers")
    with tempfile.TemporaryFile() as file:
        return os.dup(file.fileno())
