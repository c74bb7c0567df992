"""Claims within the caps: what a try may take, what waits for tomorrow, what is told."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.utils import timezone

from jobs.compute.rows import DatabaseLedger
from jobs.errors import CapReached
from jobs.models import Attempt, Dataset, Job, Lane, PlatformStatus, Server
from jobs.money import caps
from jobs.queue import attempts, lifecycle, wait_reason
from jobs.states import JobStatus
from jobs.submitting import submission
from jobs.submitting.job_options import JobOptions
from jobs.worker import runner

Make = Callable[..., Job]


def platform(**values: Any) -> None:
    PlatformStatus.current()
    PlatformStatus.objects.update(**values)


@pytest.fixture
def noon() -> Iterator[None]:
    """Twelve o'clock: shortly after midnight no try of today can have taken an hour."""
    with time_machine.travel(timezone.now().replace(hour=12, minute=0, second=0, microsecond=0)):
        yield


def spent_lately(job: Job, minutes: float) -> None:
    """A try that ended just now."""
    now = timezone.now()
    Attempt.objects.create(
        job=job, fence=job.attempts.count() + 1, started=now - timedelta(minutes=minutes), finished=now
    )


def test_a_try_remembers_price_and_allowance(make_job: Make, server: Server, settings: Any) -> None:
    settings.FLASH_LOCAL_PRICE = 0.5
    make_job(max_minutes=10)
    job = lifecycle.claim(server=server)
    assert job is not None
    attempt = job.attempts.get()
    assert (attempt.price_per_hour, attempt.allowance_seconds) == (0.5, 600)


def test_two_tries_share_the_day_and_cannot_pass_it(make_job: Make, server: Server) -> None:
    platform(day_cap_minutes=30)
    make_job(quote={"training_seconds": {"low": 60, "expected": 120, "high": 240}})
    make_job(quote={"training_seconds": {"low": 60, "expected": 120, "high": 240}})
    assert lifecycle.claim(server=server) is not None
    assert lifecycle.claim(server=server) is None, "the first has reserved the day until it ends"
    assert sum(row.allowance_seconds or 0 for row in Attempt.objects.all()) <= 30 * 60


@pytest.mark.usefixtures("noon")
def test_a_job_too_long_for_what_is_left_waits_and_a_short_one_goes_first(
    make_job: Make, server: Server
) -> None:
    long = make_job(quote={"training_seconds": {"low": 600, "expected": 800, "high": 1200}})
    short = make_job(quote={"training_seconds": {"low": 30, "expected": 40, "high": 60}})
    spent_lately(make_job(status=JobStatus.FAILED, error="x"), 50)
    platform(day_cap_minutes=60)
    job = lifecycle.claim(server=server)
    assert job == short
    long.refresh_from_db()
    assert long.status == JobStatus.QUEUED


@pytest.mark.usefixtures("noon")
def test_a_used_up_day_refuses_new_jobs_and_explains_itself_to_those_that_wait(
    make_job: Make, make_dataset: Callable[..., Dataset], server: Server
) -> None:
    job = make_job()
    spent_lately(make_job(status=JobStatus.FAILED, error="x"), 30)
    platform(day_cap_minutes=30)
    with pytest.raises(CapReached) as refusal:
        submission.submit(dataset=make_dataset(), task_name="late", values={})
    assert refusal.value.retry_after
    assert lifecycle.claim(server=server) is None
    assert "midnight" in wait_reason.reason(job)
    assert DatabaseLedger().snapshot(timezone.now()).jobs_waiting == 0, "no machine is started for nothing"


def test_a_job_that_has_used_up_its_own_cap_ends_with_advice(make_job: Make, server: Server) -> None:
    job = make_job(max_minutes=1, fence=1)
    spent_lately(job, 1)
    assert lifecycle.claim(server=server) is None
    job.refresh_from_db()
    assert job.status == JobStatus.FAILED
    assert "higher cap" in job.error


def test_the_trainer_is_told_to_stop_before_the_cap(make_job: Make, server: Server) -> None:
    make_job(max_minutes=10)
    job = lifecycle.claim(server=server)
    assert job is not None
    deadline = runner._machine(job)["deadline_seconds"]
    assert 600 - 121 - 5 < deadline < 600 - 119


def test_a_trainer_that_does_not_stop_is_stopped_at_the_cap(
    make_job: Make, trainer: Callable[[str], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    trainer("hang")
    job = make_job()
    monkeypatch.setattr(attempts, "_LEAST_SECONDS", 0.0)
    monkeypatch.setattr(caps, "allowance", lambda **_: 1.0)
    assert runner.run_next()
    job.refresh_from_db()
    assert (job.status, "cap" in job.error) == (JobStatus.FAILED, True)
    attempt = job.attempts.get()
    assert attempt.finished is not None
    assert (attempt.finished - attempt.started).total_seconds() < 5


def test_the_next_start_lane_starts_no_machine_of_its_own_until_it_has_waited(
    make_job: Make, settings: Any
) -> None:
    settings.FLASH_COMPUTE = "ec2"
    now = timezone.now()
    patient = make_job(lane=Lane.NEXT_START)
    assert DatabaseLedger().snapshot(now).jobs_waiting == 0
    assert "share" in wait_reason.reason(patient)
    assert DatabaseLedger().snapshot(now + settings.FLASH_SHARED_START_WAIT * 1.01).jobs_waiting == 1
    make_job()
    assert DatabaseLedger().snapshot(now).jobs_waiting == 1


def test_a_machine_that_is_up_takes_the_patient_jobs_along(make_job: Make, server: Server) -> None:
    job = make_job(lane=Lane.NEXT_START)
    assert lifecycle.claim(server=server) == job


def test_a_submission_keeps_its_terms_and_what_it_was_told(make_dataset: Callable[..., Dataset]) -> None:
    job_options = JobOptions(lane=Lane.NEXT_START.value, max_minutes=5)
    job = submission.submit(dataset=make_dataset(), task_name="x", values={}, job_options=job_options)
    job.refresh_from_db()
    assert (job.lane, job.max_minutes, job.sample_count) == ("next_start", 5, 20)
    assert job.quote is not None
    assert (job.quote["basis"], job.quote["cap_seconds"]) == ("rough", 300)
