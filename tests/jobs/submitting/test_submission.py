"""Submitting jobs: validation, refusals, the queue's length, repeats."""

from collections.abc import Callable

import dramatiq
import pytest

from jobs.errors import DevMode, NotPossibleNow, QueueFull, SubmissionInvalid
from jobs.messaging import hints
from jobs.models import Dataset, Job, PlatformStatus
from jobs.queue import cancellation
from jobs.states import JobStatus
from jobs.submitting import submission
from tests.names import GOOD_NAMES

Submit = Callable[..., Job]


@pytest.fixture
def submit(make_dataset: Callable[..., Dataset]) -> Submit:
    def call(**values: object) -> Job:
        dataset = values.pop("dataset", None) or make_dataset()
        return submission.submit(dataset=dataset, **({"task_name": "my task", "values": {}} | values))

    return call


def platform(**values: object) -> None:
    PlatformStatus.current()
    PlatformStatus.objects.update(**values)


def test_a_submitted_job_waits_with_its_whole_configuration(submit: Submit) -> None:
    job = submit(values={"preset": "balanced", "model": "gru", "epochs": "3"})
    assert job.status == JobStatus.QUEUED
    assert len(job.token) >= 22
    assert (job.model_name, job.preset, job.config["epochs"]) == ("gru", "balanced", 3)


def test_the_workers_are_woken_after_the_commit(
    submit: Submit, monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks: Callable
) -> None:
    woken = []
    monkeypatch.setattr(hints, "wake_scheduler", lambda: woken.append(Job.objects.count()))
    with django_capture_on_commit_callbacks(execute=True):
        submit()
        assert woken == []
    assert woken == [1]


def test_a_dead_broker_does_not_undo_a_submission(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*args: object, **kwargs: object) -> None:
        raise ConnectionError("Redis is down")

    monkeypatch.setattr(dramatiq.get_broker(), "enqueue", refuse)
    hints.wake_scheduler()


@pytest.mark.parametrize(
    "name", ["a" * 101, "two\nlines", "nul\0", "\u202ecod.exe", "\u200b", "\ud800", "end\n"]
)
def test_it_refuses_a_bad_name_with_a_sentence(submit: Submit, name: str) -> None:
    with pytest.raises(SubmissionInvalid) as refusal:
        submit(task_name=name)
    assert refusal.value.fields["task_name"]
    assert Job.objects.count() == 0


@pytest.mark.parametrize("name", [*GOOD_NAMES, "../etc", "-dash", "cats & dogs"])
def test_it_takes_what_people_write(submit: Submit, name: str) -> None:
    assert submit(task_name=name).task_name == name


def test_it_names_every_wrong_field_at_once(submit: Submit) -> None:
    with pytest.raises(SubmissionInvalid) as refusal:
        submit(task_name="\u200b", values={"learning_rate": "0.0.1", "epochs": 0})
    assert {"task_name", "learning_rate", "epochs"} <= set(refusal.value.fields)


def test_dev_mode_refuses_new_jobs_with_the_operators_notice(submit: Submit) -> None:
    platform(dev_mode=True, notice="Back at noon.")
    with pytest.raises(DevMode, match="Back at noon") as refusal:
        submit()
    assert refusal.value.retry_after
    assert Job.objects.count() == 0


def test_a_full_queue_refuses_with_a_time_to_come_back(submit: Submit) -> None:
    platform(queue_limit=1)
    submit()
    with pytest.raises(QueueFull) as refusal:
        submit()
    assert refusal.value.retry_after


def test_a_queue_of_length_zero_takes_one_job_at_a_time(submit: Submit) -> None:
    platform(queue_limit=0)
    job = submit()
    with pytest.raises(QueueFull):
        submit()
    cancellation.cancel(job=job)
    submit()


def test_a_repeated_request_answers_the_same_job(
    submit: Submit, make_dataset: Callable[..., Dataset]
) -> None:
    dataset = make_dataset()
    first = submit(dataset=dataset, idempotency_key="abc")
    assert submit(dataset=dataset, idempotency_key="abc") == first
    assert submit(dataset=dataset, idempotency_key="other") != first


def test_a_guessed_key_does_not_lead_to_anothers_job(submit: Submit) -> None:
    assert submit(idempotency_key="abc") != submit(idempotency_key="abc")


def test_a_waiting_job_is_cancelled_at_once(submit: Submit) -> None:
    job = submit()
    assert cancellation.cancel(job=job)
    job.refresh_from_db()
    assert job.status == JobStatus.CANCELLED


def test_a_running_job_is_asked_to_stop(make_job: Callable[..., Job]) -> None:
    job = make_job(status=JobStatus.TRAINING)
    assert cancellation.cancel(job=job)
    job.refresh_from_db()
    assert (job.status, job.cancel_requested) == (JobStatus.TRAINING, True)


def test_an_ended_job_cannot_be_cancelled(make_job: Callable[..., Job]) -> None:
    job = make_job(status=JobStatus.DEPLOYED)
    assert not cancellation.cancel(job=job)


def test_a_failed_job_can_be_tried_again(make_job: Callable[..., Job]) -> None:
    job = make_job(status=JobStatus.FAILED, error="It crashed.", attempt=3)
    cancellation.retry(job=job)
    job.refresh_from_db()
    assert (job.status, job.attempt, job.error) == (JobStatus.QUEUED, 0, "")


@pytest.mark.parametrize("status", [JobStatus.TRAINING, JobStatus.QUEUED, JobStatus.DEPLOYED])
def test_only_a_bad_end_can_be_tried_again(make_job: Callable[..., Job], status: JobStatus) -> None:
    job = make_job(status=status)
    with pytest.raises(NotPossibleNow):
        cancellation.retry(job=job)


def test_a_job_without_its_data_cannot_be_tried_again(make_job: Callable[..., Job]) -> None:
    job = make_job(status=JobStatus.FAILED, error="It crashed.")
    Job.objects.update(dataset=None)
    job.refresh_from_db()
    with pytest.raises(NotPossibleNow, match="no longer here"):
        cancellation.retry(job=job)
