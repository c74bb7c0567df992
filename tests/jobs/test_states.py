"""The states of a job and the conditional UPDATE between them."""

from collections.abc import Callable

import pytest
from django.db import IntegrityError, transaction

from jobs.models import Job
from jobs.states import ACTIVE, ENDED, TRANSITIONS, JobStatus, sources_of


def test_every_state_is_either_active_or_ended() -> None:
    assert set(JobStatus) == ACTIVE | ENDED
    assert not ACTIVE & ENDED


def test_a_deployed_job_moves_nowhere() -> None:
    assert TRANSITIONS[JobStatus.DEPLOYED] == frozenset()


@pytest.mark.parametrize("state", sorted(ACTIVE))
def test_every_active_state_can_fail_and_be_cancelled(state: JobStatus) -> None:
    assert state in sources_of(JobStatus.FAILED)
    assert state in sources_of(JobStatus.CANCELLED)


def test_it_refuses_a_transition_that_is_not_listed(make_job: Callable[..., Job]) -> None:
    job = make_job()
    assert not Job.objects.transition(job.pk, JobStatus.DEPLOYED)
    job.refresh_from_db()
    assert job.status == JobStatus.QUEUED


def test_it_refuses_a_transition_by_an_old_fence(make_job: Callable[..., Job]) -> None:
    job = make_job(status=JobStatus.STARTING, fence=2)
    assert not Job.objects.transition(job.pk, JobStatus.TRAINING, held_by=1)
    assert Job.objects.transition(job.pk, JobStatus.TRAINING, held_by=2)


def test_an_end_clears_the_lease_and_stamps_the_time(make_job: Callable[..., Job]) -> None:
    job = make_job(status=JobStatus.TRAINING)
    assert Job.objects.transition(job.pk, JobStatus.CANCELLED)
    job.refresh_from_db()
    assert job.lease_until is None
    assert job.finished is not None


@pytest.mark.parametrize(
    ("values", "constraint"),
    [
        ({"status": "dreaming"}, "job_status_known"),
        ({"progress": 1.5}, "job_progress_is_a_share"),
        ({"status": "training", "lease_until": None}, "job_running_has_a_lease"),
        ({"status": "failed", "error": ""}, "job_failed_says_why"),
    ],
)
def test_the_database_refuses_impossible_jobs(
    make_job: Callable[..., Job], values: dict, constraint: str
) -> None:
    job = make_job()
    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        Job.objects.filter(pk=job.pk).update(**values)


def test_the_queue_is_in_order_of_arrival(make_job: Callable[..., Job]) -> None:
    jobs = [make_job() for _ in range(3)]
    make_job(status=JobStatus.CANCELLED)
    assert [job.queue_position() for job in jobs] == [1, 2, 3]
    assert list(Job.objects.queued()) == jobs
