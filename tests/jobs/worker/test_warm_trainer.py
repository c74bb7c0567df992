"""A trainer that waits for the next job with its libraries loaded."""

import subprocess
import time
from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest

from jobs.models import Job
from jobs.states import JobStatus
from jobs.worker import runner, warm_trainer
from jobs.worker.warm_trainer import WARM_TRAINER

pytestmark = pytest.mark.django_db(transaction=True)

Choose = Callable[[str], None]
Make = Callable[..., Job]


@pytest.fixture(autouse=True)
def _waiting(trainer: Choose, settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    trainer("train")
    monkeypatch.setattr(warm_trainer, "trainer_command", runner.trainer_command)
    settings.FLASH_SPARE_TRAINER = timedelta(seconds=60)
    yield
    WARM_TRAINER.dismiss()


def waiting() -> "subprocess.Popen[bytes]":
    assert WARM_TRAINER._process is not None
    return WARM_TRAINER._process


def deployed(job: Job) -> None:
    assert runner.run_next()
    job.refresh_from_db()
    assert (job.status, job.error) == (JobStatus.DEPLOYED, "")


def test_after_a_job_a_trainer_waits_and_takes_the_next(make_job: Make) -> None:
    deployed(make_job())
    first = waiting()
    assert first.poll() is None
    deployed(make_job())
    assert first.wait(5) == 0
    assert waiting().pid != first.pid


def test_a_trainer_that_died_while_it_waited_costs_nothing(make_job: Make) -> None:
    deployed(make_job())
    waiting().kill()
    waiting().wait()
    deployed(make_job())


def test_a_trainer_that_cannot_be_started_costs_the_job_before_nothing(
    make_job: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(warm_trainer, "trainer_command", lambda: ["/there/is/no/such/program"])
    deployed(make_job())
    assert WARM_TRAINER._process is None


def test_nobody_waits_for_ever(settings) -> None:
    settings.FLASH_SPARE_TRAINER = timedelta(seconds=0.2)
    WARM_TRAINER.prepare()
    process = waiting()
    assert process.wait(10) != 0
    until = time.monotonic() + 5
    while WARM_TRAINER._process is not None and time.monotonic() < until:
        time.sleep(0.02)
    assert WARM_TRAINER._process is None


def test_a_second_one_takes_the_place_of_the_first(tmp_path) -> None:
    WARM_TRAINER.prepare()
    first = waiting()
    WARM_TRAINER.prepare()
    assert first.poll() is not None
    assert waiting().poll() is None


def test_without_a_time_and_when_the_worker_stops_nobody_waits(make_job: Make, settings) -> None:
    settings.FLASH_SPARE_TRAINER = timedelta(0)
    deployed(make_job())
    assert WARM_TRAINER._process is None
    settings.FLASH_SPARE_TRAINER = timedelta(seconds=60)
    runner.STOPPING.set()
    job = make_job()
    runner.run_next()
    runner.STOPPING.clear()
    job.refresh_from_db()
    assert WARM_TRAINER._process is None
