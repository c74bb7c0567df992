"""Files in which the web's processes count for /metrics. They are mapped: a page without room would kill its process.

So they lie in memory where there is a file system for that, and their room is taken before they are mapped.
"""

import hashlib
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

# Those that prometheus_client opens for our metrics, at the size that it would give them itself.
_KINDS = ("counter", "histogram", "gauge_livesum")
_BYTES = 1024**2
_MEMORY = Path("/dev/shm")  # noqa: S108 - the folder is ours alone, or it is not used


def open_folder(var_dir: Path, bind: str, *, memory: Path = _MEMORY) -> Path | None:
    """An empty folder with room for this process; None where there is no room at all."""
    name = hashlib.sha256(f"{var_dir}\0{bind}".encode()).hexdigest()[:16]
    for folder in (memory / f"flash-metrics-{os.getuid()}-{name}", var_dir / "metrics" / name):
        shutil.rmtree(folder, ignore_errors=True)
        try:
            if folder.parent != memory:
                folder.parent.mkdir(parents=True, exist_ok=True)
            folder.mkdir(mode=0o700)
            _take_room(folder, os.getpid())
        except OSError:
            shutil.rmtree(folder, ignore_errors=True)
            continue
        return folder
    return None


def begin_process(folder: Path) -> None:
    """In a new process, before it counts. Without room it counts for itself: better than to die of it."""
    try:
        _take_room(folder, os.getpid())
    except OSError:
        from prometheus_client import values

        for kind in _KINDS:
            (folder / f"{kind}_{os.getpid()}.db").unlink(missing_ok=True)
        vars(values)["MmapedDict"] = _OwnMemory


def remove_folder(folder: Path) -> None:
    """When the last process has ended."""
    shutil.rmtree(folder, ignore_errors=True)


def _take_room(folder: Path, pid: int) -> None:
    for kind in _KINDS:
        with (folder / f"{kind}_{pid}.db").open("xb") as file:
            if hasattr(os, "posix_fallocate"):
                os.posix_fallocate(file.fileno(), 0, _BYTES)
            else:
                file.truncate(_BYTES)


class _OwnMemory:
    """In place of prometheus_client's MmapedDict."""

    def __init__(self, filename: str, read_mode: bool = False) -> None:
        self._values: dict[str, tuple[float, float]] = {}

    def read_all_values(self) -> Iterator[tuple[str, float, float, int]]:
        return ((key, *pair, 0) for key, pair in self._values.items())

    def read_value(self, key: str) -> tuple[float, float]:
        return self._values.setdefault(key, (0.0, 0.0))

    def write_value(self, key: str, value: float, timestamp: float) -> None:
        self._values[key] = (value, timestamp)

    def close(self) -> Any:
        self._values.clear()
