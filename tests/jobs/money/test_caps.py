"""Caps on time and money: what is left, and that nothing passes them."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from jobs.errors import CapReached
from jobs.models import Attempt, Job, PlatformStatus, Server, Uptime
from jobs.money import caps
from jobs.queue.platform_status import platform_summary
from jobs.states import JobStatus

NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)
Make = Callable[..., Job]


def platform(**values: Any) -> PlatformStatus:
    PlatformStatus.current()
    PlatformStatus.objects.update(**values)
    return PlatformStatus.current()


def tried(job: Job, began: datetime, minutes: float | None, **values: Any) -> Attempt:
    ended = None if minutes is None else began + timedelta(minutes=minutes)
    fence = Attempt.objects.filter(job=job).count() + 1
    return Attempt.objects.create(job=job, fence=fence, started=began, finished=ended, **values)


def test_without_caps_everything_is_allowed(make_job: Make, server: Server) -> None:
    job = make_job()
    assert caps.allowance(job=job, server=server, platform=platform(), now=NOON) is None
    caps.check_day(platform())


def test_the_day_counts_from_midnight_utc(make_job: Make, server: Server) -> None:
    job = make_job()
    tried(job, NOON - timedelta(hours=13), 90)
    tried(job, NOON - timedelta(hours=1), 10)
    left = caps.day_left_seconds(platform(day_cap_minutes=60), 0.0, NOON)
    assert left == (60 - 30 - 10) * 60


def test_a_running_try_has_reserved_its_allowance(make_job: Make, server: Server) -> None:
    tried(make_job(), NOON - timedelta(minutes=5), None, allowance_seconds=1200)
    assert caps.day_left_seconds(platform(day_cap_minutes=60), 0.0, NOON) == 2400
    # What it may still take is no reason to refuse somebody who will wait for it.
    assert caps.day_left_seconds(platform(), 0.0, NOON, reserved=False) == 3300


def test_money_is_counted_at_the_price_of_each_machine(make_job: Make, server: Server) -> None:
    tried(make_job(), NOON - timedelta(hours=1), 30, price_per_hour=2.0)
    assert caps.day_left_seconds(platform(day_cap_cost=3.0), 4.0, NOON) == pytest.approx(1800)
    assert caps.day_left_seconds(platform(), None, NOON) == 0, "a price nobody knows cannot be kept to"


def test_a_machine_that_is_up_counts_whole_and_until_it_is_surely_off(db: None, settings: Any) -> None:
    row = Server.objects.create(name="i-1", driver="ec2", instance_type="g5", launched=NOON)
    Uptime.objects.create(server=row, began=NOON - timedelta(minutes=10), kind="g5", price_per_hour=1.0)
    used = caps.usage_today(NOON)
    assert used.seconds == 600 + (settings.FLASH_IDLE_GRACE + timedelta(minutes=5)).total_seconds()
    assert used.cost == pytest.approx(used.seconds / 3600)


def test_a_used_up_day_refuses_until_midnight(make_job: Make) -> None:
    tried(make_job(), NOON - timedelta(hours=1), 60)
    with pytest.raises(CapReached) as refusal:
        caps.check_day(platform(day_cap_minutes=60), NOON)
    assert refusal.value.status == 429
    assert 12 * 3600 <= (refusal.value.retry_after or 0) <= 12 * 3600 + 1
    caps.check_day(platform(), NOON + timedelta(hours=12))


def test_a_job_has_what_its_earlier_tries_left(make_job: Make, server: Server) -> None:
    job = make_job(max_minutes=30)
    tried(job, NOON - timedelta(hours=1), 10)
    Job.objects.update(fence=1)
    job.refresh_from_db()
    assert caps.allowance(job=job, server=server, platform=platform(), now=NOON) == 1200
    stricter = platform(job_cap_minutes=15)
    assert caps.allowance(job=job, server=server, platform=stricter, now=NOON) == 300


def test_a_jobs_money_pays_for_boot_and_idle_time_too(make_job: Make, settings: Any) -> None:
    settings.FLASH_EC2_PRICES = {"g5": 1.0}
    now = timezone.now()
    machine = Server.objects.create(
        name="i-1", driver="ec2", instance_type="g5", launched=now - timedelta(minutes=2)
    )
    left = caps.allowance(job=make_job(), server=machine, platform=platform(job_cap_cost=1.0), now=now)
    after = (settings.FLASH_IDLE_GRACE + timedelta(minutes=5)).total_seconds()
    assert left == pytest.approx(3600 - 120 - after)


def test_free_machines_are_never_stopped_for_money(make_job: Make, server: Server) -> None:
    rich = platform(job_cap_cost=1.0, day_cap_cost=1.0)
    assert caps.allowance(job=make_job(), server=server, platform=rich, now=NOON) is None
    assert caps.job_cap_seconds(rich, None, "local") is None


def test_what_remains_shrinks_while_the_job_runs(make_job: Make) -> None:
    job = make_job(status=JobStatus.TRAINING, fence=1)
    assert caps.remaining_seconds(job) is None
    tried(job, timezone.now() - timedelta(seconds=100), None, allowance_seconds=160)
    left = caps.remaining_seconds(job)
    assert left is not None
    assert 50 < left <= 60


def test_a_used_up_day_is_told_before_an_upload(make_job: Make, server: Server) -> None:
    platform(day_cap_minutes=60)
    assert platform_summary()["accepting"]
    tried(make_job(status=JobStatus.FAILED, error="x"), timezone.now() - timedelta(minutes=1), None)
    PlatformStatus.objects.update(day_cap_minutes=1)
    summary = platform_summary()
    assert not summary["accepting"] and caps.USED_UP in summary["notice"]
