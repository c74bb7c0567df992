"""A worker on EC2 tells that it lives, and gives its job back when EC2 takes the machine."""

import json
import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import dramatiq
import pytest
from django.utils import timezone

from jobs.compute import imds
from jobs.compute.imds import Imds
from jobs.compute.watchdog import Limits, decide, read_signs, seconds_since_boot
from jobs.models import Job, Server
from jobs.states import JobStatus
from jobs.worker import presence, runner
from jobs.worker.middleware import ReportPresence
from jobs.worker.stop_request import STOPPING
from tests.jobs.compute.fake_imds import FakeImds

NOTICE = json.dumps({"action": "terminate", "time": "2026-01-01T00:02:00Z"})


@pytest.fixture
def metadata() -> Iterator[FakeImds]:
    with FakeImds() as fake:
        yield fake


@pytest.fixture
def signs(settings: Any, tmp_path: Path, metadata: FakeImds) -> Path:
    """This process is the worker of an instance; answers the folder of its signs."""
    settings.FLASH_SERVER_NAME, settings.FLASH_IMDS = metadata.instance, metadata.url
    settings.FLASH_SIGNS_DIR = tmp_path / "signs"
    return tmp_path / "signs"


@pytest.fixture(autouse=True)
def _not_stopping() -> Iterator[None]:
    STOPPING.clear()
    yield
    STOPPING.clear()


def test_it_asks_with_a_token_and_keeps_it(metadata: FakeImds) -> None:
    service = Imds(metadata.url)
    assert service.instance_id() == metadata.instance
    assert service.interruption() == ""
    metadata.notice = NOTICE
    assert service.interruption() == "terminate at 2026-01-01T00:02:00Z"
    assert metadata.tokens == 1


def test_a_notice_that_cannot_be_read_is_a_notice_all_the_same(metadata: FakeImds) -> None:
    metadata.notice = "soon"
    assert Imds(metadata.url).interruption() == "soon"


def test_a_refused_token_is_renewed_the_next_time(metadata: FakeImds) -> None:
    service = Imds(metadata.url)
    service.instance_id()
    metadata.refuse = True
    with pytest.raises(OSError, match="401"):
        service.interruption()
    metadata.refuse = False
    assert service.interruption() == ""
    assert metadata.tokens == 2


def test_the_name_of_the_instance_is_written_for_systemd(metadata: FakeImds, tmp_path: Path) -> None:
    assert imds.main([str(tmp_path / "identity"), metadata.url]) == 0
    assert (tmp_path / "identity").read_text() == f"FLASH_SERVER_NAME={metadata.instance}\n"


@pytest.mark.django_db
def test_an_idle_worker_reports_to_the_database_and_then_to_the_watchdog(signs: Path) -> None:
    presence.beat()
    server = Server.objects.get()
    assert (server.name, server.driver) == ("i-0123456789abcdef0", "ec2")
    assert timezone.now() - server.heartbeat < timedelta(seconds=10)
    assert (signs / "control").exists()
    assert not (signs / "lease").exists()


@pytest.mark.django_db
def test_a_live_lease_is_a_sign_and_a_lost_one_is_none(signs: Path, make_job: Callable[..., Job]) -> None:
    presence.beat()
    job = make_job(status=JobStatus.TRAINING, server=Server.objects.get())
    Job.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
    presence.beat()
    assert not (signs / "lease").exists()
    Job.objects.filter(pk=job.pk).update(lease_until=timezone.now() + timedelta(seconds=20))
    presence.beat()
    assert (signs / "lease").exists()


@pytest.mark.django_db
def test_a_database_that_does_not_answer_leaves_no_sign(signs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse() -> Server:
        raise ConnectionError

    monkeypatch.setattr(presence, "this_server", refuse)
    with pytest.raises(ConnectionError):
        presence.beat()
    assert not signs.exists()


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_a_spot_notice_gives_the_job_back_with_its_checkpoint_and_without_blame(
    signs: Path,
    metadata: FakeImds,
    make_job: Callable[..., Job],
    trainer: Callable[[str], None],
    settings: Any,
) -> None:
    trainer("hang")
    job = make_job()
    watch = presence.Interruption()
    watch.look()
    assert not STOPPING.is_set()
    work = threading.Thread(target=_run)
    work.start()
    _until(lambda: any(Path(settings.FLASH_RUNS_DIR).rglob("last.pt")))
    metadata.notice = NOTICE
    watch.look()
    assert not (signs / "drained").exists(), "the job has not left yet"
    work.join(30)
    job.refresh_from_db()
    assert (job.status, job.attempt, job.server) == (JobStatus.QUEUED, 0, None)
    assert not runner.run_next(), "nothing is claimed any more"
    watch.look()
    now = seconds_since_boot()
    assert "EC2 is reclaiming it" in decide(now, read_signs(signs, now), Limits(uptime=1e12))


def _run() -> None:
    from django.db import connection

    runner.run_next()
    connection.close()


def _until(condition: Callable[[], bool]) -> None:
    pause = threading.Event()
    for _ in range(600):
        if condition():
            return
        pause.wait(0.05)
    raise AssertionError("it never came true")


@pytest.mark.parametrize(
    ("name", "queues", "starts"),
    [("i-1", {"training"}, True), ("i-1", {"control"}, False), ("", {"training"}, False)],
)
def test_only_the_training_worker_of_an_instance_reports(
    settings: Any, monkeypatch: pytest.MonkeyPatch, broker: Any, name: str, queues: set[str], starts: bool
) -> None:
    started: list[bool] = []
    settings.FLASH_SERVER_NAME = name
    monkeypatch.setattr(presence, "start", lambda: started.append(True))
    ReportPresence().after_worker_boot(broker, dramatiq.Worker(broker, queues=queues))
    assert bool(started) == starts
    assert "jobs.worker.middleware.ReportPresence" in settings.DRAMATIQ_BROKER["MIDDLEWARE"]
