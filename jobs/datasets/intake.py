"""Takes files in: streamed to the disk, bounded, under names of our own; a full disk is a refusal."""

import hashlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

from django.conf import settings
from django.core.files import File
from django.core.files.uploadedfile import TemporaryUploadedFile

from jobs.uploads import UploadRefused

_CHUNK = 1024**2


class Upload(Protocol):
    """Django's UploadedFile, or a file opened by a command."""

    name: str | None

    def chunks(self, chunk_size: int | None = None) -> Iterator[bytes]: ...


class LocalFile:
    """A file on disk in the shape of an upload."""

    def __init__(self, path: Path) -> None:
        self.name: str | None = path.name
        self._path = path

    def chunks(self, chunk_size: int | None = None) -> Iterator[bytes]:
        with self._path.open("rb") as file:
            while chunk := file.read(chunk_size or _CHUNK):
                yield chunk


class Movable(File):
    """Lets FileSystemStorage rename the temporary file instead of copying it; other storages read it."""

    def __init__(self, path: Path) -> None:
        super().__init__(path.open("rb"), name=path.name)
        self._path = path

    def temporary_file_path(self) -> str:
        return str(self._path)


def stream_to(path: Path, upload: Upload) -> tuple[int, str]:
    """Takes an upload to `path`: its size in bytes and its SHA-256. Raises UploadRefused (413)."""
    if _linked(path, upload):
        size = path.stat().st_size
        check_size(size)
        return size, sha256_of(path)
    size, digest = 0, hashlib.sha256()
    with path.open("wb") as file:
        for chunk in upload.chunks(_CHUNK):
            size += len(chunk)
            check_size(size)
            digest.update(chunk)
            file.write(chunk)
    return size, digest.hexdigest()


def _linked(path: Path, upload: Upload) -> bool:
    """Gives a file that is on this disk already a second name: a copy would need its room twice."""
    if not isinstance(upload, TemporaryUploadedFile):
        return False
    try:
        os.link(upload.temporary_file_path(), path)
    except OSError:
        return False
    return True


def check_size(size: int) -> None:
    """Raises UploadRefused (413) for more bytes than an upload may have."""
    limit = settings.FLASH_LIMITS.max_upload_bytes
    if size > limit:
        raise UploadRefused(
            f"The file is larger than {limit / 1024**3:.3g} GB. Send fewer or smaller files.",
            status=413,
            code="upload_too_large",
        )


def sha256_of(path: Path) -> str:
    """The SHA-256 of a file, in hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def clean_name(name: str | None) -> str:
    """The last part of the client's file name, without control characters, at most 255 long."""
    last = (name or "upload").replace("\\", "/").rsplit("/", 1)[-1]
    return "".join(character for character in last if character.isprintable())[-255:] or "upload"
