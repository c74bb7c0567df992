"""Takes files in: streamed to the disk, bounded, under names of our own; a full disk is a refusal."""

import hashlib
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

from django.conf import settings
from django.core.files import File

from jobs.errors import StorageFull
from jobs.uploads import UploadRefused
from modelstore.ground.files import is_disk_full

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


@contextmanager
def temporary_folder() -> Iterator[Path]:
    """A folder that goes afterwards; raises StorageFull when the disk is full."""
    root = Path(settings.FILE_UPLOAD_TEMP_DIR)
    try:
        root.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=root, prefix="upload-") as folder:
            yield Path(folder)
    except OSError as error:
        if not is_disk_full(error):
            raise
        raise StorageFull(
            "The server's disk is full, so the upload was not kept. Try again later."
        ) from error


def stream_to(path: Path, upload: Upload) -> tuple[int, str]:
    """Writes an upload to `path`: its size in bytes and its SHA-256. Raises UploadRefused (413)."""
    size, digest = 0, hashlib.sha256()
    with path.open("wb") as file:
        for chunk in upload.chunks(_CHUNK):
            size += len(chunk)
            check_size(size)
            digest.update(chunk)
            file.write(chunk)
    return size, digest.hexdigest()


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
