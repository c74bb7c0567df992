"""Begins a try at a job within the caps: what it may take is decided and reserved in the claim's transaction."""

from django.utils import timezone

from jobs.models import Attempt, Job, JobEvent, PlatformStatus, Server
from jobs.money import actual_costs, caps, prices
from jobs.states import JobStatus

_CLAIMED_AT_ONCE = 20
_LEAST_SECONDS = 15.0
# Without an error band, and with one that reaches beyond the day, this much of the day must be left.
_SHARE_OF_THE_DAY = 0.5


class NotNow(Exception):
    """The day's budget was taken by another try meanwhile; the job keeps waiting."""


def begin(*, job: Job, server: Server) -> Attempt:
    """The row of a new try, with the price of its machine and what it may take. Raises NotNow.

    Belongs into the transaction of the claim; `job` is the row as it was before.
    """
    now = timezone.now()
    # One claim at a time divides the day: the row lock on Postgres, BEGIN IMMEDIATE on SQLite.
    platform = PlatformStatus.objects.select_for_update().filter(pk=1).first() or PlatformStatus(pk=1)
    allowance = caps.allowance(job=job, server=server, platform=platform, now=now)
    if allowance is not None and allowance < _LEAST_SECONDS:
        raise NotNow
    return Attempt.objects.create(
        job=job,
        server=server,
        fence=job.fence + 1,
        uptime=actual_costs.current_uptime(server),
        price_per_hour=prices.price_per_hour(prices.kind_of(server)),
        allowance_seconds=allowance,
    )


def held_back(*, server: Server) -> list[int]:
    """Waiting jobs that today's budget does not reach for; ends those that have used up their own.

    One query without caps.
    """
    platform, now = caps.in_force(), timezone.now()
    price = prices.price_per_hour(prices.kind_of(server))
    left = caps.day_left_seconds(platform, price, now)
    whole = caps.whole_day_seconds(platform, price)
    held = []
    for job in Job.objects.queued()[:_CLAIMED_AT_ONCE] if _any_caps(platform) else _capped_by_owner():
        own = caps.job_left_seconds(job=job, server=server, platform=platform, now=now)
        if own is not None and own < _LEAST_SECONDS:
            _end(job)
        elif left is not None and left < _needed(job, own, whole):
            held.append(job.pk)
    return held


def _any_caps(platform: PlatformStatus) -> bool:
    caps_set = (
        platform.job_cap_minutes,
        platform.job_cap_cost,
        platform.day_cap_minutes,
        platform.day_cap_cost,
    )
    return any(cap is not None for cap in caps_set)


def _capped_by_owner() -> list[Job]:
    return list(Job.objects.queued().filter(max_minutes__isnull=False, fence__gt=0)[:_CLAIMED_AT_ONCE])


def _needed(job: Job, own: float | None, whole: float | None) -> float:
    """What must be left of the day for a try at `job` to be worth it."""
    told = (job.quote or {}).get("training_seconds") or {}
    wanted = max(float(told.get("high", 0.0)), caps.LEAST_USEFUL_SECONDS)
    limits = [wanted, own, None if whole is None else whole * _SHARE_OF_THE_DAY]
    return min(limit for limit in limits if limit is not None)


def _end(job: Job) -> None:
    cap = "the cap on one job" if job.max_minutes is None else f"its cap of {job.max_minutes} minutes"
    error = (
        f"Training stopped at {cap} before a model was ready, counting all attempts. "
        "Submit it again with a higher cap, fewer epochs, a smaller model or less data."
    )
    if Job.objects.transition(job.pk, JobStatus.FAILED, held_by=job.fence, error=error, phase=""):
        JobEvent.objects.create(job=job, kind=JobEvent.Kind.ERROR, message=error)
