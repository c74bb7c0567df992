"""Quotes: rough without history and told so, from past jobs with it; queue, boot, money and caps included."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from jobs.models import Attempt, Job, Lane, PlatformStatus, Server, Uptime
from jobs.money.estimates import rough_seconds
from jobs.money.quotes import Quoter
from jobs.states import JobStatus
from tests.tasks import Task
from training.ground.recipe import resolve

NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)
Make = Callable[..., Job]
CONFIG = resolve(Task.TEXT, {"preset": "quick"}).to_json()
pytestmark = pytest.mark.django_db


@pytest.fixture
def ec2(settings: Any) -> Any:
    settings.FLASH_COMPUTE = "ec2"
    settings.FLASH_EC2_TYPES = ["g5.xlarge"]
    settings.FLASH_EC2_PRICES = {"g5.xlarge": 3.6}
    return settings


def past_job(make_job: Make, server: Server, seconds: float, samples: int = 1000, **values: Any) -> None:
    job = make_job(status=JobStatus.DEPLOYED, sample_count=samples, attempt=1, finished=NOON, **values)
    Attempt.objects.create(
        job=job,
        server=server,
        fence=1,
        started=NOON,
        finished=NOON + timedelta(seconds=seconds),
        outcome=JobStatus.DEPLOYED,
    )


def test_without_history_it_says_that_it_is_rough() -> None:
    quote = Quoter(now=NOON).quote(CONFIG, 1000)
    assert (quote.basis, quote.past_jobs, quote.server) == ("rough", 0, "local")
    assert quote.training.expected == pytest.approx(rough_seconds(CONFIG, 1000))
    assert quote.start.expected == 0
    assert (quote.cost.high if quote.cost else None) == 0, "this machine is free unless a price is set"


def test_past_jobs_on_this_kind_of_server_are_what_it_goes_by(make_job: Make, server: Server) -> None:
    for _ in range(8):
        past_job(make_job, server, seconds=3.0)
    other = Server.objects.create(name="i-1", driver="ec2", instance_type="g5.xlarge")
    past_job(make_job, other, seconds=900.0)
    quote = Quoter(now=NOON).quote(CONFIG, 1000)
    assert (quote.basis, quote.past_jobs) == ("history", 8)
    assert quote.training.expected == pytest.approx(3.0, rel=0.1)
    assert quote.training.low < 3.0 < quote.training.high


def test_jobs_of_the_same_preset_count_where_there_are_enough(make_job: Make, server: Server) -> None:
    for _ in range(3):
        past_job(make_job, server, seconds=5.0)
        past_job(make_job, server, seconds=500.0, preset="best")
    assert Quoter(now=NOON).quote(CONFIG, 1000).past_jobs == 3


def test_it_waits_for_the_jobs_before_it(make_job: Make) -> None:
    make_job(due=NOON, quote={"training_seconds": {"low": 50, "expected": 60, "high": 70}})
    make_job(status=JobStatus.TRAINING, eta_seconds=30.0)
    assert Quoter(now=NOON).quote(CONFIG, 100).start.expected == pytest.approx(90)


def test_a_sleeping_machine_boots_first_and_its_boot_and_idle_time_cost(ec2: Any) -> None:
    quote = Quoter(now=NOON).quote(CONFIG, 1000)
    assert quote.server == "g5.xlarge"
    assert quote.boot.expected > 30
    assert quote.start.expected == quote.boot.expected
    paid = quote.boot.expected + quote.training.expected + quote.idle.expected
    assert quote.cost is not None
    assert quote.cost.expected == pytest.approx(paid * 3.6 / 3600)
    assert quote.cost.low < quote.cost.expected < quote.cost.high


def test_past_boots_are_what_a_boot_takes(ec2: Any, make_job: Make) -> None:
    machine = Server.objects.create(name="i-1", driver="ec2", instance_type="g5.xlarge")
    for hour in range(6):
        began = NOON - timedelta(hours=hour + 1)
        uptime = Uptime.objects.create(
            server=machine, began=began, ended=began + timedelta(minutes=9), kind="g5.xlarge"
        )
        Attempt.objects.create(
            job=make_job(status=JobStatus.FAILED, error="x"),
            fence=1,
            server=machine,
            uptime=uptime,
            started=began + timedelta(seconds=40),
            finished=began + timedelta(minutes=8),
        )
    assert Quoter(now=NOON).quote(CONFIG, 100).boot.expected == pytest.approx(40, rel=0.1)


def test_a_machine_that_is_up_needs_no_boot(ec2: Any) -> None:
    machine = Server.objects.create(name="i-1", driver="ec2", instance_type="g5.xlarge")
    Uptime.objects.create(server=machine, began=NOON, kind="g5.xlarge")
    assert Quoter(now=NOON).quote(CONFIG, 100).boot.high == 0


def test_the_next_start_is_cheaper_and_later(ec2: Any) -> None:
    quoter = Quoter(now=NOON)
    now, later = quoter.quote(CONFIG, 1000), quoter.quote(CONFIG, 1000, lane=Lane.NEXT_START)
    assert now.cost is not None
    assert later.cost is not None
    assert later.cost.expected < now.cost.expected
    assert later.end.high > now.end.high


def test_without_a_price_there_are_times_but_no_money(ec2: Any) -> None:
    ec2.FLASH_EC2_PRICES = {}
    quote = Quoter(now=NOON).quote(CONFIG, 1000)
    assert quote.cost is None
    assert quote.to_json()["cost"] is None
    assert quote.to_json()["end"]["expected"] > NOON.isoformat()


def test_no_estimate_is_above_the_cap_and_it_says_when_it_would_be_stopped() -> None:
    PlatformStatus.objects.create(pk=1, job_cap_minutes=2)
    config = resolve(Task.TEXT, {"preset": "best"}).to_json()
    quote = Quoter(now=NOON).quote(config, 100_000)
    assert (quote.cap_seconds, quote.is_cut) == (120, True)
    assert quote.training.high <= 120
    short = Quoter(now=NOON).quote(CONFIG, 100, max_minutes=1)
    assert (short.cap_seconds, short.is_cut) == (60, False)


def test_three_quotes_cost_hardly_more_queries_than_one(
    make_job: Make, django_assert_max_num_queries: Callable
) -> None:
    PlatformStatus.current()
    for _ in range(5):
        make_job()
    with django_assert_max_num_queries(4):
        quoter = Quoter(now=timezone.now())
        for preset in ("quick", "balanced", "best"):
            quoter.quote(resolve(Task.TEXT, {"preset": preset}).to_json(), 100)


def test_jobs_of_a_kind_that_was_taken_away_are_left_out(make_job: Make, server: Server) -> None:
    gone = {"task_type": "boxclassification", "config": CONFIG | {"task": "boxclassification"}}
    past_job(make_job, server, seconds=3.0, **gone)
    make_job(quote={}, **gone)
    make_job(status=JobStatus.TRAINING, started=NOON, quote=None, **gone)
    quote = Quoter(now=NOON).quote(CONFIG, 1000)
    assert (quote.basis, quote.wait.expected) == ("rough", 0)
