"""What an operator can see and do in the admin, and the audit row that it leaves."""

from collections.abc import Callable

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from jobs.models import Dataset, Job, PlatformStatus
from jobs.states import JobStatus

pytestmark = pytest.mark.django_db


@pytest.fixture
def operator(client: Client) -> Client:
    client.force_login(User.objects.create_superuser("operator"))
    return client


def act(client: Client, action: str, *jobs: Job) -> None:
    url = reverse("admin:jobs_job_changelist")
    answer = client.post(url, {"action": action, "_selected_action": [job.pk for job in jobs]})
    assert answer.status_code == 302


@pytest.mark.parametrize("table", ["job", "dataset", "server"])
def test_lists_and_rows_open(operator: Client, make_job: Callable[..., Job], table: str) -> None:
    job = make_job(status=JobStatus.FAILED, error="It crashed.")
    job.epochs.create(epoch=1, val_accuracy=0.5)
    job.events.create(kind="log", message="hello")
    assert (
        operator.get(
            reverse(f"admin:jobs_{table}_changelist"), {"q": "task"} if table == "job" else {}
        ).status_code
        == 200
    )
    if table != "server":
        pk = job.pk if table == "job" else job.dataset_id
        page = operator.get(reverse(f"admin:jobs_{table}_change", args=[pk]))
        assert page.status_code == 200


def test_jobs_are_cancelled_with_an_audit_row(operator: Client, make_job: Callable[..., Job]) -> None:
    waiting, ended = make_job(), make_job(status=JobStatus.DEPLOYED)
    act(operator, "cancel_jobs", waiting, ended)
    waiting.refresh_from_db()
    assert waiting.status == JobStatus.CANCELLED
    assert [int(entry.object_id) for entry in LogEntry.objects.all()] == [waiting.pk]


def test_jobs_are_tried_again_with_an_audit_row(operator: Client, make_job: Callable[..., Job]) -> None:
    failed, running = make_job(status=JobStatus.FAILED, error="x"), make_job(status=JobStatus.TRAINING)
    act(operator, "retry_jobs", failed, running)
    failed.refresh_from_db()
    assert failed.status == JobStatus.QUEUED
    assert LogEntry.objects.count() == 1


def test_the_switches_are_one_form(operator: Client) -> None:
    page = operator.get(reverse("admin:jobs_platformstatus_changelist"))
    operator.post(page.url, {"dev_mode": "on", "notice": "", "queue_limit": "0"})
    platform = PlatformStatus.objects.get()
    assert (platform.dev_mode, platform.queue_limit) == (True, 0)


def test_data_that_a_job_needs_cannot_be_deleted(operator: Client, make_job: Callable[..., Job]) -> None:
    job = make_job()
    url = reverse("admin:jobs_dataset_delete", args=[job.dataset_id])
    assert operator.post(url, {"post": "yes"}).status_code == 403
    assert Dataset.objects.exists()


def test_strangers_are_sent_to_the_login(client: Client) -> None:
    assert client.get(reverse("admin:jobs_job_changelist")).status_code == 302
