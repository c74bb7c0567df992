"""Checkpoints through storage: a second server continues, and nothing else comes of them."""

import shutil
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import psutil
import pytest
from django.conf import settings
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.utils import timezone

from jobs.errors import LeaseLost
from jobs.models import Checkpoint, Job, JobEvent, Server
from jobs.queue import lifecycle
from jobs.states import JobStatus
from jobs.upkeep import sweep
from jobs.worker import checkpoints, runner
from modelstore.ground import files
from tests.jobs.conftest import FAKE_TRAINER
from tests.jobs.worker.test_runner import is_training, run_one, when

# Threads (lease, copies) write beside the runner: they need to see committed rows.
pytestmark = pytest.mark.django_db(transaction=True)

Make = Callable[..., Job]


@pytest.fixture(params=["disk", "bucket"])
def storage(request: pytest.FixtureRequest, settings: Any) -> None:
    settings.FLASH_CHECKPOINT_SECONDS = 0.05
    if request.param == "bucket":
        request.getfixturevalue("s3")


@pytest.fixture
def another_server(tmp_path: Path, settings: Any) -> Callable[[], None]:
    """From now on this process is a server with an empty disk."""

    def move() -> None:
        settings.FLASH_RUNS_DIR = tmp_path / "runs of another server"
        settings.FLASH_RUNS_DIR.mkdir()

    return move


@pytest.fixture
def held_job(make_job: Make, server: Server) -> Job:
    make_job()
    job = lifecycle.claim(server=server)
    assert job is not None
    return job


def stored() -> list[str]:
    """What is in storage under checkpoints/."""
    return [file.key for file in files.walk("checkpoints")]


def leave(job: Job, content: str) -> Path:
    """What a trainer would leave in the RUN_DIR of this attempt."""
    folder = runner.run_folder(job)
    (folder / "checkpoint").mkdir(parents=True, exist_ok=True)
    (folder / "checkpoint" / "last.pt").write_text(content)
    (folder / "checkpoint" / "last.tmp").write_text("half-written")
    return folder


def next_attempt(job: Job) -> Path:
    """The same job, taken by the next server; its empty RUN_DIR."""
    Job.objects.filter(pk=job.pk).update(fence=job.fence + 1)
    job.refresh_from_db()
    folder = runner.run_folder(job)
    folder.mkdir(parents=True)
    return folder


def test_an_interrupted_job_goes_on_elsewhere(
    storage: None, another_server: Callable[[], None], trainer: Callable[[str], None], make_job: Make
) -> None:
    trainer("hang")
    job = make_job()
    thread = when(is_training, runner.STOPPING.set)
    run_one(job)
    thread.join()
    assert (job.status, job.attempt, len(stored())) == (JobStatus.QUEUED, 0, 1)
    runner.STOPPING.clear()
    another_server()
    trainer("needs checkpoint")
    assert run_one(job).status == JobStatus.DEPLOYED
    assert not stored()
    assert not Checkpoint.objects.exists()


def test_a_job_whose_server_died_goes_on_elsewhere(
    storage: None, another_server: Callable[[], None], trainer: Callable[[str], None], make_job: Make
) -> None:
    trainer("hang")
    job = make_job()

    def die() -> None:
        for child in psutil.Process().children():
            if str(FAKE_TRAINER) in child.cmdline():
                child.kill()

    thread = when(Checkpoint.objects.exists, die)
    assert run_one(job).status == JobStatus.QUEUED
    thread.join()
    another_server()
    trainer("needs checkpoint")
    assert run_one(job).status == JobStatus.DEPLOYED
    assert not stored()


def test_a_newer_one_replaces_the_one_before(storage: None, held_job: Job) -> None:
    checkpoints.save(held_job, leave(held_job, "epoch 1"))
    first = stored()
    checkpoints.save(held_job, leave(held_job, "epoch 2"))
    assert len(stored()) == 1
    assert stored() != first
    shutil.rmtree(runner.run_folder(held_job))
    folder = next_attempt(held_job)
    assert checkpoints.restore(held_job, folder)
    assert [path.name for path in (folder / "checkpoint").iterdir()] == ["last.pt"], "nothing unfinished"
    assert (folder / "checkpoint" / "last.pt").read_text() == "epoch 2"
    assert not list(folder.glob("checkpoint.*"))


def test_an_attempt_that_lost_the_job_stores_nothing(storage: None, held_job: Job) -> None:
    folder = leave(held_job, "a zombie's")
    Job.objects.update(fence=99)
    with pytest.raises(LeaseLost):
        checkpoints.save(held_job, folder)
    assert not stored()
    assert not Checkpoint.objects.exists()


@pytest.mark.parametrize("damage", ["changed", "gone"])
def test_a_damaged_one_costs_the_head_start_only(storage: None, held_job: Job, damage: str) -> None:
    checkpoints.save(held_job, leave(held_job, "epoch 1"))
    key = Checkpoint.objects.get().key
    if damage == "changed":
        with default_storage.open(key, "rb") as file:
            content = file.read()
        files.put(_written(content.replace(b"epoch 1", b"epoch 9")), key)
    else:
        default_storage.delete(key)
    shutil.rmtree(runner.run_folder(held_job))
    folder = next_attempt(held_job)
    assert not checkpoints.restore(held_job, folder)
    assert not list(folder.iterdir())
    assert "starts again" in JobEvent.objects.get(kind=JobEvent.Kind.WARNING).message


def _written(content: bytes) -> Path:
    path = Path(settings.FLASH_RUNS_DIR) / "content"
    path.write_bytes(content)
    return path


def test_what_this_machine_has_is_taken_when_it_is_as_new(held_job: Job, settings: Any) -> None:
    checkpoints.save(held_job, leave(held_job, "copied"))
    leave(held_job, "written since")
    folder = next_attempt(held_job)
    assert checkpoints.restore(held_job, folder)
    assert (folder / "checkpoint" / "last.pt").read_text() == "written since"
    assert [path.name for path in folder.parent.iterdir()] == [folder.name]


def test_what_a_dying_server_could_not_record_goes_with_the_job(storage: None, held_job: Job) -> None:
    checkpoints.save(held_job, leave(held_job, "epoch 1"))
    default_storage.save(f"checkpoints/{held_job.pk}/1-lost.tar", ContentFile(b"x"))
    default_storage.save(f"checkpoints/{held_job.pk}0/1-another.tar", ContentFile(b"x"))
    checkpoints.forget(held_job)
    assert stored() == [f"checkpoints/{held_job.pk}0/1-another.tar"]


def test_the_sweep_forgets_those_of_ended_jobs(held_job: Job) -> None:
    checkpoints.save(held_job, leave(held_job, "epoch 1"))
    assert sweep.sweep(thorough=False).checkpoints_removed == 0
    Job.objects.update(status=JobStatus.CANCELLED)
    assert sweep.sweep(thorough=False).checkpoints_removed == 1
    assert not stored()


def test_a_storage_that_fails_does_not_hurt_the_training(
    held_job: Job, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.FLASH_CHECKPOINT_SECONDS = 0.01
    tries: list[object] = []

    def fail(*arguments: object) -> None:
        tries.append(arguments)
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(checkpoints.files, "put", fail)
    folder = runner.run_folder(held_job)
    folder.mkdir(parents=True)
    with checkpoints.Courier(held_job, folder) as courier:
        leave(held_job, "epoch 1")
        courier.finish()
    assert tries
    assert not list(folder.glob("*.tar"))


def test_copies_are_made_no_oftener_than_allowed(held_job: Job, settings: Any) -> None:
    settings.FLASH_CHECKPOINT_SECONDS = 3600
    folder = runner.run_folder(held_job)
    folder.mkdir(parents=True)
    with checkpoints.Courier(held_job, folder):
        leave(held_job, "epoch 1")
    assert not stored()
    settings.FLASH_CHECKPOINT_SECONDS = 0
    with checkpoints.Courier(held_job, folder) as courier:
        leave(held_job, "epoch 2")
        courier.finish()
    assert not stored(), "0 is never"


def test_a_lease_that_ran_out_keeps_the_checkpoint(held_job: Job) -> None:
    checkpoints.save(held_job, leave(held_job, "epoch 1"))
    Job.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
    assert sweep.sweep(thorough=False).requeued == 1
    assert stored()
