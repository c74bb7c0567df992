"""Short jobs pass long ones, nobody starves, and a lane of their own takes what is short."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from jobs import lanes
from jobs.compute.local import this_server
from jobs.messaging import hints
from jobs.models import Job
from jobs.money.quotes import Quoter
from jobs.queue import cancellation, lifecycle
from jobs.worker import short_lane

pytestmark = pytest.mark.django_db
Make = Callable[..., Job]


def _waiting(make_job: Make, seconds: float, minutes_ago: float = 0, **values: Any) -> Job:
    queued = timezone.now() - timedelta(minutes=minutes_ago)
    told = {"low": seconds / 2, "expected": seconds, "high": 2 * seconds}
    return make_job(
        queued=queued,
        expected_seconds=seconds,
        due=lanes.due(queued, seconds),
        quote={"training_seconds": told},
        **values,
    )


def _claimed(**options: Any) -> Job | None:
    return lifecycle.claim(server=this_server(), **options)


def test_a_short_job_passes_a_long_one_that_came_just_before(make_job: Make) -> None:
    long, short = _waiting(make_job, 3_600, minutes_ago=10), _waiting(make_job, 30)
    assert [short.queue_position(), long.queue_position()] == [1, 2]
    assert _claimed() == short
    assert _claimed() == long


def test_a_long_job_that_has_waited_its_time_is_passed_no_more(make_job: Make) -> None:
    long = _waiting(make_job, 600, minutes_ago=60 * lanes.PATIENCE)
    for _ in range(3):
        _waiting(make_job, 10)
    assert _claimed() == long


def test_patience_has_an_end(make_job: Make) -> None:
    now = timezone.now()
    assert lanes.due(now, 1e9) - now == timedelta(hours=3)


def test_equals_begin_in_the_order_in_which_they_came(make_job: Make) -> None:
    jobs = [_waiting(make_job, 60, minutes_ago=3 - number) for number in range(3)]
    assert [_claimed() for _ in jobs] == jobs


def test_the_lane_takes_short_jobs_alone(
    make_job: Make, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.FLASH_SHORT_JOB_SECONDS = 120
    long, unknown = _waiting(make_job, 900), make_job()
    assert _claimed(at_most=120) is None
    ran: list[float | None] = []
    monkeypatch.setattr(short_lane.runner, "run_next", lambda *, at_most: bool(ran.append(at_most)))
    monkeypatch.setattr(short_lane, "_free_mb", lambda: 8_000.0)
    short_lane.run_next()
    monkeypatch.setattr(short_lane, "_free_mb", lambda: 900.0)
    assert short_lane.run_next() is False
    assert ran == [120]
    assert {_claimed(), _claimed()} == {long, unknown}


def test_a_machine_says_how_much_memory_is_free() -> None:
    assert 10 < short_lane._free_mb() < 1e8


@pytest.mark.parametrize(
    ("values", "cores", "expected"),
    [
        ({}, 2, True),
        ({}, 1, False),
        ({"FLASH_SHORT_JOB_SECONDS": 0}, 2, False),
        ({"FLASH_SERVER_NAME": "i-1"}, 2, False),
    ],
)
def test_a_lane_needs_cores_and_a_machine_of_ones_own(
    settings: Any, monkeypatch: pytest.MonkeyPatch, values: dict[str, Any], cores: int, expected: bool
) -> None:
    settings.FLASH_SHORT_JOB_SECONDS, settings.FLASH_DEVICE = 120, "cpu"
    for name, value in values.items():
        setattr(settings, name, value)
    monkeypatch.setattr(lanes, "available_cores", lambda: cores)
    assert lanes.has_short_lane() is expected
    woken: list[str] = []
    monkeypatch.setattr(hints, "_send", lambda actor, *_: bool(woken.append(actor)))
    hints.wake_trainers(short=lanes.has_short_lane())
    assert ("train_next_short" in woken) is expected


def test_a_job_that_is_tried_again_gets_a_new_place(make_job: Make) -> None:
    old = _waiting(make_job, 300, minutes_ago=600, status="failed", error="It failed.")
    other = _waiting(make_job, 300, minutes_ago=1)
    cancellation.retry(job=old)
    old.refresh_from_db()
    assert old.due == lanes.due(old.queued, 300)
    assert _claimed() == other


def test_a_submitted_job_knows_how_long_it_will_take(client: Client, make_dataset: Any) -> None:
    from django.urls import reverse

    client.post(reverse("dataset", args=[make_dataset().token]), {"task_name": "x", "preset": "quick"})
    job = Job.objects.get()
    assert job.quote is not None
    assert job.expected_seconds == pytest.approx(job.quote["training_seconds"]["expected"], abs=1e-3)
    assert job.due == lanes.due(job.queued, job.expected_seconds)


def test_what_waits_is_told_when_it_begins_and_ends(
    make_job: Make, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lanes, "available_cores", lambda: 1)
    make_job(status="training", eta_seconds=100, fence=1)
    first, second = _waiting(make_job, 60, minutes_ago=1), _waiting(make_job, 60)
    begins, ends = Quoter().of_waiting(first)
    assert (begins.expected, ends.expected) == (100, 160)
    begins, ends = Quoter().of_waiting(second)
    assert (begins.expected, ends.expected) == (160, 220)
    assert client.get(f"/api/v1/jobs/{second.token}/").json()["eta_seconds"] == 220
    page = client.get(f"/jobs/{second.token}/").content.decode()
    assert "Begins" in page
    assert "about\N{NO-BREAK SPACE}3\N{NO-BREAK SPACE}min" in page


def test_a_short_job_does_not_wait_for_a_long_one_where_it_has_a_lane(
    make_job: Make, monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    settings.FLASH_SHORT_JOB_SECONDS, settings.FLASH_DEVICE = 120, "cpu"
    monkeypatch.setattr(lanes, "available_cores", lambda: 2)
    told = {"low": 2_000, "expected": 4_000, "high": 8_000}
    make_job(status="training", eta_seconds=3_000, fence=1, quote={"training_seconds": told})
    short, long = _waiting(make_job, 60), _waiting(make_job, 900)
    assert Quoter().of_waiting(short)[0].expected == 0
    assert Quoter().of_waiting(long)[0].expected == 3_060
