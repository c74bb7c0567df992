"""Whole files in and out of Django's storage, in bounded memory; what is published is complete."""

import base64
import errno
import hashlib
import logging
import os
import shutil
import uuid
from collections.abc import Callable, Generator, Iterator
from contextlib import AbstractContextManager, closing, contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any

from django.conf import settings
from django.core.files import File
from django.core.files.storage import default_storage

from modelstore.ground.errors import FlashError

logger = logging.getLogger(__name__)
CHUNK = 1024**2


class StorageUnavailable(FlashError):
    """The storage does not answer, or not with what was asked for."""

    status = 503
    code = "storage_unavailable"
    title = "The files cannot be reached"


class StorageFull(FlashError):
    """This machine's disk has no room."""

    status = 507
    code = "storage_full"
    title = "There is no space left"


def storage_unavailable() -> StorageUnavailable:
    return StorageUnavailable("The files cannot be reached right now. Try again in a minute.", retry_after=60)


def is_disk_full(error: OSError) -> bool:
    """Whether it means that the disk, or what this user may have of it, is full."""
    return error.errno in (errno.ENOSPC, errno.EDQUOT)


def local_path(key: str) -> Path | None:
    """Where `key` lies on this machine's disk; None where the storage is elsewhere."""
    try:
        return Path(default_storage.path(key))
    except NotImplementedError:
        return None


def put(source: Path, key: str) -> None:
    """Stores a file under exactly `key`, replacing what is there; complete or not at all.

    Raises OSError for this machine's own disk, else StorageUnavailable, after taking away what it had begun.
    """
    put_opened(lambda: source.open("rb"), key)


def put_opened(opened: Callable[[], IO[bytes]], key: str, *, is_new: bool = False) -> None:
    """As `put`, of what `opened` opens, which can seek.

    With `is_new` nothing is replaced in a bucket, where that leaves a moment with no file: whoever else stores the same
    at the same time may rely on it.
    """
    target = local_path(key)
    if target is not None:
        _put_on_disk(opened, target)
        return
    try:
        _put_in_bucket(opened, key, is_new)
    except FlashError:
        raise
    except Exception as error:  # each backend has an exception tree of its own
        # Some of botocore's are OSErrors, too, but without a number.
        if isinstance(error, OSError) and error.errno is not None:
            raise
        logger.exception("the storage failed while %s was written", key)
        raise storage_unavailable() from error


def _put_in_bucket(opened: Callable[[], IO[bytes]], key: str, is_new: bool) -> None:
    if not is_new:
        default_storage.delete(key)
    with opened() as handle:
        size = handle.seek(0, os.SEEK_END)
        handle.seek(0)
        saved = default_storage.save(key, File(handle, name=key))
    if saved != key and is_new:
        # Another was faster.
        default_storage.delete(saved)
        saved = key
    if saved != key or default_storage.size(key) != size:
        default_storage.delete(saved)
        raise storage_unavailable()


def _put_on_disk(opened: Callable[[], IO[bytes]], target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    partial = target.with_name(f".{target.name}.{uuid.uuid4().hex}.partial")
    try:
        with opened() as reader, partial.open("xb") as writer:
            shutil.copyfileobj(reader, writer, CHUNK)
            writer.flush()
            os.fsync(writer.fileno())
        partial.chmod(settings.FILE_UPLOAD_PERMISSIONS or 0o640)
        os.replace(partial, target)
    except BaseException:
        partial.unlink(missing_ok=True)
        raise


def stored_sha256(key: str) -> str | None:
    """In hex, what the bucket says of a file that it has; None where it knows none of the whole file.

    Raises what boto3 raises. Only where the storage is elsewhere.
    """
    storage: Any = default_storage
    facts = storage.connection.meta.client.head_object(
        Bucket=storage.bucket_name, Key=storage._normalize_name(key), ChecksumMode="ENABLED"
    )
    checksum = facts.get("ChecksumSHA256", "")
    # One of its parts is none.
    return base64.b64decode(checksum).hex() if checksum and "-" not in checksum else None


def sha256_of(key: str) -> str | None:
    """In hex, of what is stored under `key`; None where nothing is. Raises StorageUnavailable, OSError."""
    if local_path(key) is None:
        try:
            if not default_storage.exists(key):
                return None
            if known := stored_sha256(key):
                return known
        except Exception as error:  # each backend has an exception tree of its own
            logger.exception("the storage did not tell of %s", key)
            raise storage_unavailable() from error
    digest = hashlib.sha256()
    try:
        with reading(key) as chunks:
            for chunk in chunks:
                digest.update(chunk)
    except FileNotFoundError:
        return None
    return digest.hexdigest()


@contextmanager
def reading(key: str) -> Iterator[Iterator[bytes]]:
    """The content of `key` as chunks of at most 1 MiB.

    Raises FileNotFoundError; StorageUnavailable for anything else that the storage does not manage. That this machine's
    disk is full is left as it is: whoever copies the content meets it here.
    """
    try:
        with default_storage.open(key, "rb") as file, _chunks(file) as chunks:
            yield chunks
    except (FileNotFoundError, FlashError):
        raise
    except Exception as error:  # each backend has an exception tree of its own
        if isinstance(error, OSError) and is_disk_full(error):
            raise
        logger.exception("the storage failed while %s was read", key)
        raise storage_unavailable() from error


def _chunks(file: Any) -> AbstractContextManager[Generator[bytes]]:
    # django-storages' S3File fetches the whole object at the first read; its boto3 object can be streamed.
    remote = getattr(file, "obj", None)
    if remote is None:
        return closing(_read(file))
    return closing(_read(remote.get()["Body"]))


def _read(handle: Any) -> Generator[bytes]:
    with closing(handle):
        while chunk := handle.read(CHUNK):
            yield chunk


def fetch(key: str, destination: Path) -> None:
    """Copies `key` to a new file on this disk.

    Raises as `reading` does, and OSError for this machine's own disk.
    """
    with destination.open("xb") as writer, reading(key) as chunks:
        for chunk in chunks:
            writer.write(chunk)


@dataclass(frozen=True, slots=True)
class StoredFile:
    """One file of the storage."""

    key: str
    size: int
    modified: datetime


def walk(folder: str) -> Iterator[StoredFile]:
    """Every file below `folder`, in one listing: 1,000 to a request where the storage is a bucket."""
    root = local_path(folder)
    if root is None:
        yield from _walk_bucket(folder)
        return
    for path, _, names in os.walk(root):
        for name in names:
            file = Path(path) / name
            with suppress(FileNotFoundError):
                facts = file.stat()
                modified = datetime.fromtimestamp(facts.st_mtime, UTC)
                yield StoredFile(f"{folder}/{file.relative_to(root).as_posix()}", facts.st_size, modified)


def _walk_bucket(folder: str) -> Iterator[StoredFile]:
    storage: Any = default_storage
    root = len(storage._normalize_name("x")) - 1
    pages = storage.connection.meta.client.get_paginator("list_objects_v2").paginate(
        Bucket=storage.bucket_name, Prefix=storage._normalize_name(folder) + "/"
    )
    for page in pages:
        for row in page.get("Contents", []):
            yield StoredFile(row["Key"][root:], row["Size"], row["LastModified"])


def delete_folder(prefix: str) -> int:
    """Deletes every file directly under `prefix`, and the folder where the storage has folders.

    Tries all of them before it raises the first error. Answers how many went; a missing folder is none.
    """
    try:
        _, names = default_storage.listdir(prefix)
    except FileNotFoundError:
        return 0
    failed: Exception | None = None
    for name in names:
        try:
            default_storage.delete(f"{prefix}/{name}")
        except Exception as error:  # each backend has an exception tree of its own
            failed = failed or error
    if failed is not None:
        raise failed
    _remove_empty_folders(prefix)
    return len(names)


def _remove_empty_folders(prefix: str) -> None:
    folder = local_path(prefix)
    if folder is None:
        return
    # The folder of the attempt, then that of its job; one that still holds something stays.
    with suppress(OSError):
        folder.rmdir()
        folder.parent.rmdir()
