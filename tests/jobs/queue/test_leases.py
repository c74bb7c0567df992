"""The way back into the queue, which jobs and batches share."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from jobs.errors import LeaseLost
from jobs.models import Job
from jobs.queue import leases
from jobs.states import JobStatus

pytestmark = pytest.mark.django_db

Make = Callable[..., Job]


@pytest.fixture
def running(make_job: Make) -> Callable[..., Job]:
    def make(**values: Any) -> Job:
        now = timezone.now()
        held = {"status": JobStatus.TRAINING, "fence": 3, "attempt": 1, "lease_until": now}
        return make_job(**(held | values))

    return make


def back(job: Job, **values: Any) -> tuple[bool, list[str]]:
    sentences: list[str] = []
    waits = leases.requeue(
        job, **({"reason": "Why.", "blame": True, "what": "It", "fail": sentences.append} | values)
    )
    return waits, sentences


@pytest.mark.parametrize(("blame", "attempt"), [(True, 1), (False, 0)])
def test_it_waits_again_and_only_a_blamed_try_counts(
    running: Callable[..., Job], blame: bool, attempt: int
) -> None:
    job = running()
    assert back(job, blame=blame, phase="") == (True, [])
    job.refresh_from_db()
    assert (job.status, job.attempt, job.lease_until) == (JobStatus.QUEUED, attempt, None)


@pytest.mark.parametrize(("most", "times"), [(1, "once"), (3, "3 times")])
def test_too_many_tries_are_told_in_a_sentence(
    running: Callable[..., Job], settings: Any, most: int, times: str
) -> None:
    settings.FLASH_MAX_ATTEMPTS = most
    job = running(attempt=most)
    assert back(job) == (False, [f"It was tried {times} and stopped each time. Last reason: Why."])
    job.refresh_from_db()
    assert job.status == JobStatus.TRAINING


def test_whoever_holds_an_old_fence_puts_nothing_back(running: Callable[..., Job]) -> None:
    job = running()
    job.fence -= 1
    with pytest.raises(LeaseLost):
        back(job)


def test_lost_rows_are_requeued_or_ended_and_one_that_is_held_again_is_left_alone(
    running: Callable[..., Job],
) -> None:
    past = timezone.now() - timedelta(minutes=1)
    lost, cancelled, taken = (
        running(lease_until=past, cancel_requested=asked) for asked in (False, True, False)
    )
    running(lease_until=timezone.now() + timedelta(minutes=1))
    told: list[tuple[str, int]] = []

    def requeue(job: Job) -> None:
        if job == taken:
            raise LeaseLost
        told.append(("requeued", job.pk))

    count = leases.requeue_lost(
        Job.objects.all(),
        timezone.now(),
        requeue=requeue,
        finish_cancelled=lambda job: told.append(("ended", job.pk)),
    )
    assert count == 2
    assert sorted(told) == [("ended", cancelled.pk), ("requeued", lost.pk)]
