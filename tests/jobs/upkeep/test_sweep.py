"""The sweep repairs what deaths left behind, and touches nothing else."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.files.storage import default_storage
from django.utils import timezone

from jobs import actors
from jobs.models import Dataset, Job
from jobs.states import JobStatus
from jobs.upkeep import sweep

pytestmark = pytest.mark.django_db


def test_a_waiting_job_is_sent_again(make_job: Callable[..., Job], broker: Any) -> None:
    make_job()
    assert sweep.sweep().waiting == 1
    assert broker.queues["training"].qsize() == 1


def test_an_idle_platform_sends_nothing(db: None, broker: Any) -> None:
    sweep.sweep()
    assert "training" not in broker.queues or broker.queues["training"].qsize() == 0


def test_an_upload_that_nobody_used_is_forgotten_with_its_file(make_dataset: Callable[..., Dataset]) -> None:
    old = make_dataset(created=timezone.now() - timedelta(hours=3))
    young = make_dataset()
    with pytest.MonkeyPatch.context() as patch:
        # Within a test's transaction nothing commits; here the deletion of the file is what counts.
        patch.setattr(sweep.dataset_store.transaction, "on_commit", lambda call: call())
        sweep.sweep()
    assert list(Dataset.objects.all()) == [young]
    assert not default_storage.exists(old.file.name)
    assert default_storage.exists(young.file.name)


@pytest.mark.parametrize(("status", "stays"), [(JobStatus.QUEUED, True), (JobStatus.FAILED, False)])
def test_data_stays_while_an_unfinished_job_needs_it(
    make_dataset: Callable[..., Dataset], make_job: Callable[..., Job], status: JobStatus, stays: bool
) -> None:
    dataset = make_dataset(created=timezone.now() - timedelta(hours=3))
    make_job(dataset=dataset, status=status, error="why" if status == JobStatus.FAILED else "")
    sweep.sweep()
    assert Dataset.objects.exists() is stays


def test_run_folders_of_ended_jobs_go(make_job: Callable[..., Job], settings: Any) -> None:
    waiting, ended = make_job(), make_job(status=JobStatus.CANCELLED)
    for job in (waiting, ended):
        Path(settings.FLASH_RUNS_DIR, str(job.pk), "1").mkdir(parents=True)
    assert sweep.sweep().folders_removed == 1
    assert [path.name for path in Path(settings.FLASH_RUNS_DIR).iterdir()] == [str(waiting.pk)]


def test_a_part_that_fails_does_not_stop_the_others(
    make_job: Callable[..., Job], broker: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(now: object) -> int:
        raise RuntimeError("the storage does not answer")

    monkeypatch.setattr(sweep, "requeue_lost", fail)
    make_job()
    assert sweep.sweep().waiting == 1


def test_the_training_actor_works_until_the_queue_is_empty(monkeypatch: pytest.MonkeyPatch) -> None:
    answers = iter([True, True, False])
    monkeypatch.setattr(actors.runner, "run_next", lambda: next(answers))
    actors.train_next()
    assert next(answers, "used up") == "used up"
