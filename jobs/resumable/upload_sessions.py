"""Uploads in pieces that survive a broken connection: begun, continued, completed into a dataset, or forgotten."""

import logging
from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import IO, Any

from django.conf import settings
from django.core.files.storage import default_storage
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from jobs.datasets import dataset_store, intake
from jobs.errors import NotPossibleNow
from jobs.models import Dataset, UploadSession
from jobs.resumable import bucket_parts, disk_pieces, quotas
from jobs.resumable.bucket_parts import Part
from jobs.submitting import submission
from jobs.uploads import UploadRefused
from jobs.uploads.detection import HEAD_BYTES, refuse_by_head
from modelstore.ground import files, sealing, temporary, tokens
from modelstore.ground.errors import FlashError
from modelstore.lifetime.deletion_guard import Allowance
from modelstore.models import find
from training.kinds import kind_of

logger = logging.getLogger(__name__)

PIECE_BYTES = 8 * 1024**2
PARTS_AT_ONCE = 100
# Longer than any check takes; afterwards a repeated "complete" may begin anew.
_COMPLETING = timedelta(minutes=15)

Method = UploadSession.Method


class UploadUnknown(FlashError):
    status = 404
    code = "upload_not_found"
    title = "There is no such upload"


class UploadIncomplete(FlashError):
    status = 409
    code = "upload_incomplete"
    title = "Bytes are missing"


def begin(
    *, task_type: str, name: str, size: int, sha256: str = "", direct: bool = True, caller: str = ""
) -> UploadSession:
    """Opens an upload of `size` bytes for `caller`; with `direct`, into the bucket where there is one.

    Raises DevMode, QueueFull, UploadRefused (413), UploadQuota (429), TooManyUploads (503), StorageFull (507),
    StorageUnavailable.
    """
    submission.check_accepting()
    intake.check_size(size)
    session = UploadSession.with_new_token(
        task_type=task_type,
        name=intake.clean_name(name),
        size_bytes=size,
        sha256=sha256.lower(),
        part_bytes=PIECE_BYTES,
        method=Method.OFFSET,
        key=tokens.new_token(),
        caller=tokens.digest(caller) if caller else "",
    )
    if direct and settings.FLASH_DIRECT_UPLOADS and files.local_path("datasets") is None:
        session.method, session.key = Method.PARTS, dataset_store.new_key()
        session.part_bytes = bucket_parts.part_bytes(size, PIECE_BYTES)
        session.multipart_id = bucket_parts.begin(session.key)
    else:
        disk_pieces.begin(session.key)
    try:
        gone = _admit(session)
    except BaseException:
        _remove_bytes(session)
        raise
    for other in gone:
        _remove_bytes(other)
    return session


@transaction.atomic
def _admit(session: UploadSession) -> list[UploadSession]:
    """Writes the row if there is room for it; answers those that gave way to it."""
    now = timezone.now()
    gone = quotas.admit(session.caller, now)
    if session.method == Method.OFFSET:
        disk_pieces.check_room(session.size_bytes, _promised(now))
    session.save(force_insert=True)
    return gone


def _remove_bytes(session: UploadSession) -> None:
    try:
        if session.method == Method.OFFSET:
            disk_pieces.remove(session.key)
        else:
            bucket_parts.abort(session.key, session.multipart_id)
    except files.StorageUnavailable:
        logger.warning(
            "The parts of an upload could not be removed from the bucket; the storage sweep does it."
        )


def get(token: str) -> UploadSession:
    """The upload of `token`; UploadUnknown (404) when there is none or its time is up."""
    session = find(UploadSession.objects.select_related("dataset"), token)
    if session is None or expires(session) < timezone.now():
        raise UploadUnknown("There is no longer an upload at this address. Begin a new one.")
    if session.dataset is not None and session.dataset_token:
        session.dataset.token = session.dataset_token
    return session


def expires(session: UploadSession) -> datetime:
    """When it is forgotten unless another piece comes."""
    return session.touched + settings.FLASH_UPLOAD_RETENTION


def received(session: UploadSession) -> int:
    """How many bytes have arrived."""
    if session.dataset_id is not None:
        return session.size_bytes
    if session.method == Method.OFFSET:
        return disk_pieces.received(session.key)
    if bucket_parts.exists(session.key, session.size_bytes):
        return session.size_bytes
    return bucket_parts.received(session.key, session.multipart_id)


def missing_parts(session: UploadSession) -> list[Part]:
    """What the client has yet to send to the bucket, some parts at a time; empty for the other method."""
    if session.method != Method.PARTS or session.dataset_id is not None:
        return []
    if bucket_parts.exists(session.key, session.size_bytes):
        return []
    _touch(session)
    return bucket_parts.missing(
        session.key,
        session.multipart_id,
        size=session.size_bytes,
        part_size=session.part_bytes,
        most=PARTS_AT_ONCE,
    )


def append(session: UploadSession, *, offset: int, body: IO[bytes], sha256: bytes | None = None) -> int:
    """Takes one piece; answers the new offset. See upload_sessions_disk.append for what it raises."""
    if session.method != Method.OFFSET:
        raise NotPossibleNow("This upload goes to the bucket: send its parts to their own addresses.")
    if session.dataset_id is not None:
        raise NotPossibleNow("This upload is complete already.")
    after = disk_pieces.append(session.key, offset=offset, body=body, size=session.size_bytes, sha256=sha256)
    _touch(session)
    return after


def complete(
    session: UploadSession, *, sha256: str = "", options: Mapping[str, Any] | None = None
) -> Dataset:
    """Checks what has arrived and makes it a dataset; repeated, it answers the same one.

    Raises UploadIncomplete or NotPossibleNow (409), and UploadRefused as any upload: then the upload is gone, but for
    the dataset of the refusal's `token`, if it has one.
    """
    if session.dataset is not None:
        return session.dataset
    _claim(session)
    try:
        dataset = _complete(session, sha256.lower() or session.sha256, dict(options or {}))
    except UploadRefused as refusal:
        if refusal.token:
            # The file is the dataset's now, so that other columns can be chosen.
            session.dataset = Dataset.objects.get(token_digest=tokens.digest(refusal.token))
            if session.method == Method.OFFSET:
                disk_pieces.remove(session.key)
        abandon(session)
        raise
    except BaseException:
        UploadSession.objects.filter(pk=session.pk).update(completing_until=None)
        raise
    UploadSession.objects.filter(pk=session.pk).update(
        dataset=dataset,
        sealed_dataset=sealing.seal(dataset.token, sealing.key_of_token(session.token)),
        completing_until=None,
        touched=timezone.now(),
    )
    if session.method == Method.OFFSET:
        disk_pieces.remove(session.key)
    return dataset


def abandon(session: UploadSession) -> None:
    """Forgets an upload and its bytes; a dataset made of it stays."""
    if session.dataset_id is None:
        if session.method == Method.OFFSET:
            disk_pieces.remove(session.key)
        else:
            bucket_parts.abort(session.key, session.multipart_id)
            default_storage.delete(session.key)
    session.delete()


def forget_stale(allowed: Allowance) -> int:
    """Forgets uploads that have received nothing for a long time; answers how many."""
    count = 0
    for session in allowed.first(UploadSession.objects.stale(allowed.now, settings.FLASH_UPLOAD_RETENTION)):
        try:
            abandon(session)
        except files.StorageUnavailable:
            logger.warning(
                "Upload %s could not be removed from the bucket; the next sweep tries again.", session.pk
            )
            continue
        count += 1
    return count


def _touch(session: UploadSession) -> None:
    UploadSession.objects.filter(pk=session.pk).update(touched=timezone.now())


def _claim(session: UploadSession) -> None:
    now = timezone.now()
    free = Q(completing_until=None) | Q(completing_until__lt=now)
    taken = UploadSession.objects.filter(free, pk=session.pk, dataset=None).update(
        completing_until=now + _COMPLETING
    )
    if not taken:
        raise NotPossibleNow("The file is being checked already. Ask again in a moment.", retry_after=5)


def _complete(session: UploadSession, sha256: str, options: dict[str, Any]) -> Dataset:
    have = received(session)
    if have != session.size_bytes:
        raise UploadIncomplete(f"{have} of {session.size_bytes} bytes have arrived. Send the rest first.")
    task = session.task_type
    if session.method == Method.OFFSET:
        path = disk_pieces.path_of(session.key)
        return dataset_store.store_file(
            task_type=task, path=path, name=session.name, sha256=sha256, options=options
        )
    bucket_parts.finish(session.key, session.multipart_id, size=session.size_bytes)
    # Said before gigabytes are fetched for it.
    refuse_by_head(bucket_parts.head(session.key, HEAD_BYTES), kind_of(task), packed=True)
    with temporary.folder() as folder:
        path = _fetch(session, folder)
        return dataset_store.store_file(
            task_type=task, path=path, name=session.name, sha256=sha256, options=options, key=session.key
        )


def _fetch(session: UploadSession, folder: Path) -> Path:
    path = folder / "upload"
    files.fetch(session.key, path)
    return path


def _promised(now: datetime) -> int:
    """Bytes that uploads under way have yet to bring to this disk."""
    busy = UploadSession.objects.filter(
        method=Method.OFFSET, dataset=None, touched__gt=now - quotas.IDLE
    ).values_list("key", "size_bytes")
    return sum(max(0, size - disk_pieces.received(key)) for key, size in busy)
