"""A storage that is away for a while: what was made waits for it; owner, worker and operator keep their say."""

import datetime
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from storages.backends.s3 import S3Storage

from jobs.models import Alert, Job
from jobs.queue import cancellation
from jobs.states import JobStatus
from jobs.worker import patience, runner
from jobs.worker.stop_request import STOPPING
from modelstore.ground import files
from modelstore.models import TrainedModel
from tests.modelstore.conftest import s3, s3_address  # noqa: F401  # fixtures
from tests.storage_away import Away

# Threads (lease) write beside the runner: they need to see committed rows.
pytestmark = pytest.mark.django_db(transaction=True)
Make = Callable[..., Any]


@pytest.fixture(autouse=True)
def _quickly(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patience, "_PAUSES", (0.01,))


@pytest.fixture
def job(trainer: Callable[[str], None], make_job: Make) -> Job:
    trainer("train")
    made: Job = make_job()
    return made


def _run(job: Job) -> Job:
    assert runner.run_next()
    job.refresh_from_db()
    return job


@pytest.mark.parametrize(("where", "name"), [("dataset_store", "materialise"), ("store", "upload_bundle")])
def test_a_job_waits_for_it_and_trains_once(
    job: Job, monkeypatch: pytest.MonkeyPatch, where: str, name: str
) -> None:
    place = getattr(runner, where)
    away = Away(getattr(place, name), 3)
    monkeypatch.setattr(place, name, away)
    _run(job)
    assert (job.status, job.attempt, away.calls) == (JobStatus.DEPLOYED, 1, 4)
    assert TrainedModel.objects.count() == 1
    told = Alert.objects.get(kind="storage")
    assert "no route to the bucket" in told.message


def test_one_that_stays_away_costs_tries_with_that_reason(
    job: Job, monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    settings.FLASH_STORAGE_PATIENCE = datetime.timedelta(0)
    monkeypatch.setattr(runner.store, "upload_bundle", Away(runner.store.upload_bundle, 1000))
    for _ in range(settings.FLASH_MAX_ATTEMPTS):
        _run(job)
    assert job.status == JobStatus.FAILED
    assert "The storage did not respond for a while" in job.error
    assert not list(Path(settings.FLASH_RUNS_DIR).iterdir())


def test_its_owner_may_cancel_meanwhile(job: Job, monkeypatch: pytest.MonkeyPatch) -> None:
    def cancel() -> None:
        cancellation.cancel(job=Job.objects.get(pk=job.pk))

    monkeypatch.setattr(runner.store, "upload_bundle", Away(runner.store.upload_bundle, 1000, cancel))
    assert _run(job).status == JobStatus.CANCELLED
    assert not TrainedModel.objects.exists()


def test_a_worker_that_stops_does_not_wait_and_blames_nobody(
    job: Job, monkeypatch: pytest.MonkeyPatch
) -> None:
    away = Away(runner.dataset_store.materialise, 1000, STOPPING.set)
    monkeypatch.setattr(runner.dataset_store, "materialise", away)
    try:
        _run(job)
    finally:
        STOPPING.clear()
    assert (job.status, job.attempt, away.calls) == (JobStatus.QUEUED, 0, 1)


def test_a_bucket_that_takes_only_a_part_is_away(
    s3: Any,  # noqa: F811
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    (tmp_path / "whole").write_bytes(b"all of it")
    monkeypatch.setattr(S3Storage, "size", lambda *_: 3)
    with pytest.raises(files.StorageUnavailable):
        files.put(tmp_path / "whole", "jobs/1/1/whole")
