"""The state of the platform as everybody may see it (was status.json)."""

from typing import Any

from django.db.models import Count
from django.utils import timezone

from jobs.models import Job, PlatformStatus
from jobs.money import caps
from jobs.states import ACTIVE, RUNNING, JobStatus

DEV_MODE_NOTICE = (
    "Flash is under maintenance: new jobs are refused for now. "
    "Running jobs continue, and models still predict."
)
FULL_NOTICE = "The queue is full at the moment: new jobs are refused until one has finished."


def platform_summary() -> dict[str, Any]:
    """`status` (active when a job waits or runs), `dev_mode`, `queued`, `running`, `accepting`, `notice`.

    Two queries; two more with a cap on the day.
    """
    platform = PlatformStatus.current()
    counts = dict(
        Job.objects.filter(status__in=ACTIVE).order_by().values_list("status").annotate(Count("pk"))
    )
    queued = counts.get(JobStatus.QUEUED, 0)
    running = sum(counts.get(status, 0) for status in RUNNING)
    full = is_full(platform, queued=queued, running=running)
    notice = platform.notice or (DEV_MODE_NOTICE if platform.dev_mode else "")
    used_up = caps.day_is_used_up(platform, timezone.now())
    if not platform.dev_mode and (full or used_up):
        # Beside the operator's own words, which may be about something else.
        notice = f"{notice} {caps.USED_UP if used_up else FULL_NOTICE}".strip()
    return {
        "status": "active" if queued or running else "sleeping",
        "dev_mode": platform.dev_mode,
        "queued": queued,
        "running": running,
        "accepting": not (platform.dev_mode or full or used_up),
        "notice": notice,
    }


def is_full(platform: PlatformStatus, *, queued: int, running: int) -> bool:
    """Whether one more job would not fit; with a limit of 0 only an idle platform takes one."""
    if platform.queue_limit == 0:
        return queued + running > 0
    return queued >= platform.queue_limit
