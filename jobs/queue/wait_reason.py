"""Why a job waits, in a sentence for its owner."""

from django.conf import settings
from django.utils import timezone

from jobs.models import Fleet, Job, Lane
from jobs.money import caps
from jobs.states import JobStatus


def reason(job: Job) -> str:
    """Empty when it waits for nothing but its turn. One query for a waiting job, more with caps or EC2."""
    if job.status != JobStatus.QUEUED:
        return ""
    now = timezone.now()
    if caps.day_is_used_up(caps.in_force(), now):
        return "Today's budget for training is used up. The job continues after midnight UTC."
    if settings.FLASH_COMPUTE == "local":
        return ""
    latest = job.queued + settings.FLASH_SHARED_START_WAIT
    if job.lane == Lane.NEXT_START and now < latest and not Job.objects.running().exists():
        return f"Waiting to share the next start of a machine; starts by {latest:%H:%M} UTC at the latest."
    return Fleet.current().reason
