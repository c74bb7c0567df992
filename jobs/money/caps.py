"""The operator's and the owner's caps on time and money: what is left, and what a try at a job may take.

A try reserves its whole allowance when it begins, and a machine that is up the time until it is surely off again;
so the sum cannot pass a cap, whatever the jobs do. Days are those of UTC.
"""

import logging
import math
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import Q
from django.utils import timezone

from jobs.errors import CapReached
from jobs.models import Attempt, Job, PlatformStatus, Server, Uptime
from jobs.money import prices

logger = logging.getLogger(__name__)

LEAST_USEFUL_SECONDS = 60.0
USED_UP = "Today's budget for training is used up; it starts again at midnight UTC. Models still predict."
# From the decision to stop a machine until EC2 no longer bills it, one period of the reconciler included.
_STOP_LATENCY = timedelta(minutes=5)


@dataclass(frozen=True, kw_only=True, slots=True)
class Usage:
    """What machines have taken, or are sure to take, on one day."""

    seconds: float = 0.0
    cost: float = 0.0

    def plus(self, seconds: float, price: float | None) -> "Usage":
        cost = 0.0 if price is None else seconds * price / 3600
        return Usage(seconds=self.seconds + seconds, cost=self.cost + cost)


def in_force() -> PlatformStatus:
    """The row with the operator's caps, or their defaults: one query, and nothing is written."""
    return next(iter(PlatformStatus.objects.filter(pk=1)), None) or PlatformStatus(pk=1)


def check_day(platform: PlatformStatus, now: datetime | None = None) -> None:
    """Raises CapReached (429 with the seconds until midnight) when the day has nothing left for one more job."""
    now = now or timezone.now()
    if day_is_used_up(platform, now):
        raise CapReached(USED_UP, retry_after=_until_midnight(now))


def day_is_used_up(platform: PlatformStatus, now: datetime) -> bool:
    """Whether no further machine time may be begun today. No query without a cap on the day."""
    if platform.day_cap_minutes is None and platform.day_cap_cost is None:
        return False
    kind = prices.expected_kind()
    left = day_left_seconds(platform, prices.price_per_hour(kind), now, reserved=False)
    return left is not None and left < LEAST_USEFUL_SECONDS + _before_work(kind, now)


def _before_work(kind: str, now: datetime) -> float:
    """What a machine that is not up yet takes before and after its job, at most."""
    if kind == prices.LOCAL or Uptime.objects.filter(ended=None).exists():
        return 0.0
    return float((settings.FLASH_BOOT_GRACE + settings.FLASH_IDLE_GRACE + _STOP_LATENCY).total_seconds())


def day_left_seconds(
    platform: PlatformStatus, price: float | None, now: datetime, *, reserved: bool = True
) -> float | None:
    """How long one more try may take today at `price` an hour; None: no cap. Two queries with a cap.

    With `reserved`, what the tries of this moment may still take counts as taken.
    """
    if platform.day_cap_minutes is None and platform.day_cap_cost is None:
        return None
    used = usage_today(now, reserved=reserved)
    limits = []
    if platform.day_cap_minutes is not None:
        limits.append(platform.day_cap_minutes * 60 - used.seconds)
    if platform.day_cap_cost is not None:
        limits.append(_affordable(platform.day_cap_cost - used.cost, price))
    return min(limits)


def whole_day_seconds(platform: PlatformStatus, price: float | None) -> float | None:
    """What a whole day allows at `price` an hour; None: no cap."""
    limits = [] if platform.day_cap_minutes is None else [platform.day_cap_minutes * 60.0]
    if platform.day_cap_cost is not None:
        limits.append(_affordable(platform.day_cap_cost, price))
    return min(limits, default=None)


def usage_today(now: datetime, *, reserved: bool = True) -> Usage:
    """What is spent since midnight, and what the tries and machines of this moment have reserved."""
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    used = Usage()
    tries = Attempt.objects.filter(Q(finished=None) | Q(finished__gt=midnight))
    fields = ("started", "finished", "price_per_hour", "allowance_seconds", "uptime")
    for started, finished, price, allowance, uptime in tries.values_list(*fields):
        if uptime is None:
            used = used.plus(_overlap(midnight, now, started, finished), price)
        if finished is None and reserved:
            most = settings.FLASH_JOB_DEADLINE.total_seconds() if allowance is None else allowance
            used = used.plus(max(0.0, most - (now - started).total_seconds()), price)
    for uptime_row in Uptime.objects.filter(Q(ended=None) | Q(ended__gt=midnight)):
        taken = _overlap(midnight, now, uptime_row.began, uptime_row.ended)
        tail = 0.0 if uptime_row.ended else (settings.FLASH_IDLE_GRACE + _STOP_LATENCY).total_seconds()
        used = used.plus(taken + tail, uptime_row.price_per_hour)
    return used


def allowance(*, job: Job, server: Server, platform: PlatformStatus, now: datetime) -> float | None:
    """Seconds that a try at `job` on `server` may take, by every cap; None: no cap. May be 0 or less."""
    price = prices.price_per_hour(prices.kind_of(server))
    limits = [
        day_left_seconds(platform, price, now),
        job_left_seconds(job=job, server=server, platform=platform, now=now),
    ]
    return min((limit for limit in limits if limit is not None and math.isfinite(limit)), default=None)


def job_left_seconds(*, job: Job, server: Server, platform: PlatformStatus, now: datetime) -> float | None:
    """What its own caps leave to `job`, after its earlier tries; None: no cap."""
    minutes = [cap for cap in (platform.job_cap_minutes, job.max_minutes) if cap is not None]
    if not minutes and platform.job_cap_cost is None:
        return None
    rows = Attempt.objects.filter(job=job, fence__lte=job.fence) if job.fence else ()
    earlier = [((row.finished or now) - row.started).total_seconds() for row in rows]
    limits = [cap * 60 - sum(earlier) for cap in minutes]
    if platform.job_cap_cost is not None:
        price = prices.price_per_hour(prices.kind_of(server))
        around = _around(server, now)
        limits.append(_affordable(platform.job_cap_cost, price) - sum(earlier) - around)
    return min(limits)


def job_cap_seconds(platform: PlatformStatus, max_minutes: int | None, kind: str) -> float | None:
    """What a new job may take at most on a machine of `kind`, whatever the day; None: no cap."""
    minutes = [cap for cap in (platform.job_cap_minutes, max_minutes) if cap is not None]
    limits = [cap * 60.0 for cap in minutes]
    if platform.job_cap_cost is not None:
        limits.append(_affordable(platform.job_cap_cost, prices.price_per_hour(kind)))
    finite = [limit for limit in limits if math.isfinite(limit)]
    return min(finite, default=None)


def remaining_seconds(job: Job) -> float | None:
    """What is left of the allowance of the try that holds `job`; None: no cap."""
    row = Attempt.objects.filter(job=job, fence=job.fence).first()
    if row is None or row.allowance_seconds is None:
        return None
    return row.allowance_seconds - (timezone.now() - row.started).total_seconds()


def _around(server: Server, now: datetime) -> float:
    """Boot before and idle time after the job, at most: the whole of it, should no other job share it."""
    if server.driver == prices.LOCAL:
        return 0.0
    boot = (now - server.launched).total_seconds() if server.launched else 0.0
    shared = Uptime.objects.filter(server=server, ended=None, attempts__isnull=False).exists()
    return (0.0 if shared else boot) + float((settings.FLASH_IDLE_GRACE + _STOP_LATENCY).total_seconds())


def _affordable(money: float, price: float | None) -> float:
    """Seconds that `money` pays for. Without a known price none: a cap that cannot be kept must not be passed."""
    if price is None:
        return 0.0
    return math.inf if price == 0 else money / price * 3600


def _overlap(since: datetime, until: datetime, began: datetime, ended: datetime | None) -> float:
    return max(0.0, (min(ended or until, until) - max(began, since)).total_seconds())


def _until_midnight(now: datetime) -> int:
    midnight = (now + timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0)
    return int((midnight - now).total_seconds()) + 1
