"""RabbitMQ in place of Redis: chosen by AMQP_URL; the messages themselves are tried where there is one."""

import importlib
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import dramatiq
import pytest
from django.conf import settings
from django.db import connections
from dramatiq.brokers.rabbitmq import RabbitmqBroker
from dramatiq.brokers.stub import StubBroker

from jobs.messaging import hints
from jobs.models import Job
from jobs.states import JobStatus
from tests.rabbitmq_process import RabbitmqProcess

_SHOW = (
    "import django; django.setup(); import dramatiq; from jobs.messaging import hints;"
    "broker = dramatiq.get_broker().actual(); print(type(broker).__name__);"
    "options = getattr(broker, 'parameters', None);"
    "print(options and (options.host, options.port, options.heartbeat, options.socket_timeout));"
    "hints.wake_scheduler(); print('went on')"
)


def show(tmp_path: Path, **environment: str) -> tuple[str, str]:
    """What a process with these variables says, and what it complains of."""
    done = subprocess.run(
        [sys.executable, "-c", _SHOW],
        cwd=settings.BASE_DIR,
        env=os.environ
        | {"FLASH_VAR_DIR": str(tmp_path), "DJANGO_SETTINGS_MODULE": "flashsite.settings"}
        | environment,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout, done.stderr


def test_the_address_chooses_the_broker_and_a_dead_one_stops_nobody(tmp_path: Path) -> None:
    said, complaint = show(tmp_path, AMQP_URL="amqp://me:secret@127.0.0.1:1/flash")
    assert said.split("\n")[:3] == ["RabbitmqBroker", "('127.0.0.1', 1, 60, 3.0)", "went on"]
    assert "the next sweep sends it again" in complaint
    assert "secret" not in complaint


def test_an_address_that_makes_no_sense_is_told(tmp_path: Path) -> None:
    environment = os.environ | {
        "FLASH_VAR_DIR": str(tmp_path),
        "DJANGO_SETTINGS_MODULE": "flashsite.settings",
        "AMQP_URL": "rabbit on the left",
    }
    done = subprocess.run(
        [sys.executable, "manage.py", "check"],
        cwd=settings.BASE_DIR,
        env=environment,
        capture_output=True,
        text=True,
    )
    assert done.returncode != 0
    assert "AMQP_URL is 'rabbit on the left'; set it to an address such as amqp://" in done.stderr


@pytest.fixture(scope="module")
def rabbitmq_url() -> Iterator[str]:
    """A real, private RabbitMQ, or the one that FLASH_TEST_AMQP_URL names."""
    if named := os.environ.get("FLASH_TEST_AMQP_URL"):
        yield named
        return
    with RabbitmqProcess() as process:
        yield process.url


@pytest.fixture
def rabbitmq(
    rabbitmq_url: str, broker: StubBroker, monkeypatch: pytest.MonkeyPatch
) -> Iterator[RabbitmqBroker]:
    """The real one in place of the one in memory, its queues empty before and after."""
    importlib.import_module("jobs.actors")
    real = RabbitmqBroker(url=rabbitmq_url, confirm_delivery=True)
    for actor in broker.actors.values():
        monkeypatch.setattr(actor, "broker", real)
        real.declare_actor(actor)
        real.declare_queue(actor.queue_name, ensure=True)
    dramatiq.set_broker(real)
    for queue in list(real.queues):
        real.flush(queue)
    yield real
    for queue in list(real.queues):
        real.flush(queue)
    dramatiq.set_broker(broker)
    real.close()


@pytest.mark.slow
@pytest.mark.rabbitmq
@pytest.mark.django_db(transaction=True)
def test_a_job_is_sent_through_rabbitmq_and_trained(
    rabbitmq: RabbitmqBroker, trainer: Callable[[str], None], make_job: Callable[..., Job]
) -> None:
    trainer("train")
    job = make_job()
    worker = dramatiq.Worker(rabbitmq, worker_timeout=100, worker_threads=1)
    worker.queue_prefetch = 1
    worker.start()
    try:
        hints.wake_scheduler()
        pause = threading.Event()
        for _ in range(300):
            job.refresh_from_db()
            if job.is_ended:
                break
            pause.wait(0.1)
        assert (job.status, job.fence) == (JobStatus.DEPLOYED, 1), job.error
    finally:
        worker.stop()
        connections.close_all()
