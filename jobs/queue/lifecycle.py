"""The life of a running job: claim, lease, progress, and its four ends. Every write is guarded by the fence."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from django.db import transaction
from django.utils import timezone

from jobs.datasets import dataset_store
from jobs.messaging import hints
from jobs.models import Attempt, Epoch, Job, JobEvent, Server, Trial
from jobs.notices import notifications
from jobs.queue import attempts, early_model, leases, retraining
from jobs.queue.leases import held, require
from jobs.states import JobStatus
from modelstore.bundles import store
from modelstore.models import TrainedModel
from training.score import ACCURACY, Score


def claim(*, server: Server, at_most: float | None = None) -> Job | None:
    """Takes the next waiting job for `server`, or None. The conditional UPDATE lets one claimant win.

    With `at_most`, only one that will probably train for so many seconds or less.
    """

    def open_attempt(job: Job) -> None:
        attempts.begin(job=job, server=server)

    waiting = Job.objects.queued().select_related("dataset")
    if at_most is not None:
        waiting = waiting.filter(expected_seconds__lte=at_most)
    if held := attempts.held_back(server=server):
        waiting = waiting.exclude(pk__in=held)
    try:
        return leases.claim(
            waiting, to=JobStatus.STARTING, opened=open_attempt, server=server, phase="preparing"
        )
    except attempts.NotNow:
        return None


def renew(*, job: Job) -> bool:
    """Extends the lease; False when the job is no longer this attempt's."""
    return leases.renew(job)


def is_cancel_requested(*, job: Job) -> bool:
    """Whether its owner asked to stop; LeaseLost when the attempt no longer holds the job."""
    return leases.is_cancel_requested(job)


def is_keep_requested(*, job: Job) -> bool:
    """Whether its owner has seen enough and wants the best model so far."""
    return held(job).filter(keep_best=True).exists()


def start_training(*, job: Job) -> None:
    require(Job.objects.transition(job.pk, JobStatus.TRAINING, held_by=job.fence))


def start_deploying(*, job: Job) -> None:
    require(
        Job.objects.transition(
            job.pk, JobStatus.DEPLOYING, held_by=job.fence, phase="deploying", eta_seconds=None
        )
    )


def record_phase(*, job: Job, phase: str) -> None:
    require(held(job).update(phase=phase[:40]) == 1)


def record_progress(*, job: Job, progress: float, eta_seconds: float | None) -> None:
    """Progress between 0 and 1; a smaller value than the one there is ignored."""
    leases.record_progress(job, progress=progress, eta_seconds=eta_seconds)


@transaction.atomic
def record_epoch(*, job: Job, epoch: int, figures: Mapping[str, float | None], score: str = ACCURACY) -> None:
    """Figures of one epoch, by a score of this name; told again, they replace the earlier ones."""
    require(renew(job=job))
    if score != job.score_name:
        require(held(job).update(score_name=score) == 1)
        job.score_name = score
    Epoch.objects.update_or_create(job=job, epoch=epoch, defaults=dict(figures))


@transaction.atomic
def record_trial(*, job: Job, facts: dict[str, Any]) -> None:
    """How one of the trainings of a search stands; told again, it replaces what was told before."""
    require(renew(job=job))
    Trial.record(job, facts)


def forget_figures(*, job: Job) -> None:
    """Drops the figures of an earlier attempt that left no checkpoint to continue from."""
    Epoch.objects.filter(job=job).delete()
    Trial.objects.filter(job=job).delete()


def note(*, job: Job, kind: JobEvent.Kind, message: str) -> None:
    JobEvent.objects.create(job=job, kind=kind, message=message[:4000])


@transaction.atomic
def publish(*, job: Job, bundle: Path, prefix: str) -> None:
    """Makes the uploaded bundle the job's model: row written, job deployed, data dropped; all or nothing.

    An early model stays instead unless the bundle beats it (`store.beats`); a model that was to be continued, unless
    the new one is better on the same validation part.
    """
    continued = retraining.publish_continued(job=job, bundle=bundle, prefix=prefix)
    if continued is None:
        model = early_model.publish_better(job=job, bundle=bundle, prefix=prefix)
        _deployed(job, model, score=model.score)
    else:
        _deployed(job, None, score=continued.score, comparison=continued.comparison)


@transaction.atomic
def finish_with_early_model(*, job: Job) -> bool:
    """Ends the job with the early model as its model; False when there is none."""
    model = early_model.of(job)
    if model is None:
        return False
    start_deploying(job=job)
    store.begin_life(model=model)
    _deployed(job, model, score=model.score)
    return True


def _deployed(job: Job, model: TrainedModel | None, *, score: Score, **values: Any) -> None:
    """Raises LeaseLost also where its owner has cancelled it: what was promised then holds to the last moment."""
    require(
        Job.objects.filter(cancel_requested=False).transition(
            job.pk,
            JobStatus.DEPLOYED,
            held_by=job.fence,
            model=model,
            progress=1,
            phase="",
            score_name=score.name,
            score_value=score.value,
            accuracy=score.value if score.name == ACCURACY else None,
            **values,
        )
    )
    _close_attempt(job, JobStatus.DEPLOYED)
    notifications.announce(job)
    dataset = job.dataset
    if dataset is not None and not dataset.kept and not dataset_store.is_needed(dataset):
        dataset_store.discard(dataset)


@transaction.atomic
def fail(*, job: Job, error: str) -> None:
    """Ends the job with a sentence for its owner."""
    require(Job.objects.transition(job.pk, JobStatus.FAILED, held_by=job.fence, error=error, phase=""))
    note(job=job, kind=JobEvent.Kind.ERROR, message=error)
    _close_attempt(job, JobStatus.FAILED, error)
    notifications.announce(job)


@transaction.atomic
def finish_cancelled(*, job: Job) -> None:
    require(Job.objects.transition(job.pk, JobStatus.CANCELLED, held_by=job.fence, phase=""))
    early_model.drop(job)
    _close_attempt(job, JobStatus.CANCELLED)
    notifications.announce(job)


def finish_if_cancelled(*, job: Job) -> bool:
    """Ends a job that its owner has cancelled meanwhile; False when that is not what happened."""
    if not held(job).filter(cancel_requested=True).exists():
        return False
    finish_cancelled(job=job)
    return True


@transaction.atomic
def requeue(*, job: Job, reason: str, blame: bool) -> None:
    """Back into the queue, in its old place; failed instead after too many tries that count against it.

    One that its owner has cancelled ends.
    """
    if finish_if_cancelled(job=job):
        return
    waits = leases.requeue(
        job,
        reason=reason,
        blame=blame,
        what="Training",
        fail=lambda sentence: fail(job=job, error=sentence),
        phase="",
        server=None,
    )
    if not waits:
        return
    note(job=job, kind=JobEvent.Kind.WARNING, message=f"{reason} The job is waiting for another try.")
    _close_attempt(job, JobStatus.QUEUED, reason)
    # Its machine may be on its way out (spot, watchdog): the next one need not wait for the sweep.
    transaction.on_commit(hints.wake_scheduler)


def _close_attempt(job: Job, outcome: JobStatus, reason: str = "") -> None:
    Attempt.objects.filter(job=job, fence=job.fence, finished=None).update(
        finished=timezone.now(), outcome=outcome, reason=reason
    )
