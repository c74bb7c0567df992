"""The worker with a real child process: events in, ends out, nothing left behind."""

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.files.storage import default_storage
from django.test import Client

from jobs.models import Alert, Dataset, Job, JobEvent, Server
from jobs.queue import cancellation, lifecycle
from jobs.states import JobStatus
from jobs.worker import runner
from modelstore.ground.files import StorageFull
from modelstore.models import TrainedModel

# Threads (lease) write beside the runner: they need to see committed rows.
pytestmark = pytest.mark.django_db(transaction=True)

Choose = Callable[[str], None]
Make = Callable[..., Job]


def run_one(job: Job) -> Job:
    assert runner.run_next()
    job.refresh_from_db()
    return job


def when(reached: Callable[[], bool], then: Callable[[], Any]) -> threading.Thread:
    """Calls `then` from another thread as soon as `reached`."""
    from django.db import connection

    def watch() -> None:
        pause = threading.Event()
        for _ in range(200):
            if reached():
                then()
                break
            pause.wait(0.05)
        connection.close()

    thread = threading.Thread(target=watch)
    thread.start()
    return thread


def is_training() -> bool:
    return Job.objects.filter(status=JobStatus.TRAINING, phase="training").exists()


def test_there_is_nothing_to_run_in_an_empty_queue(trainer: Choose) -> None:
    assert not runner.run_next()


def test_a_job_is_trained_and_deployed(trainer: Choose, make_job: Make) -> None:
    trainer("train")
    job = run_one(make_job())
    assert job.error == ""
    assert (job.status, job.progress, job.fence) == (JobStatus.DEPLOYED, 1, 1)
    assert job.model == TrainedModel.objects.get()
    assert job.model.token_digest == job.token_digest
    assert job.accuracy == job.model.accuracy
    assert [(epoch.val_accuracy, epoch.planned) for epoch in job.epochs.all()] == [(0.25, 3), (0.5, 3)]
    assert job.epochs.first().val_loss is None, "JSON's NaN is not a number"
    assert job.events.filter(kind=JobEvent.Kind.WARNING, message__contains="rare").exists()


def test_the_data_goes_when_the_model_is_there(trainer: Choose, make_job: Make) -> None:
    trainer("train")
    job = make_job()
    key = job.dataset.file.name
    assert default_storage.exists(key)
    run_one(job)
    assert not Dataset.objects.exists()
    assert not default_storage.exists(key)
    assert not list(Path(settings.FLASH_RUNS_DIR).iterdir())


def test_data_that_another_job_waits_for_or_that_is_kept_stays(trainer: Choose, make_job: Make) -> None:
    trainer("train")
    first = make_job()
    second = make_job(dataset=first.dataset)
    run_one(first)
    assert Dataset.objects.count() == 1
    Dataset.objects.update(kept=True)
    run_one(second)
    assert Dataset.objects.count() == 1


def test_a_bad_dataset_fails_with_the_trainers_sentence(trainer: Choose, make_job: Make) -> None:
    trainer("bad data")
    job = run_one(make_job())
    assert (job.status, job.error) == (JobStatus.FAILED, "All pictures of the class “cat” are unreadable.")
    assert not TrainedModel.objects.exists()


@pytest.mark.parametrize(("mode", "words"), [("crash", "crashed"), ("oom", "memory")])
def test_a_crash_is_tried_again_and_then_fails_with_advice(
    trainer: Choose, make_job: Make, mode: str, words: str
) -> None:
    trainer(mode)
    job = make_job()
    assert run_one(job).status == JobStatus.QUEUED
    assert run_one(job).status == JobStatus.QUEUED
    assert run_one(job).status == JobStatus.FAILED
    assert words in job.error
    assert "Traceback" not in job.error


def test_cancel_kills_the_trainer(trainer: Choose, make_job: Make) -> None:
    trainer("hang")
    job = make_job()
    thread = when(is_training, lambda: cancellation.cancel(job=job))
    run_one(job)
    thread.join()
    assert job.status == JobStatus.CANCELLED


def test_cancel_while_the_model_is_being_stored_leaves_no_model(
    trainer: Choose, make_job: Make, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    trainer("train")
    job = make_job()
    real, stored = runner.store.upload_bundle, []

    def upload(*, folder: Path, prefix: str) -> Any:
        answer = client.post(f"/api/v1/jobs/{job.token}/cancel/")
        assert (answer.status_code, answer.json()["status"]) == (200, "deploying")
        stored.append(prefix)
        return real(folder=folder, prefix=prefix)

    monkeypatch.setattr(runner.store, "upload_bundle", upload)
    run_one(job)
    assert (job.status, job.model) == (JobStatus.CANCELLED, None)
    assert not TrainedModel.objects.exists()
    assert not Path(default_storage.path(stored[0])).exists()
    assert client.get(f"/api/v1/models/{job.token}/").status_code == 404


def test_a_cancelled_job_is_not_deployed_with_its_early_model(make_job: Make, server: Server) -> None:
    make_job()
    job = lifecycle.claim(server=server)
    assert job is not None
    lifecycle.start_training(job=job)
    assert not lifecycle.finish_if_cancelled(job=job)
    assert cancellation.cancel(job=job)
    assert lifecycle.finish_if_cancelled(job=job)
    job.refresh_from_db()
    assert job.status == JobStatus.CANCELLED
    assert not lifecycle.finish_if_cancelled(job=job), "it has ended"


def test_a_cancelled_job_is_not_tried_again(make_job: Make, server: Server) -> None:
    make_job()
    job = lifecycle.claim(server=server)
    assert job is not None
    assert cancellation.cancel(job=job)
    lifecycle.requeue(job=job, reason="It crashed.", blame=True)
    job.refresh_from_db()
    assert (job.status, job.attempts.get().outcome) == (JobStatus.CANCELLED, JobStatus.CANCELLED)


def test_a_cancelled_job_does_not_fail_at_the_same_moment(
    trainer: Choose, make_job: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    trainer("bad data")
    job = make_job()
    ended = runner._conclude

    def conclude(*arguments: Any, **options: Any) -> None:
        assert cancellation.cancel(job=Job.objects.get(pk=job.pk))
        ended(*arguments, **options)

    monkeypatch.setattr(runner, "_conclude", conclude)
    assert run_one(job).status == JobStatus.CANCELLED
    assert job.error == ""


def test_a_worker_that_stops_leaves_a_checkpoint_for_the_next(trainer: Choose, make_job: Make) -> None:
    trainer("hang")
    job = make_job()
    thread = when(is_training, runner.STOPPING.set)
    run_one(job)
    thread.join()
    assert (job.status, job.attempt) == (JobStatus.QUEUED, 0), "a restart of ours is not the job's fault"
    assert not runner.run_next(), "a stopping worker takes no new job"
    runner.STOPPING.clear()
    trainer("needs checkpoint")
    assert run_one(job).status == JobStatus.DEPLOYED


def test_a_lost_lease_kills_the_trainer_and_publishes_nothing(
    trainer: Choose, make_job: Make, settings: Any
) -> None:
    from datetime import timedelta

    settings.FLASH_LEASE = timedelta(seconds=0.3)
    trainer("hang")
    job = make_job()
    thread = when(is_training, lambda: Job.objects.update(fence=99))
    run_one(job)
    thread.join()
    assert job.fence == 99
    assert not TrainedModel.objects.exists()


def test_a_deadline_ends_the_job_with_advice(
    trainer: Choose, make_job: Make, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from datetime import timedelta

    settings.FLASH_JOB_DEADLINE = timedelta(seconds=0.2)
    monkeypatch.setattr(runner, "_DEADLINE_GRACE_SECONDS", 0)
    trainer("hang")
    job = run_one(make_job())
    assert job.status == JobStatus.FAILED
    assert "longer than" in job.error


def test_a_storage_that_refuses_the_bundle_costs_a_try_not_the_job(
    trainer: Choose, make_job: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    trainer("train")
    with monkeypatch.context() as patch:
        patch.setattr(
            runner.store, "upload_bundle", lambda **kwargs: (_ for _ in ()).throw(RuntimeError("S3 is slow"))
        )
        job = run_one(make_job())
    assert (job.status, job.attempt) == (JobStatus.QUEUED, 1)
    assert run_one(job).status == JobStatus.DEPLOYED


def _full() -> OSError:
    return OSError(28, "No space left on device")


@pytest.mark.parametrize(
    "error", [_full(), StorageFull("The server's disk has no space for this file right now.")]
)
def test_a_full_disk_costs_a_try_and_the_operator_is_told(
    trainer: Choose, make_job: Make, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def full(*, run_dir: Path, **kwargs: object) -> None:
        (run_dir / "data").mkdir()
        raise error

    trainer("train")
    job = make_job()
    left = Path(settings.FLASH_RUNS_DIR, "1000000", "1")
    left.mkdir(parents=True)
    with monkeypatch.context() as patch:
        patch.setattr(runner.dataset_store, "materialise", full)
        run_one(job)
    assert (job.status, job.attempt) == (JobStatus.QUEUED, 1)
    told = job.events.get(kind=JobEvent.Kind.WARNING).message
    assert "The training machine's disk is full" in told
    assert "our side" not in told
    assert Alert.objects.filter(
        kind="training_disk", message__contains=job.attempts.get().server.name
    ).exists()
    assert not left.exists(), "room was made"
    assert not (runner.run_folder(job) / "data").exists()
    assert run_one(job).status == JobStatus.DEPLOYED, "another machine, or this one with more room"


def test_a_disk_that_stays_full_ends_the_job_with_advice(
    trainer: Choose, make_job: Make, settings: Any
) -> None:
    settings.FLASH_DISK_RESERVE = 2**62
    job = make_job()
    for _ in range(settings.FLASH_MAX_ATTEMPTS):
        run_one(job)
    assert job.status == JobStatus.FAILED
    assert "The training machine's disk is full; its operator can make room" in job.error
    assert not list(Path(settings.FLASH_RUNS_DIR).iterdir())


def test_a_job_whose_data_is_gone_says_so(trainer: Choose, make_job: Make) -> None:
    job = make_job()
    Job.objects.update(dataset=None)
    assert run_one(job).status == JobStatus.FAILED
    assert "Upload it again" in job.error


def test_a_second_hint_runs_nothing(trainer: Choose, make_job: Make) -> None:
    trainer("train")
    run_one(make_job())
    assert not runner.run_next()
    assert lifecycle.claim(server=Job.objects.get().server) is None
