"""Uploads on their way in: files and folders that are locked while somebody works on them, and room for all others.

A lock ends with its process, however that dies; what nobody holds is an orphan, by whatever clock.
"""

import fcntl
import logging
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.files.uploadhandler import TemporaryFileUploadHandler
from django.http import HttpRequest

from modelstore.ground.files import StorageFull, is_disk_full

logger = logging.getLogger(__name__)

FOLDER_PREFIX = "upload-"
_FILE_MARK = ".upload"
# The disk is looked at after so many bytes of one upload.
_LOOK_EVERY = 16 * 1024**2
# A file may be younger than its lock.
_AGE_AT_START, _AGE = 60.0, 3600.0


def root() -> Path:
    """Where uploads lie until they are checked: on the file system of the media."""
    return Path(settings.FILE_UPLOAD_TEMP_DIR)


def check_room(size: int = 0) -> None:
    """Raises StorageFull unless `size` bytes more leave the reserve for the database and the models."""
    try:
        free = room_at(root())
    except FileNotFoundError:
        return
    if free < size:
        raise StorageFull("The server's disk has no space for this file right now. Try again later.")


def room_at(path: Path) -> int:
    """Bytes that may be written at `path` until the reserve is reached; below zero when it is touched already."""
    facts = os.statvfs(path)
    return int(facts.f_bavail * facts.f_frsize - settings.FLASH_DISK_RESERVE)


@contextmanager
def folder() -> Iterator[Path]:
    """A folder that goes afterwards; raises StorageFull when the disk is full, or nearly."""
    try:
        root().mkdir(parents=True, exist_ok=True)
        check_room()
        with tempfile.TemporaryDirectory(dir=root(), prefix=FOLDER_PREFIX) as name:
            handle = os.open(name, os.O_RDONLY)
            try:
                _hold(handle)
                yield Path(name)
            finally:
                os.close(handle)
    except OSError as error:
        if not is_disk_full(error):
            raise
        raise StorageFull(
            "The server's disk is full, so the upload was not kept. Try again later."
        ) from error


class UploadHandler(TemporaryFileUploadHandler):
    """Django's handler of large files, which keeps the reserve, and whose files are gone at once when it fails."""

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        """See FileUploadHandler."""
        with _full_disk_told():
            check_room()
            super().new_file(*args, **kwargs)
            _hold(self.file.fileno())
        self._next_look = _LOOK_EVERY

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        """See FileUploadHandler."""
        with _full_disk_told():
            if start >= self._next_look:
                self._next_look += _LOOK_EVERY
                check_room()
            super().receive_data_chunk(raw_data, start)

    def file_complete(self, file_size: int) -> Any:
        """See FileUploadHandler."""
        with _full_disk_told():
            self.file.flush()
        return super().file_complete(file_size)


def release(request: HttpRequest) -> None:
    """Removes what a request that has been answered, or whose client has left, brought to the disk."""
    for handler in getattr(request, "_upload_handlers", ()):
        if isinstance(handler, UploadHandler) and hasattr(handler, "file"):
            # A full disk says so once more while the rest is flushed.
            with suppress(OSError):
                handler.file.close()


def remove_orphans(*, at_start: bool = False) -> int:
    """Deletes what a process that was killed has left; answers how much. Any number may do so at once."""
    count = 0
    for path in root().iterdir() if root().is_dir() else ():
        if not (path.name.startswith(FOLDER_PREFIX) or _FILE_MARK in path.name):
            continue
        with suppress(FileNotFoundError):
            age = time.time() - path.stat().st_mtime
            if age >= (_AGE_AT_START if at_start else _AGE) and _is_free(path):
                shutil.rmtree(path, ignore_errors=True) if path.is_dir() else path.unlink()
                logger.info("an upload that nobody works on any more was removed")
                count += 1
    return count


def _hold(handle: int) -> None:
    # A file system without locks: the age decides alone.
    with suppress(OSError):
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)


def _is_free(path: Path) -> bool:
    handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        return time.time() - path.stat().st_mtime >= _AGE
    finally:
        os.close(handle)
    return True


@contextmanager
def _full_disk_told() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if not is_disk_full(error):
            raise
        raise StorageFull(
            "The server's disk is full, so the upload was not kept. Try again later."
        ) from error
