"""The database goes away while a job trains: nothing of the training is lost (fault 16)."""

import threading
from collections.abc import Callable

import pytest
from django.db import InterfaceError, OperationalError, connection

from jobs.errors import LeaseLost
from jobs.models import Epoch, Job
from jobs.queue import cancellation, leases
from jobs.states import JobStatus
from jobs.worker import runner


@pytest.fixture
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """How long it waited, without the waiting."""
    waited: list[float] = []
    monkeypatch.setattr(leases.time, "sleep", waited.append)
    return waited


@pytest.mark.django_db
def test_a_last_write_is_tried_again_for_about_a_minute(pauses: list[float]) -> None:
    failures = [OperationalError("the server closed the connection"), InterfaceError("connection is closed")]

    def write() -> None:
        if failures:
            raise failures.pop()

    leases.persist(write)
    assert (failures, len(pauses)) == ([], 2)

    def refuse() -> None:
        raise OperationalError

    with pytest.raises(OperationalError):
        leases.persist(refuse)
    assert 45 <= sum(pauses[2:]) <= 90


def test_a_lost_lease_is_no_reason_to_try_again(pauses: list[float]) -> None:
    def write() -> None:
        raise LeaseLost

    with pytest.raises(LeaseLost):
        leases.persist(write)
    assert pauses == []


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_a_database_that_restarts_in_the_middle_of_a_training_costs_nothing(
    trainer: Callable[[str], None], make_job: Callable[..., Job]
) -> None:
    """All connections are cut, twice, as a restart does; then the training ends and its model is stored."""
    trainer("until told, an epoch")
    job = make_job()
    cuts: list[int] = []

    def restart() -> None:
        pause = threading.Event()
        for _ in range(300):
            if Epoch.objects.filter(job=job).exists():
                break
            pause.wait(0.05)
        for _ in range(2):
            with connection.cursor() as cursor:
                cursor.execute(
                    "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
                    " WHERE datname = current_database() AND pid <> pg_backend_pid()"
                )
                cuts.append(cursor.fetchone()[0])
            pause.wait(0.3)
        assert cancellation.stop_and_keep(job=job)
        connection.close()

    cutting = threading.Thread(target=restart)
    cutting.start()
    assert runner.run_next()
    cutting.join(30)
    assert cuts[0] >= 1, "the worker's connection was among them"
    job.refresh_from_db()
    assert (job.status, job.fence, job.attempt, job.error) == (JobStatus.DEPLOYED, 1, 1, "")
