"""Runs one batch on this machine: files in, child process, progress out, results published."""

import errno
import json
import logging
import shutil
import sys
import threading
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import DatabaseError, InterfaceError, OperationalError, connection
from django.utils import timezone

from jobs.batches import lifecycle
from jobs.batches.child.order import CSV_FILE, RESULTS_FILE, SUMMARY_FILE, Order
from jobs.errors import LeaseLost
from jobs.models import BatchPrediction
from jobs.queue.leases import persist
from jobs.worker.child import EXIT_INTERRUPTED, Child
from jobs.worker.heartbeat import Heartbeat
from jobs.worker.stop_request import STOPPING
from jobs.worker.watch import CancelRequested, OutOfTime, follow
from modelstore.bundles import local_cache
from modelstore.ground import files
from modelstore.ground.errors import FlashError
from modelstore.models import CleanupPolicy
from training.bundle.manifest import BundleDamaged

logger = logging.getLogger(__name__)

FOLDER = "batches"
_ONE_AT_A_TIME = threading.Lock()
_CRASHED = "The process that predicts stopped without a word."
_OUT_OF_MEMORY = "The process that predicts was killed, most likely because the machine ran out of memory."
_INTERNAL = "Something went wrong on our side."
_RESTARTING = "The server is restarting."
_UPLOAD_GONE = "The file is no longer here. Send it again."
_MODEL_GONE = "The model has expired, so nothing more can be predicted with it."


def run_next(*, only: int | None = None) -> bool:
    """Claims a waiting batch and runs it to one of its ends; False when there is none, or one is at work already."""
    if STOPPING.is_set() or not _ONE_AT_A_TIME.acquire(blocking=False):
        return False
    try:
        batch = lifecycle.claim(only=only)
        if batch is None:
            return False
        _run_claimed(batch)
    finally:
        _ONE_AT_A_TIME.release()
    return True


def command() -> list[str]:
    """The command line of the child; its folder and options follow."""
    return [sys.executable, "-m", "jobs.batches.child"]


def run_folder(batch: BatchPrediction) -> Path:
    """Where this attempt works."""
    return Path(settings.FLASH_RUNS_DIR) / FOLDER / str(batch.pk) / str(batch.fence)


def _run_claimed(batch: BatchPrediction) -> None:
    try:
        with Heartbeat(batch) as heartbeat:
            _run(batch, heartbeat)
    except LeaseLost:
        logger.info("Batch %s is no longer ours; what this attempt made is dropped.", batch.pk)
    except Exception:
        logger.exception("Batch %s failed for a reason of ours.", batch.pk)
        persist(lambda: lifecycle.requeue(batch=batch, reason=_INTERNAL, blame=True))
    finally:
        _forget_if_ended(batch)


def _run(batch: BatchPrediction, heartbeat: Heartbeat) -> None:
    folder = run_folder(batch)
    try:
        _prepare(batch, folder)
    except (FlashError, BundleDamaged) as error:
        sentence = error.detail if isinstance(error, FlashError) else "The model's files are damaged."
        persist(lambda: lifecycle.fail(batch=batch, error=sentence))
        return
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT):
            raise
        persist(lambda: lifecycle.fail(batch=batch, error="The server's disk is full. Try again later."))
        return
    child = Child(command(), folder)
    try:
        _conclude(batch, folder, child, heartbeat)
    finally:
        child.close()


def _prepare(batch: BatchPrediction, folder: Path) -> None:
    """Everything that the child needs, on this disk."""
    model = batch.model
    if model is None or model.is_expired(CleanupPolicy.current(), timezone.now()):
        raise FlashError(_MODEL_GONE)
    folder.mkdir(parents=True, exist_ok=True)
    _take_over_results(folder)
    order = Order(
        kind=batch.kind,
        upload=str(_upload(batch, folder)),
        name=batch.name,
        bundle=str(local_cache.folder_of(model)),
        limits=settings.FLASH_LIMITS,
        threads=settings.FLASH_BATCH_THREADS,
        nice=settings.FLASH_BATCH_NICE,
        **batch.options,
    )
    order.write(folder)


def _upload(batch: BatchPrediction, folder: Path) -> Path:
    """The user's file on this disk: where it is stored, or a copy of it."""
    key = str(batch.file.name)
    path = files.local_path(key)
    try:
        if path is None:
            path = folder / "upload"
            files.fetch(key, path)
        path.stat()
    except FileNotFoundError as error:
        raise FlashError(_UPLOAD_GONE) from error
    return path


def _take_over_results(folder: Path) -> None:
    """Moves what the latest earlier attempt on this machine has predicted here, and removes the earlier folders."""
    earlier = sorted(
        (path for path in folder.parent.iterdir() if path != folder), key=lambda path: int(path.name)
    )
    for path in reversed(earlier):
        if not (folder / RESULTS_FILE).exists() and (path / RESULTS_FILE).is_file():
            # A copy: an earlier child that still lives goes on writing into its own file.
            shutil.copyfile(path / RESULTS_FILE, folder / RESULTS_FILE)
            if (path / "thumbnails").is_dir():
                shutil.copytree(path / "thumbnails", folder / "thumbnails")
        shutil.rmtree(path, ignore_errors=True)


class _Events:
    """Applies the child's events to the row; `error` holds the sentence of an error event."""

    def __init__(self, batch: BatchPrediction) -> None:
        self.error = ""
        self._batch = batch

    def take(self, event: dict[str, Any]) -> None:
        try:
            self._apply(event)
        except (OperationalError, InterfaceError):
            # Figures on a page are not worth a batch: the next event comes on a fresh connection.
            connection.close()

    def _apply(self, event: dict[str, Any]) -> None:
        kind = event.pop("event", None)
        if kind == "progress":
            lifecycle.record(batch=self._batch, **event)
        elif kind == "first":
            lifecycle.record_first(batch=self._batch, results=event["results"])
        elif kind == "error":
            self.error = str(event["message"])


def _conclude(batch: BatchPrediction, folder: Path, child: Child, heartbeat: Heartbeat) -> None:
    events = _Events(batch)
    allowed = settings.FLASH_BATCH_DEADLINE.total_seconds()
    try:
        status = follow(child, row=batch, take=events.take, heartbeat=heartbeat, seconds=allowed)
    except CancelRequested:
        persist(lambda: lifecycle.finish_cancelled(batch=batch))
        return
    except OutOfTime:
        sentence = f"It took longer than the {allowed / 3600:.3g} hours allowed. Send a smaller file."
        persist(lambda: lifecycle.fail(batch=batch, error=sentence))
        return
    if status == 0 and (folder / SUMMARY_FILE).is_file():
        _publish(batch, folder)
    elif status == EXIT_INTERRUPTED or STOPPING.is_set():
        persist(lambda: lifecycle.requeue(batch=batch, reason=_RESTARTING, blame=False))
    elif events.error:
        persist(lambda: lifecycle.fail(batch=batch, error=events.error))
    else:
        logger.error("The child of batch %s ended with status %s:\n%s", batch.pk, status, child.stderr_tail())
        reason = _OUT_OF_MEMORY if status == -9 else _CRASHED
        persist(lambda: lifecycle.requeue(batch=batch, reason=reason, blame=True))


def _publish(batch: BatchPrediction, folder: Path) -> None:
    prefix = f"batches/{batch.pk}/{batch.fence}"
    for name in (RESULTS_FILE, CSV_FILE):
        files.put(folder / name, f"{prefix}/{name}")
    summary = json.loads((folder / SUMMARY_FILE).read_text("utf-8"))
    persist(lambda: lifecycle.publish(batch=batch, prefix=prefix, summary=summary))


def _forget_if_ended(batch: BatchPrediction) -> None:
    """Removes the folders of a batch that has ended or is gone; a waiting one keeps its results so far."""
    try:
        batch.refresh_from_db(fields=["status"])
        if not batch.is_ended:
            return
    except BatchPrediction.DoesNotExist:
        pass
    except DatabaseError:
        return
    shutil.rmtree(run_folder(batch).parent, ignore_errors=True)
