"""A cache bounded by bytes that loads each thing once, however many ask for it at once."""

import sys
import threading
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import Future
from typing import Generic, TypeVar

from modelstore.prediction.gate import Gate

T = TypeVar("T")
# Loads of different things that may run side by side: a load needs more memory than what it leaves.
_LOADS_AT_ONCE = 2
# Measured with onnxruntime 1.31: 216 MB of convolutions take 466 MB, for it keeps a second copy in the layout
# that its kernels like; and each session has buffers of its own.
_OVERHEAD_BYTES = 16 * 1024**2
_MEMORY_PER_BYTE = 2.2


# With all-MiniLM-L6-v2 below it: a session that shares its first layers and keeps no buffers.
_OVERHEAD_BYTES_ON_SHARED = 1024**2


def session_bytes(stored: int, shared: int = 0) -> int:
    """Memory that a session of onnxruntime is reckoned to take by the size of its files, without those `shared`."""
    overhead = _OVERHEAD_BYTES_ON_SHARED if shared else _OVERHEAD_BYTES
    return int((stored - shared) * _MEMORY_PER_BYTE + overhead)


class MemoryCache(Generic[T]):
    """Keeps what was used last, up to `capacity` bytes; a thing larger than that is kept alone.

    `besides` tells the bytes that the things kept have in common, which count once. Safe to use from several threads.
    A load that fails fails for all who wait for it, and is forgotten.
    """

    def __init__(self, capacity: int, besides: Callable[[], int] = int) -> None:
        self.capacity = capacity
        self._besides = besides
        self._lock = threading.Lock()
        # In the order of arrival. Where most requests need a load, a semaphore, which lets newcomers overtake, made the
        # slowest of a hundred wait nearly twice as long. Who asks for what is loaded already never waits here.
        self._loads = Gate(at_once=_LOADS_AT_ONCE, waiting=sys.maxsize)
        self._kept: OrderedDict[str, tuple[T, int]] = OrderedDict()
        self._pending: dict[str, Future[T]] = {}

    def get(self, key: str, load: Callable[[], tuple[T, int]]) -> T:
        """What `key` names; `load` answers it with its size in bytes if it is not there."""
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
                return self._kept[key][0]
            pending = self._pending.get(key)
            if pending is None:
                ours: Future[T] = Future()
                self._pending[key] = ours
        if pending is not None:
            return pending.result()
        return self._load(key, load, ours)

    def drop(self, key: str) -> None:
        """Forgets one thing."""
        with self._lock:
            self._kept.pop(key, None)

    def clear(self) -> None:
        """Forgets everything."""
        with self._lock:
            self._kept.clear()

    @property
    def used(self) -> int:
        """Bytes kept."""
        with self._lock:
            return self._used()

    @property
    def loads_waiting(self) -> int:
        """How many wait for others' loads to end before theirs begins."""
        return self._loads.waiting

    def _used(self) -> int:
        return sum(size for _, size in self._kept.values()) + self._besides()

    def _load(self, key: str, load: Callable[[], tuple[T, int]], ours: Future[T]) -> T:
        try:
            with self._loads.turn():
                value, size = load()
        except BaseException as error:
            with self._lock:
                del self._pending[key]
            ours.set_exception(error)
            raise
        with self._lock:
            del self._pending[key]
            self._kept[key] = (value, size)
            self._evict()
        ours.set_result(value)
        return value

    def _evict(self) -> None:
        # What is shared goes with the last that needs it.
        while len(self._kept) > 1 and self._used() > self.capacity:
            self._kept.popitem(last=False)
