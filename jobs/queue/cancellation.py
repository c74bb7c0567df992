"""Cancels and retries jobs."""

from django.db import transaction
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone

from jobs import lanes
from jobs.errors import NotPossibleNow
from jobs.messaging import hints
from jobs.models import Epoch, Job
from jobs.notices import notifications
from jobs.queue import early_model, leases
from jobs.states import JobStatus

_KEEPABLE = Q(status=JobStatus.TRAINING, cancel_requested=False) & (
    Q(model__isnull=False) | Exists(Epoch.objects.filter(job=OuterRef("pk")))
)


@transaction.atomic
def cancel(*, job: Job) -> bool:
    """Cancels a waiting job at once and asks a running one to stop; False when it had already ended.

    Its early model goes with it.
    """
    if not leases.cancel(job, cancelled=JobStatus.CANCELLED):
        return False
    if Job.objects.filter(pk=job.pk, status=JobStatus.CANCELLED).exists():
        early_model.drop(job)
        notifications.announce(job)
    return True


def stop_and_keep(*, job: Job) -> bool:
    """Asks a job in training to end with the best model so far; False when there is nothing to keep (any more)."""
    return Job.objects.filter(_KEEPABLE, pk=job.pk).update(keep_best=True) == 1


def can_keep(*, job: Job) -> bool:
    """Whether `stop_and_keep` would find something to keep. One query."""
    return Job.objects.filter(_KEEPABLE, pk=job.pk).exists()


@transaction.atomic
def retry(*, job: Job) -> None:
    """Queues a failed or cancelled job again with a clean slate; NotPossibleNow when its data is gone."""
    if job.dataset_id is None and job.version_id is None:
        raise NotPossibleNow("The data of this job is no longer here. Upload it again and submit a new job.")
    now = timezone.now()
    moved = Job.objects.filter(status__in=[JobStatus.FAILED, JobStatus.CANCELLED]).transition(
        job.pk,
        JobStatus.QUEUED,
        attempt=0,
        progress=0,
        phase="",
        error="",
        eta_seconds=None,
        cancel_requested=False,
        keep_best=False,
        queued=now,
        due=lanes.due(now, job.expected_seconds or 0.0),
        started=None,
        finished=None,
        lease_until=None,
    )
    if not moved:
        raise NotPossibleNow("Only a failed or cancelled job can be tried again.")
    transaction.on_commit(hints.wake_scheduler)
