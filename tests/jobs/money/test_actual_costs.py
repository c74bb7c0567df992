"""Receipts: what a job took, and that all receipts together are the bill."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from jobs.compute.fleet import UP
from jobs.models import Attempt, Job, Server, Uptime
from jobs.money import actual_costs
from jobs.states import JobStatus

NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)
Make = Callable[..., Job]


@pytest.fixture
def machine(db: None) -> Server:
    return Server.objects.create(name="i-1", driver="ec2", instance_type="g5", state="running", launched=NOON)


def minutes(number: float) -> datetime:
    return NOON + timedelta(minutes=number)


def run(job: Job, uptime: Uptime, began: float, ended: float | None) -> None:
    Attempt.objects.create(
        job=job,
        fence=Attempt.objects.filter(job=job).count() + 1,
        server=uptime.server,
        uptime=uptime,
        started=minutes(began),
        finished=None if ended is None else minutes(ended),
    )


def test_this_machine_costs_what_the_operator_says_and_times_are_told(make_job: Make, server: Server) -> None:
    job = make_job()
    Attempt.objects.create(
        job=job, fence=1, server=server, started=NOON, finished=minutes(3), price_per_hour=0.0
    )
    receipt = actual_costs.receipt_of(job)
    assert (receipt.training_seconds, receipt.boot_seconds, receipt.idle_seconds) == (180, 0, 0)
    assert (receipt.cost, receipt.final) == (0, True)


def test_jobs_of_one_uptime_share_its_boot_and_idle_time(make_job: Make, machine: Server) -> None:
    uptime = Uptime.objects.create(
        server=machine, began=NOON, ended=minutes(20), kind="g5", price_per_hour=3.0
    )
    first, second = make_job(), make_job()
    run(first, uptime, 2, 8)
    run(second, uptime, 9, 16)
    one, two = actual_costs.receipt_of(first), actual_costs.receipt_of(second)
    assert (one.boot_seconds, one.training_seconds, one.idle_seconds) == (60, 360, 150)
    assert (two.boot_seconds, two.training_seconds, two.idle_seconds) == (60, 420, 150)
    assert one.seconds + two.seconds == 20 * 60
    assert (one.cost or 0) + (two.cost or 0) == pytest.approx(1.0)
    assert one.final


def test_a_receipt_is_final_only_when_the_machine_is_off(make_job: Make, machine: Server) -> None:
    uptime = Uptime.objects.create(server=machine, began=NOON, kind="g5", price_per_hour=3.0)
    job = make_job()
    run(job, uptime, 2, 8)
    assert not actual_costs.receipt_of(job, minutes(9)).final
    assert actual_costs.receipt_of(job, minutes(9)).idle_seconds == 60


def test_every_try_is_on_the_receipt_and_an_unknown_price_is_no_price(
    make_job: Make, machine: Server, server: Server
) -> None:
    job = make_job()
    uptime = Uptime.objects.create(server=machine, began=NOON, ended=minutes(10), kind="g5")
    run(job, uptime, 1, 5)
    Attempt.objects.create(
        job=job, fence=2, server=server, started=minutes(6), finished=minutes(9), price_per_hour=1.0
    )
    receipt = actual_costs.receipt_of(job)
    assert len(receipt.lines) == 2
    assert receipt.training_seconds == 7 * 60
    assert receipt.cost is None
    document = receipt.to_json()
    assert (document["cost"], document["seconds"]) == (None, 13 * 60)


def test_the_listing_opens_and_closes_uptimes_once(machine: Server, settings: Any) -> None:
    settings.FLASH_EC2_PRICES = {"g5": 1.5}
    for minute in (1, 2):
        actual_costs.note_uptimes(minutes(minute), up_states=UP)
    assert [(row.began, row.ended, row.price_per_hour) for row in Uptime.objects.all()] == [(NOON, None, 1.5)]
    Server.objects.update(state="stopping")
    for minute in (7, 8):
        actual_costs.note_uptimes(minutes(minute), up_states=UP)
    assert Uptime.objects.get().ended == minutes(7)
    Server.objects.update(state="running", launched=minutes(30))
    actual_costs.note_uptimes(minutes(31), up_states=UP)
    assert Uptime.objects.filter(ended=None).get().began == minutes(30)
    assert Uptime.objects.count() == 2


def test_looking_costs_one_query_where_nothing_is_started(
    make_job: Make, server: Server, django_assert_num_queries: Callable
) -> None:
    job = make_job(status=JobStatus.DEPLOYED)
    with django_assert_num_queries(1):
        actual_costs.receipt_of(job)
