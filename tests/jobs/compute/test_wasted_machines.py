"""Machines that are paid for and never run a job: they count against the day, and the operator sees what they cost."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from jobs.compute.fleet import Policy
from jobs.compute.reconciler import step
from jobs.compute.rows import DatabaseLedger
from jobs.models import Job, PlatformStatus, Server, Uptime
from jobs.money import caps
from tests.jobs.compute.fake_ec2 import FakeEc2

pytestmark = pytest.mark.django_db

NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


class Pool:
    """The real ledger on a cloud where nothing ever reports; a pass a minute."""

    def __init__(self) -> None:
        self.now = NOON
        self.ec2 = FakeEc2(clock=lambda: self.now, instance_type="g5")

    def passes(self, count: int) -> None:
        for _ in range(count):
            self.now += MINUTE
            step(DatabaseLedger(adopts=False), self.ec2, self.now, Policy(launches=True))


@pytest.fixture
def pool(settings: Any) -> Pool:
    settings.FLASH_COMPUTE, settings.FLASH_EC2_TYPES, settings.FLASH_EC2_PRICES = "ec2", ["g5"], {"g5": 6.0}
    return Pool()


def test_a_machine_that_never_reports_is_on_the_bill_of_the_day(
    pool: Pool, make_job: Callable[..., Job], admin_client: Client
) -> None:
    make_job(queued=NOON)
    pool.passes(9)
    row = Uptime.objects.get(ended__isnull=False)
    assert not row.attempts.exists()
    minutes = (row.ended - row.began) / MINUTE
    assert 5 < minutes <= 7
    Uptime.objects.exclude(pk=row.pk).delete()
    assert caps.usage_today(pool.now).cost == pytest.approx(minutes * 0.1)
    page = admin_client.get(reverse("admin:jobs_uptime_changelist")).content.decode()
    assert "none: paid for nothing" in page
    assert f"{minutes * 0.1:.3f} USD" in page


def test_a_machine_of_somebody_else_with_our_tag_is_on_the_bill_too(pool: Pool) -> None:
    pool.ec2.add("running")
    pool.passes(3)
    assert Server.objects.get().marked is not None
    row = Uptime.objects.get()
    assert (row.server, row.kind, row.ended) == (Server.objects.get(), "g5", pool.now)


def test_failed_boots_never_pass_the_cap_of_the_day(pool: Pool, make_job: Callable[..., Job]) -> None:
    """They run no job, so nothing but the day's cap holds them."""
    PlatformStatus.current()
    PlatformStatus.objects.update(day_cap_cost=2.0)
    make_job(queued=NOON)
    pool.passes(40)
    assert (pool.ec2.launches, pool.ec2.up()) == (2, []), "a third one might pass it"
    assert 1.0 < caps.usage_today(pool.now).cost <= 2.0
    assert caps.day_is_used_up(PlatformStatus.current(), pool.now)
    pool.now = NOON + timedelta(hours=12, minutes=1)
    pool.passes(2)
    assert pool.ec2.launches == 3, "a new day"
