"""Redis wiped, full or gone: no job is lost, and nobody sees an error (faults 1, 6 and 7 of the reliability bar)."""

import threading
from collections.abc import Callable, Iterator

import dramatiq
import pytest
import redis
from django_dramatiq.middleware import DbConnectionsMiddleware
from dramatiq.brokers.redis import RedisBroker

from jobs.compute import scheduling
from jobs.messaging import hints
from jobs.models import Job
from jobs.states import ENDED, JobStatus
from jobs.upkeep import sweep
from modelstore.models import TrainedModel

pytestmark = [pytest.mark.redis, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def server_side(redis_url: str) -> Iterator[redis.Redis]:
    client = redis.Redis.from_url(redis_url)
    yield client
    client.config_set("maxmemory", 0)
    client.close()


@pytest.fixture
def work_off(redis_broker: RedisBroker) -> Iterator[Callable[[], None]]:
    """Runs a real worker on the real broker until every job has ended."""
    redis_broker.add_middleware(DbConnectionsMiddleware())
    worker = dramatiq.Worker(redis_broker, worker_timeout=50, worker_threads=1)

    def run() -> None:
        worker.start()
        pause = threading.Event()
        for _ in range(600):
            if not Job.objects.exclude(status__in=ENDED).exists():
                return
            pause.wait(0.05)
        pytest.fail("the jobs did not end")

    yield run
    worker.stop()


def test_a_wiped_redis_loses_no_job(
    server_side: redis.Redis,
    work_off: Callable[[], None],
    make_job: Callable[..., Job],
    trainer: Callable[[str], None],
) -> None:
    trainer("train")
    job = make_job()
    hints.wake_scheduler()
    server_side.flushdb()
    sweep.sweep()
    work_off()
    job.refresh_from_db()
    assert job.status == JobStatus.DEPLOYED


def test_a_message_that_comes_many_times_runs_the_job_once(
    work_off: Callable[[], None],
    redis_broker: RedisBroker,
    make_job: Callable[..., Job],
    trainer: Callable[[str], None],
) -> None:
    trainer("train")
    jobs = [make_job(), make_job()]
    for _ in range(5):
        hints.wake_scheduler()
        scheduling.reconcile()
    work_off()
    assert [job.attempts.count() for job in jobs] == [1, 1]
    assert TrainedModel.objects.count() == 2


def test_a_full_redis_is_no_error_and_the_sweep_sends_again(
    server_side: redis.Redis,
    work_off: Callable[[], None],
    make_job: Callable[..., Job],
    trainer: Callable[[str], None],
) -> None:
    trainer("train")
    job = make_job()
    server_side.config_set("maxmemory", 1)
    hints.wake_scheduler()
    sweep.sweep()
    server_side.config_set("maxmemory", 0)
    sweep.sweep()
    work_off()
    job.refresh_from_db()
    assert job.status == JobStatus.DEPLOYED
