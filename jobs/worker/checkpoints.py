"""Checkpoints through storage: a job continues on another server where the last one stopped."""

import logging
import shutil
import tarfile
import threading
import time
from contextlib import suppress
from contextvars import copy_context
from pathlib import Path
from types import TracebackType
from typing import Self

from django.conf import settings
from django.core.files.storage import default_storage
from django.db import connection, transaction

from jobs.datasets.intake import sha256_of
from jobs.errors import LeaseLost
from jobs.models import Checkpoint, Job, JobEvent
from jobs.queue import lifecycle
from jobs.worker.run_folders import earlier_attempts
from modelstore.ground import files, tokens

logger = logging.getLogger(__name__)

FOLDER = "checkpoints"
# The trainer's own folder in RUN_DIR; what it is writing at the moment ends with .tmp.
_IN_RUN_DIR = "checkpoint"
_UNFINISHED = ".tmp"
# A copy may keep the network and the disk busy for this share of the time at most.
_SHARE_OF_TIME = 0.1
_LAST_COPY_SECONDS = 12
_DAMAGED = "The checkpoint of the last attempt could not be used, so the training starts again."


class Courier:
    """A context in which what the trainer leaves in RUN_DIR/checkpoint is copied into storage now and then.

    At most every FLASH_CHECKPOINT_SECONDS, and less often where a copy takes long. Nothing that goes wrong here
    hurts the training.
    """

    def __init__(self, job: Job, run_dir: Path) -> None:
        self._job, self._run_dir = job, run_dir
        self._pause = float(settings.FLASH_CHECKPOINT_SECONDS)
        self._stop, self._last = threading.Event(), False
        self._delivered: object = _signature(run_dir / _IN_RUN_DIR)
        self._thread = threading.Thread(
            target=copy_context().run, args=(self._run,), name="checkpoints", daemon=True
        )

    def __enter__(self) -> Self:
        if self._pause:
            self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join(_LAST_COPY_SECONDS)

    def finish(self) -> None:
        """One last copy, of what an interrupted trainer left; given up after some seconds."""
        self._last = True
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join(_LAST_COPY_SECONDS)

    def _run(self) -> None:
        try:
            while not self._stop.wait(self._pause):
                self._copy_if_new()
            if self._last:
                self._copy_if_new()
        except LeaseLost:
            logger.info("Job %s is no longer ours; its checkpoint is not kept.", self._job.pk)
        finally:
            connection.close()

    def _copy_if_new(self) -> None:
        signature = _signature(self._run_dir / _IN_RUN_DIR)
        if not signature or signature == self._delivered:
            return
        started = time.monotonic()
        try:
            save(self._job, self._run_dir)
            self._delivered = signature
        except LeaseLost:
            raise
        except Exception:  # a full disk, a slow bucket, a restarting database: the next turn tries again
            logger.warning("The checkpoint of job %s was not copied.", self._job.pk, exc_info=True)
            connection.close()
        took = time.monotonic() - started
        self._pause = max(float(settings.FLASH_CHECKPOINT_SECONDS), took / _SHARE_OF_TIME)


def save(job: Job, run_dir: Path) -> None:
    """Copies RUN_DIR/checkpoint into storage as the job's newest, and removes the one before.

    Raises LeaseLost when another attempt holds the job, OSError, or what the storage raises; then nothing new stays.
    """
    archive = run_dir / "checkpoint.tar"
    key = f"{_folder(job)}/{job.fence}-{tokens.new_token()}.tar"
    try:
        _pack(run_dir / _IN_RUN_DIR, archive)
        digest, size = sha256_of(archive), archive.stat().st_size
        files.put(archive, key)
    finally:
        archive.unlink(missing_ok=True)
    try:
        earlier = _record(job, key, digest, size)
    except BaseException:
        _delete(key)
        raise
    if earlier:
        _delete(earlier)


def restore(job: Job, run_dir: Path) -> bool:
    """Puts the newest checkpoint of an earlier attempt into RUN_DIR; False when there is none that can be used.

    What an earlier attempt left on this machine is taken unless storage has a newer one; afterwards it is gone.
    """
    earlier = earlier_attempts(run_dir)
    here = [path for path in earlier if (path / _IN_RUN_DIR).is_dir()]
    stored = Checkpoint.objects.filter(job=job).first()
    found = False
    if stored is not None and (not here or int(here[-1].name) < stored.fence):
        found = _fetch(stored, run_dir)
    if not found and here:
        shutil.copytree(here[-1] / _IN_RUN_DIR, run_dir / _IN_RUN_DIR, dirs_exist_ok=True)
        found = True
    for path in earlier:
        shutil.rmtree(path, ignore_errors=True)
    return found


def forget(job: Job) -> None:
    """Deletes all checkpoints of a job that has ended, also those that a dying server could not record."""
    Checkpoint.objects.filter(job=job).delete()
    try:
        files.delete_folder(_folder(job))
    except Exception:  # each backend has an exception tree of its own
        logger.warning("Checkpoints of job %s stay; the sweep tries again.", job.pk, exc_info=True)


def forget_ended() -> int:
    """Deletes the checkpoints of ended jobs whose worker could not do it; answers how many."""
    rows = list(Checkpoint.objects.exclude(job__in=Job.objects.active()).select_related("job")[:200])
    for row in rows:
        forget(row.job)
    return len(rows)


def _folder(job: Job) -> str:
    return f"{FOLDER}/{job.pk}"


def _signature(folder: Path) -> tuple[tuple[str, int, int], ...]:
    """What changes whenever the trainer has written something new."""
    with suppress(OSError):
        return tuple(
            (path.name, path.stat().st_mtime_ns, path.stat().st_size) for path in sorted(_complete(folder))
        )
    return ()


def _complete(folder: Path) -> list[Path]:
    if not folder.is_dir():
        return []
    return [path for path in folder.iterdir() if path.is_file() and path.suffix != _UNFINISHED]


def _pack(folder: Path, archive: Path) -> None:
    """The trainer replaces its files as a whole, so that one held open stays what it is."""
    with tarfile.open(archive, "w") as tar:
        for path in sorted(_complete(folder)):
            with path.open("rb") as file:
                tar.addfile(tar.gettarinfo(arcname=path.name, fileobj=file), file)


def _record(job: Job, key: str, digest: str, size: int) -> str:
    """Makes `key` the job's newest checkpoint; answers the key of the one before, or ""."""
    with transaction.atomic():
        # Takes the row's lock: an attempt that lost the job records nothing, however late it comes.
        if not lifecycle.renew(job=job):
            raise LeaseLost
        earlier = Checkpoint.objects.filter(job=job).values_list("key", flat=True).first()
        Checkpoint.objects.update_or_create(
            job=job, defaults={"fence": job.fence, "key": key, "sha256": digest, "size_bytes": size}
        )
    return earlier or ""


def _fetch(row: Checkpoint, run_dir: Path) -> bool:
    archive, partial = run_dir / "checkpoint.tar", run_dir / "checkpoint.partial"
    try:
        archive.unlink(missing_ok=True)
        files.fetch(row.key, archive)
        if archive.stat().st_size != row.size_bytes or sha256_of(archive) != row.sha256:
            raise OSError(f"{row.key} is not what was stored")
        shutil.rmtree(partial, ignore_errors=True)
        with tarfile.open(archive) as tar:
            tar.extractall(partial, filter="data")
        partial.rename(run_dir / _IN_RUN_DIR)
    except (
        Exception
    ) as error:  # damaged, gone, or a storage that does not answer: a slower start, not a failure
        logger.error("The checkpoint of job %s cannot be used: %s", row.job_id, error)
        lifecycle.note(job=row.job, kind=JobEvent.Kind.WARNING, message=_DAMAGED)
        shutil.rmtree(partial, ignore_errors=True)
        return False
    finally:
        archive.unlink(missing_ok=True)
    return True


def _delete(key: str) -> None:
    """A file that cannot be deleted now is an orphan; the sweep of the storage finds it."""
    try:
        default_storage.delete(key)
    except Exception:  # each backend has an exception tree of its own
        logger.warning("%s could not be deleted; the sweep tries again.", key, exc_info=True)
