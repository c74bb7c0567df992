"""Runs one batch on this machine: files in, child process, progress out, results published."""

import json
import shutil
import sys
import threading
from functools import partial
from pathlib import Path
from typing import Any

from django.conf import settings
from django.utils import timezone

from jobs.batches import evaluations, lifecycle
from jobs.batches.child.order import RESULTS_FILE, SUMMARY_FILE, Order
from jobs.batches.downloads import FORMATS
from jobs.errors import LeaseLost
from jobs.models import BatchPrediction
from jobs.queue.leases import persist
from jobs.worker import run_folders
from jobs.worker.attempt import apply_event, attempt, drop_files, reason_of_crash, was_interrupted
from jobs.worker.child import Child
from jobs.worker.heartbeat import Heartbeat
from jobs.worker.patience import NO_STORAGE, patiently
from jobs.worker.stop_request import STOPPING
from jobs.worker.watch import CancelRequested, OutOfTime, follow
from modelstore.bundles import local_cache, stored_files
from modelstore.ground import files
from modelstore.ground.errors import FlashError
from modelstore.models import CleanupPolicy, TrainedModel
from training.bundle.manifest import MARKS_FILE, BundleDamaged, verify_file
from training.ground.limits import GIB

FOLDER = "batches"
_ONE_AT_A_TIME = threading.Lock()
_CRASHED = "The prediction process stopped unexpectedly."
_OUT_OF_MEMORY = "The prediction process was killed, most likely because the machine ran out of memory."
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
    return run_folders.run_folder(_root(), batch)


def _root() -> Path:
    return Path(settings.FLASH_RUNS_DIR) / FOLDER


def _run_claimed(batch: BatchPrediction) -> None:
    try:
        attempt(
            batch,
            lambda heartbeat: _run(batch, heartbeat),
            requeue=lambda blame: lifecycle.requeue(batch=batch, reason=_INTERNAL, blame=blame),
        )
    finally:
        run_folders.forget_if_ended(_root(), batch)


def _run(batch: BatchPrediction, heartbeat: Heartbeat) -> None:
    folder = run_folder(batch)
    try:
        _work(batch, folder, heartbeat)
    except CancelRequested:
        persist(lambda: lifecycle.finish_cancelled(batch=batch))
    except files.StorageUnavailable:
        persist(lambda: lifecycle.requeue(batch=batch, reason=NO_STORAGE, blame=not STOPPING.is_set()))


def _work(batch: BatchPrediction, folder: Path, heartbeat: Heartbeat) -> None:
    try:
        patiently(lambda: _prepare(batch, folder), row=batch, heartbeat=heartbeat)
    except files.StorageUnavailable:
        raise
    except (FlashError, BundleDamaged) as error:
        sentence = error.detail if isinstance(error, FlashError) else "The model's files are damaged."
        _fail(batch, sentence)
        return
    except OSError as error:
        if not files.is_disk_full(error):
            raise
        _fail(batch, "The server's disk is full. Try again later.")
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
    upload = _upload(batch, folder).resolve()
    order = Order(
        task=model.task_type,
        kind=batch.kind,
        upload=str(upload),
        name=batch.name,
        bundle=str(local_cache.folder_of(model)),
        limits=settings.FLASH_LIMITS if batch.reading is None else evaluations.limits_of_samples(),
        reading=None if batch.reading is None else batch.reading["options"],
        marks=None if batch.reading is None else _marks(model, folder),
        threads=settings.FLASH_BATCH_THREADS,
        nice=settings.FLASH_BATCH_NICE,
        request_id=batch.request_id,
        # The model, its arithmetic and what is decoded at the moment, beside what reading an upload may take.
        memory=settings.FLASH_READ_MEMORY + 2 * upload.stat().st_size + 2 * GIB,
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
            path.unlink(missing_ok=True)
            files.fetch(key, path)
        path.stat()
    except FileNotFoundError as error:
        raise FlashError(_UPLOAD_GONE) from error
    return path


def _marks(model: TrainedModel, folder: Path) -> str | None:
    """The bundle's file of this name on this disk, where it has one; it is checked. Raises BundleDamaged."""
    facts = model.manifest["files"].get(MARKS_FILE)
    if facts is None:
        return None
    key = f"{model.storage_prefix}/{MARKS_FILE}"
    path = stored_files.local_path(key, facts)
    if path is None:
        path = folder / MARKS_FILE
        path.unlink(missing_ok=True)
        stored_files.fetch(key, facts, path)
    verify_file(path, facts)
    return str(path)


def _take_over_results(folder: Path) -> None:
    """Moves what the latest earlier attempt on this machine has predicted here, and removes the earlier folders."""
    for path in reversed(run_folders.earlier_attempts(folder)):
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
        self._handlers = {
            "progress": self._take_progress,
            "first": self._take_first,
            "error": self._take_error,
        }

    def take(self, event: dict[str, Any]) -> None:
        """Applies one event. Raises LeaseLost when the batch is no longer this attempt's."""
        apply_event(self._handlers, event)

    def _take_progress(self, event: dict[str, Any]) -> None:
        figures = {name: value for name, value in event.items() if name != "event"}
        lifecycle.record(batch=self._batch, **figures)

    def _take_first(self, event: dict[str, Any]) -> None:
        lifecycle.record_first(batch=self._batch, results=event["results"])

    def _take_error(self, event: dict[str, Any]) -> None:
        self.error = str(event["message"])


def _conclude(batch: BatchPrediction, folder: Path, child: Child, heartbeat: Heartbeat) -> None:
    events = _Events(batch)
    allowed = settings.FLASH_BATCH_DEADLINE.total_seconds()
    try:
        status = follow(child, row=batch, take=events.take, heartbeat=heartbeat, seconds=allowed)
    except OutOfTime:
        sentence = f"It took longer than the {allowed / 3600:.3g} hours allowed. Send a smaller file."
        _fail(batch, sentence)
        return
    if status == 0 and (folder / SUMMARY_FILE).is_file():
        _publish(batch, folder, heartbeat)
    elif was_interrupted(status):
        persist(lambda: lifecycle.requeue(batch=batch, reason=_RESTARTING, blame=False))
    elif events.error:
        _fail(batch, events.error)
    else:
        reason = reason_of_crash(batch, child, status, out_of_memory=_OUT_OF_MEMORY, crashed=_CRASHED)
        persist(lambda: lifecycle.requeue(batch=batch, reason=reason, blame=True))


def _fail(batch: BatchPrediction, sentence: str) -> None:
    def end() -> None:
        # What its owner has stopped ends as stopped.
        if not lifecycle.finish_if_cancelled(batch=batch):
            lifecycle.fail(batch=batch, error=sentence)

    persist(end)


def _publish(batch: BatchPrediction, folder: Path, heartbeat: Heartbeat) -> None:
    prefix = f"batches/{batch.pk}/{batch.fence}"
    made = {format: name for format, (name, _) in FORMATS.items() if (folder / name).is_file()}
    for name in made.values():
        patiently(partial(files.put, folder / name, f"{prefix}/{name}"), row=batch, heartbeat=heartbeat)
    summary = json.loads((folder / SUMMARY_FILE).read_text("utf-8"))
    summary["summary"]["formats"] = list(made)
    try:
        persist(lambda: lifecycle.publish(batch=batch, prefix=prefix, summary=summary))
    except LeaseLost:
        if lifecycle.finish_if_cancelled(batch=batch):
            drop_files(prefix)
        raise
