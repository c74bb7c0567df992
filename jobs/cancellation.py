"""Cancels and retries jobs."""

from django.db import transaction
from django.utils import timezone

from jobs import leases, scheduling
from jobs.errors import NotPossibleNow
from jobs.models import Job
from jobs.states import JobStatus


def cancel(*, job: Job) -> bool:
    """Cancels a waiting job at once and asks a running one to stop; False when it had already ended."""
    return leases.cancel(job, cancelled=JobStatus.CANCELLED)


@transaction.atomic
def retry(*, job: Job) -> None:
    """Queues a failed or cancelled job again with a clean slate; NotPossibleNow when its data is gone."""
    if job.dataset_id is None:
        raise NotPossibleNow("The data of this job is no longer here. Upload it again and submit a new job.")
    moved = Job.objects.filter(status__in=[JobStatus.FAILED, JobStatus.CANCELLED]).transition(
        job.pk,
        JobStatus.QUEUED,
        attempt=0,
        progress=0,
        phase="",
        error="",
        eta_seconds=None,
        cancel_requested=False,
        queued=timezone.now(),
        started=None,
        finished=None,
        lease_until=None,
    )
    if not moved:
        raise NotPossibleNow("Only a failed or cancelled job can be tried again.")
    transaction.on_commit(scheduling.wake)
