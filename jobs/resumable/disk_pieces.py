"""Pieces of an upload on this server's disk: one file that grows; its length is the offset."""

import fcntl
import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from django.conf import settings
from django.http import UnreadablePostError

from modelstore.ground import temporary
from modelstore.ground.errors import FlashError
from modelstore.ground.files import StorageFull, is_disk_full

_CHUNK = 1024**2


class OffsetConflict(FlashError):
    status = 409
    code = "offset_conflict"
    title = "The piece does not fit on"


class UploadBusy(FlashError):
    status = 409
    code = "upload_busy"
    title = "The last piece is still being received"


class PieceDamaged(FlashError):
    """As in tus: 460, the checksum of a piece is not the one announced."""

    status = 460
    code = "piece_damaged"
    title = "The piece was damaged on the way"


class PieceTooLong(FlashError):
    status = 413
    code = "piece_too_long"
    title = "The piece extends beyond the end of the file"


def folder() -> Path:
    """On the file system of the media: a finished upload is a rename, not a copy."""
    return Path(settings.FILE_UPLOAD_TEMP_DIR) / "sessions"


def path_of(key: str) -> Path:
    return folder() / key


def begin(key: str) -> None:
    """Makes the empty file."""
    folder().mkdir(parents=True, exist_ok=True)
    path_of(key).open("xb").close()


def received(key: str) -> int:
    """How many bytes are here."""
    try:
        return path_of(key).stat().st_size
    except FileNotFoundError:
        return 0


def check_room(size: int, promised: int) -> None:
    """Raises StorageFull unless `size` bytes fit beside what was promised to others."""
    folder().mkdir(parents=True, exist_ok=True)
    temporary.check_room(promised + size)


def append(key: str, *, offset: int, body: IO[bytes], size: int, sha256: bytes | None) -> int:
    """Adds a piece at `offset` to a file of at most `size` bytes; answers the new offset.

    A connection that breaks leaves what has arrived, unless a checksum was announced: then the piece counts as a
    whole. Raises OffsetConflict, UploadBusy, PieceDamaged, PieceTooLong, StorageFull.
    """
    temporary.check_room()
    with _locked(key) as file:
        here = file.seek(0, os.SEEK_END)
        if offset != here:
            raise OffsetConflict(
                f"The server has {here} bytes and the piece begins at {offset}. Go on from there."
            )
        try:
            digest = _copy(body, file, room=size - here)
        except OSError as error:
            if not is_disk_full(error):
                raise
            _back_to(file, here)
            raise StorageFull("The server's disk is full. Try again later from the same offset.") from error
        except PieceTooLong:
            file.truncate(here)
            raise
        if sha256 is not None and digest != sha256:
            file.truncate(here)
            raise PieceDamaged("The piece does not match its checksum. Send it again.")
        return file.seek(0, os.SEEK_END)


def _back_to(file: IO[bytes], size: int) -> None:
    """Drops what came of a piece; what is still buffered has no room, and is dropped as well."""
    with suppress(OSError):
        file.flush()
    os.ftruncate(file.fileno(), size)


def remove(key: str) -> None:
    path_of(key).unlink(missing_ok=True)


@contextmanager
def _locked(key: str) -> Iterator[IO[bytes]]:
    try:
        file = path_of(key).open("r+b")
    except FileNotFoundError as error:
        raise OffsetConflict(
            "This server does not have the pieces sent so far. Begin a new upload."
        ) from error
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise UploadBusy(
                "Another piece of this upload is being received. Try again in a second.", retry_after=1
            ) from error
        yield file


def _copy(body: IO[bytes], file: IO[bytes], *, room: int) -> bytes:
    """Copies to the end of the body, or to where the connection breaks; answers the SHA-256."""
    digest = hashlib.sha256()
    while True:
        try:
            chunk = body.read(_CHUNK)
        except UnreadablePostError:
            break
        if not chunk:
            break
        room -= len(chunk)
        if room < 0:
            raise PieceTooLong("The piece is longer than what is missing. Send no more than announced.")
        digest.update(chunk)
        file.write(chunk)
    file.flush()
    return digest.digest()
