"""Claim, lease and fence."""

import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from jobs.errors import LeaseLost
from jobs.models import Attempt, Epoch, Job, Server
from jobs.queue import lifecycle
from jobs.states import JobStatus
from jobs.upkeep import sweep


@pytest.fixture
def claimed(make_job: Callable[..., Job], server: Server) -> Job:
    make_job()
    job = lifecycle.claim(server=server)
    assert job is not None
    return job


def lose_lease(job: Job) -> None:
    Job.objects.filter(pk=job.pk).update(lease_until=timezone.now() - timedelta(seconds=1))


def test_a_claim_takes_the_oldest_job_with_a_lease_and_a_new_fence(
    make_job: Callable[..., Job], server: Server
) -> None:
    first, _ = make_job(), make_job()
    job = lifecycle.claim(server=server)
    assert job == first
    assert (job.status, job.fence, job.attempt, job.server) == (JobStatus.STARTING, 1, 1, server)
    assert job.lease_until > timezone.now()
    assert Attempt.objects.get().fence == 1


def test_there_is_nothing_to_claim_in_an_empty_queue(server: Server) -> None:
    assert lifecycle.claim(server=server) is None


@pytest.mark.django_db(transaction=True)
def test_of_many_claimants_one_wins(make_job: Callable[..., Job], server: Server) -> None:
    make_job()
    start = threading.Barrier(6)
    won: list[Job] = []

    def try_it() -> None:
        start.wait()
        job = lifecycle.claim(server=server)
        if job is not None:
            won.append(job)
        connection.close()

    threads = [threading.Thread(target=try_it) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(won) == 1
    assert Attempt.objects.count() == 1


def test_a_lost_lease_goes_back_to_the_queue_and_counts(claimed: Job) -> None:
    lose_lease(claimed)
    assert sweep.requeue_lost(timezone.now()) == 1
    claimed.refresh_from_db()
    assert (claimed.status, claimed.attempt, claimed.server) == (JobStatus.QUEUED, 1, None)
    assert Attempt.objects.get().outcome == JobStatus.QUEUED


def test_a_living_lease_is_left_alone(claimed: Job) -> None:
    assert sweep.requeue_lost(timezone.now()) == 0


def test_a_cancelled_job_of_a_dead_worker_ends(claimed: Job) -> None:
    Job.objects.update(cancel_requested=True)
    lose_lease(claimed)
    sweep.requeue_lost(timezone.now())
    claimed.refresh_from_db()
    assert claimed.status == JobStatus.CANCELLED


def test_after_three_tries_the_job_fails_with_the_last_reason(
    make_job: Callable[..., Job], server: Server
) -> None:
    job = make_job()
    for _ in range(3):
        claimed = lifecycle.claim(server=server)
        assert claimed is not None
        lose_lease(claimed)
        sweep.requeue_lost(timezone.now())
    job.refresh_from_db()
    assert job.status == JobStatus.FAILED
    assert "3 times" in job.error
    assert "stopped unexpectedly" in job.error


def test_a_restart_of_the_server_does_not_count(claimed: Job) -> None:
    lifecycle.requeue(job=claimed, reason="Restarting.", blame=False)
    claimed.refresh_from_db()
    assert (claimed.status, claimed.attempt, claimed.fence) == (JobStatus.QUEUED, 0, 1)


@pytest.mark.parametrize("blame", [True, False])
def test_a_job_that_waits_again_asks_for_a_machine_at_once(
    claimed: Job, blame: bool, broker: Any, django_capture_on_commit_callbacks: Any
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        lifecycle.requeue(job=claimed, reason="EC2 takes the machine back.", blame=blame)
    assert broker.queues["control"].qsize() == 1


def test_a_worker_that_wakes_up_late_writes_nothing(claimed: Job, server: Server) -> None:
    lose_lease(claimed)
    sweep.requeue_lost(timezone.now())
    second = lifecycle.claim(server=server)
    assert second is not None
    assert not lifecycle.renew(job=claimed)
    for write in (
        lambda: lifecycle.start_training(job=claimed),
        lambda: lifecycle.record_phase(job=claimed, phase="zombie"),
        lambda: lifecycle.record_progress(job=claimed, progress=0.9, eta_seconds=None),
        lambda: lifecycle.record_epoch(job=claimed, epoch=1, figures={"val_loss": 0.1}),
        lambda: lifecycle.fail(job=claimed, error="zombie"),
        lambda: lifecycle.requeue(job=claimed, reason="zombie", blame=True),
        lambda: lifecycle.is_cancel_requested(job=claimed),
    ):
        with pytest.raises(LeaseLost):
            write()
    second.refresh_from_db()
    assert (second.status, second.phase, second.progress) == (JobStatus.STARTING, "preparing", 0)
    assert not Epoch.objects.exists()


def test_progress_never_goes_backwards(claimed: Job) -> None:
    lifecycle.record_progress(job=claimed, progress=0.6, eta_seconds=5)
    lifecycle.record_progress(job=claimed, progress=0.2, eta_seconds=50)
    claimed.refresh_from_db()
    assert (claimed.progress, claimed.eta_seconds) == (0.6, 5)


def test_an_epoch_told_twice_is_one_row(claimed: Job) -> None:
    lifecycle.record_epoch(job=claimed, epoch=1, figures={"val_loss": 0.5})
    lifecycle.record_epoch(job=claimed, epoch=1, figures={"val_loss": 0.4})
    assert Epoch.objects.get().val_loss == 0.4
