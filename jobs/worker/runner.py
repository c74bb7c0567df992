"""Runs one job on this machine: data in, child process, events out, bundle published."""

import json
import logging
import shutil
from contextlib import suppress
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import DatabaseError, connection
from django.utils import timezone

from jobs.compute.local import this_server
from jobs.datasets import dataset_store
from jobs.datasets.versions import training_sets
from jobs.errors import LeaseLost
from jobs.models import Job
from jobs.money.caps import remaining_seconds
from jobs.notices import alerts
from jobs.queue import early_model, lifecycle, retraining
from jobs.queue.leases import persist
from jobs.uploads import UploadRefused
from jobs.worker import checkpoints, run_folders
from jobs.worker.attempt import attempt, drop_files, reason_of_crash, was_interrupted
from jobs.worker.child import EXIT_INTERRUPTED, Child, trainer_command
from jobs.worker.heartbeat import Heartbeat
from jobs.worker.patience import NO_STORAGE, patiently
from jobs.worker.stop_and_keep import StopAndKeep
from jobs.worker.stop_request import STOPPING
from jobs.worker.trainer_events import EventLog
from jobs.worker.warm_trainer import WARM_TRAINER
from jobs.worker.watch import CancelRequested, OutOfTime, follow
from modelstore.bundles import store
from modelstore.ground import files
from modelstore.ground.known_kind import KindUnknown, check_kind

logger = logging.getLogger(__name__)

# What the trainer gets beyond its own deadline to keep the best model so far.
_DEADLINE_GRACE_SECONDS = 120
_EXPORT_SHARE = 0.25
_OUT_OF_MEMORY = (
    "The training process was killed, most likely because the machine ran out of memory. "
    "Try a smaller model, a smaller batch size or less data."
)
_CRASHED = "The training process crashed. Try again; if it happens once more, choose another model."
_DISK_FULL = "The training machine's disk is full; its operator can make room."
_DISK_ALERT = (
    "The disk of {server} is full, so trainings fail there. Make room, move FLASH_RUNS_DIR to a larger disk, or "
    "start the machine with a larger one."
)
_INTERNAL = (
    "Something went wrong on our side while this job ran. Try again; the operator has the details in the log."
)
_NO_DATABASE = "The database did not respond for a while."


def run_next(*, at_most: float | None = None) -> bool:
    """Claims the next waiting job and runs it to one of its ends; False when there is none or the worker stops.

    With `at_most`, only one that will probably train for so many seconds or less.
    """
    if STOPPING.is_set():
        return False
    job = lifecycle.claim(server=this_server(), at_most=at_most)
    if job is None:
        return False
    try:
        attempt(
            job,
            lambda heartbeat: run(job=job, heartbeat=heartbeat),
            requeue=lambda blame: lifecycle.requeue(
                job=job, reason=_INTERNAL if blame else _NO_DATABASE, blame=blame
            ),
        )
    finally:
        forget_if_ended(job)
    return True


def run(*, job: Job, heartbeat: Heartbeat) -> None:
    """Runs a claimed job; LeaseLost when somebody else holds it meanwhile."""
    folder = run_folder(job)
    try:
        _prepare(job, folder, heartbeat)
        _train(job, folder, heartbeat)
    except (UploadRefused, KindUnknown) as refusal:
        _fail(job, refusal.detail)
    except CancelRequested:
        persist(lambda: lifecycle.finish_cancelled(job=job))
    except files.StorageUnavailable:
        persist(lambda: lifecycle.requeue(job=job, reason=NO_STORAGE, blame=not STOPPING.is_set()))
    except files.StorageFull:
        _make_room(job, folder)
    except OSError as error:
        if not files.is_disk_full(error):
            raise
        _make_room(job, folder)


def run_folder(job: Job) -> Path:
    """The RUN_DIR of this attempt."""
    return run_folders.run_folder(Path(settings.FLASH_RUNS_DIR), job)


def forget_if_ended(job: Job) -> None:
    """Removes the run folders of a job that has ended; a waiting one keeps its checkpoint."""
    if run_folders.forget_if_ended(Path(settings.FLASH_RUNS_DIR), job):
        with suppress(DatabaseError):
            checkpoints.forget(job)


def _make_room(job: Job, folder: Path) -> None:
    """Ends a try for which this disk has no room: another machine may have more, and so may this one later."""
    shutil.rmtree(folder / "data", ignore_errors=True)
    # What workers that were killed have left here; on a machine of its own nobody else sweeps.
    with suppress(DatabaseError):
        run_folders.remove_ended(Path(settings.FLASH_RUNS_DIR), Job.objects.all())
    logger.error("The disk of this machine has no room for job %s.", job.pk)
    persist(lambda: alerts.tell("training_disk", _DISK_ALERT.format(server=job.server), timezone.now()))
    persist(lambda: lifecycle.requeue(job=job, reason=_DISK_FULL, blame=True))


def _prepare(job: Job, folder: Path, heartbeat: Heartbeat) -> None:
    if job.dataset is None and job.version is None:
        raise UploadRefused("The data of this job is gone. Upload it again and submit a new job.")
    check_kind(job.task_type)
    folder.mkdir(parents=True, exist_ok=True)
    patiently(lambda: _fetch(job, folder), row=job, heartbeat=heartbeat)
    if not checkpoints.restore(job, folder):
        lifecycle.forget_figures(job=job)
    document = {
        "config": job.config | _machine(job),
        "task_name": job.task_name,
        "request_id": job.request_id,
    }
    (folder / "config.json").write_text(json.dumps(document))


def _fetch(job: Job, folder: Path) -> None:
    shutil.rmtree(folder / "data", ignore_errors=True)
    if job.version is not None:
        training_sets.materialise(version=job.version, run_dir=folder)
    else:
        assert job.dataset is not None
        dataset_store.materialise(dataset=job.dataset, run_dir=folder)
    retraining.prepare(job=job, folder=folder)


def _machine(job: Job) -> dict[str, Any]:
    """The part of the configuration that belongs to this try, not to the job."""
    allowed, left = settings.FLASH_JOB_DEADLINE.total_seconds(), remaining_seconds(job)
    if left is not None:
        # The trainer stops earlier than the cap, so that the best model is written and stored before it.
        allowed = max(1.0, min(allowed, left - min(_DEADLINE_GRACE_SECONDS, left * _EXPORT_SHARE)))
    return {
        "device": settings.FLASH_DEVICE,
        "threads": settings.FLASH_TRAINER_THREADS,
        "nice": settings.FLASH_TRAINER_NICE,
        "deadline_seconds": allowed,
        "serving_copy": settings.FLASH_SERVING_COPY,
    }


def _train(job: Job, folder: Path, heartbeat: Heartbeat) -> None:
    lifecycle.start_training(job=job)
    child = Child(trainer_command(), folder, ready=WARM_TRAINER.take(folder))
    try:
        log, stop = EventLog(job), StopAndKeep(job, child)
        with checkpoints.Courier(job, folder) as courier:
            status = _follow(job, child, log, heartbeat, stop)
            if status == EXIT_INTERRUPTED:
                courier.finish()
        _conclude(job, folder, child, log, status, heartbeat, kept=stop.told)
    finally:
        child.close()
        if not STOPPING.is_set():
            WARM_TRAINER.prepare()


def _follow(job: Job, child: Child, log: EventLog, heartbeat: Heartbeat, stop: StopAndKeep) -> int:
    """Takes events until the child ends; answers its status."""
    allowed, left = settings.FLASH_JOB_DEADLINE.total_seconds(), remaining_seconds(job)
    seconds = allowed + _DEADLINE_GRACE_SECONDS

    def take(event: dict[str, Any]) -> None:
        stop.hear(event)
        # What continues an earlier model has that one for the time being.
        if event.get("event") == "early" and job.continues_id is None:
            _publish_early(job, run_folder(job) / "early")
        else:
            log.take(event)

    try:
        return follow(
            child,
            row=job,
            take=take,
            look=stop.look,
            heartbeat=heartbeat,
            seconds=seconds if left is None else min(seconds, left),
        )
    except CancelRequested:
        persist(lambda: lifecycle.finish_cancelled(job=job))
        raise LeaseLost from None
    except OutOfTime:
        log.error = (
            f"Training took longer than the {allowed / 3600:.3g} hours allowed. "
            "Use fewer epochs or a smaller model."
            if left is None or left > seconds
            else "Training reached its cap on time or money before a model was ready. "
            "Submit it again with a higher cap, fewer epochs, a smaller model or less data."
        )
        return 1


def _conclude(
    job: Job,
    folder: Path,
    child: Child,
    log: EventLog,
    status: int,
    heartbeat: Heartbeat,
    *,
    kept: bool = False,
) -> None:
    bundle = folder / "bundle"
    if status == 0 and (bundle / "model.json").is_file():
        _deploy(job, bundle, heartbeat)
    elif was_interrupted(status):
        persist(lambda: lifecycle.requeue(job=job, reason="The training server is restarting.", blame=False))
    elif kept:
        persist(lambda: _keep_early(job))
    elif log.error:
        _fail(job, log.error)
    else:
        reason = reason_of_crash(job, child, status, out_of_memory=_OUT_OF_MEMORY, crashed=_CRASHED)
        persist(lambda: lifecycle.requeue(job=job, reason=reason, blame=True))


def _fail(job: Job, sentence: str) -> None:
    def end() -> None:
        # What its owner has stopped ends as stopped.
        if not lifecycle.finish_if_cancelled(job=job):
            lifecycle.fail(job=job, error=sentence)

    persist(end)


def _publish_early(job: Job, bundle: Path) -> None:
    """A model for the time being; whatever fails here costs the job nothing but that."""
    if job.continues_id is not None:
        return  # there is one already, under a token of its own
    prefix = f"jobs/{job.pk}/{job.fence}-early"
    try:
        store.upload_bundle(folder=bundle, prefix=prefix)
        early_model.publish(job=job, bundle=bundle, prefix=prefix)
    except LeaseLost:
        raise
    except Exception:
        logger.exception("The early model of job %s was not published.", job.pk)
        connection.close_if_unusable_or_obsolete()


def _keep_early(job: Job) -> None:
    """Its owner wanted the best so far, and the training itself has none yet."""
    if lifecycle.finish_if_cancelled(job=job):
        return
    if not lifecycle.finish_with_early_model(job=job):
        lifecycle.finish_cancelled(job=job)


def _deploy(job: Job, bundle: Path, heartbeat: Heartbeat) -> None:
    persist(lambda: lifecycle.start_deploying(job=job))
    prefix = f"jobs/{job.pk}/{job.fence}"

    def upload() -> None:
        store.upload_bundle(folder=bundle, prefix=prefix)

    patiently(lambda: persist(upload), row=job, heartbeat=heartbeat)
    try:
        persist(lambda: lifecycle.publish(job=job, bundle=bundle, prefix=prefix))
    except LeaseLost:
        if lifecycle.finish_if_cancelled(job=job):
            drop_files(prefix)
        raise
