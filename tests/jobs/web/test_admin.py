"""What an operator can see and do in the admin, and the audit row that it leaves."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import User
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from jobs.compute.errors import ComputeRefused
from jobs.models import Alert, Dataset, Job, JobEvent, PlatformStatus, Server, Uptime
from jobs.states import JobStatus
from jobs.web.admin import servers as admin_servers
from tests.tasks import Task
from training.ground.recipe import resolve

pytestmark = pytest.mark.django_db


@pytest.fixture
def operator(client: Client) -> Client:
    client.force_login(User.objects.create_superuser("operator"))
    return client


def act(client: Client, action: str, *jobs: Job) -> None:
    """Asks first, and does nothing before the answer."""
    url = reverse("admin:jobs_job_changelist")
    form = {"action": action, "_selected_action": [job.pk for job in jobs]}
    before = list(Job.objects.values())
    asked = client.post(url, form)
    assert b"Yes, do it" in asked.content
    assert jobs[0].task_name in asked.content.decode()
    assert list(Job.objects.values()) == before
    assert client.post(url, form | {"confirmed": "yes"}).status_code == 302


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
        if table == "job":
            words = page.content.decode()
            assert "log: hello" in words
            assert "epoch 1: loss -, validation loss -; accuracy -, validation accuracy 0.5" in words


def test_a_job_tells_its_settings_in_words(operator: Client, make_job: Callable[..., Job]) -> None:
    job = make_job(config=resolve(Task.TEXT, {"preset": "quick"}).to_json())
    address = reverse("admin:jobs_job_change", args=[job.pk])
    words = operator.get(address).content.decode()
    assert "Preset: Quick" in words and "ImageNet" not in words and "pretrained" not in words
    Job.objects.filter(pk=job.pk).update(task_type="boxclassification")
    words = operator.get(address).content.decode()
    assert "&quot;pretrained&quot;: false" in words, "as it is stored, where nobody knows the kind"


def test_a_long_log_makes_no_slow_page(operator: Client, make_job: Callable[..., Job]) -> None:
    job = make_job()
    job.events.bulk_create(JobEvent(job=job, kind="log", message=f"line {n}.") for n in range(300))
    words = operator.get(reverse("admin:jobs_job_change", args=[job.pk])).content.decode()
    assert "line 299." in words and "line 250." in words
    assert "line 249." not in words


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


def test_a_job_is_found_by_its_whole_token_and_by_words(
    operator: Client, make_job: Callable[..., Job]
) -> None:
    job = make_job(task_name="cats")
    make_job(task_name="dogs", status=JobStatus.FAILED, error="The cat crashed.")
    url = reverse("admin:jobs_job_changelist")
    assert operator.get(url, {"q": job.token}).context["cl"].result_count == 1
    assert operator.get(url, {"q": "cat"}).context["cl"].result_count == 2
    assert operator.get(url, {"q": "cat", "status__exact": "failed"}).context["cl"].result_count == 1
    assert operator.get(url, {"model": "resnet34"}).context["cl"].result_count == 0


def test_machines_are_stopped_after_a_question_with_an_audit_row(
    operator: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    class Cloud:
        def stop(self, instance: str) -> None:
            if instance == "i-gone":
                raise ComputeRefused("EC2 does not know it.")
            asked.append(instance)

    monkeypatch.setattr(admin_servers, "current_cloud", Cloud)
    servers = [
        Server.objects.create(name=name, driver=driver, state=state)
        for name, driver, state in (
            ("i-on", "ec2", "running"), ("i-gone", "ec2", "running"), ("i-off", "ec2", "stopped"),
            ("here", "local", ""),
        )
    ]  # fmt: skip
    form = {"action": "stop_machines", "_selected_action": [server.pk for server in servers]}
    url = reverse("admin:jobs_server_changelist")
    assert b"Yes, do it" in operator.post(url, form).content
    assert asked == []
    page = operator.post(url, form | {"confirmed": "yes"}, follow=True)
    assert asked == ["i-on"]
    assert b"EC2 does not know it." in page.content
    assert [entry.object_repr for entry in LogEntry.objects.all()] == ["i-on"]
    assert Server.objects.get(name="i-on").stop_reason == "By operator in the admin."


def test_the_first_page_tells_what_goes_on(operator: Client, make_job: Callable[..., Job]) -> None:
    cache.clear()
    PlatformStatus.objects.update_or_create(pk=1, defaults={"dev_mode": True, "notice": "Back at noon."})
    make_job(task_name="in line")
    server = Server.objects.create(name="i-0abc", driver="ec2", state="running", heartbeat=timezone.now())
    make_job(task_name="at work", status=JobStatus.TRAINING, progress=0.4, server=server)
    make_job(task_name="broken", status=JobStatus.FAILED, error="The disk was full.")
    Alert.objects.create(kind="no capacity", message="Nothing to be had.")
    page = operator.get(reverse("admin:index")).content.decode()
    words = " ".join(re.sub(r"<[^>]*>", " ", page).split())
    for told in (
        "Dev mode",
        "Back at noon.",
        "in line",
        "at work",
        "i-0abc",
        "The disk was full.",
        "No capacity",
    ):
        assert told in words
    assert "2 hours" in words or "2 h" in words
    assert "USD today" in words


def test_a_local_site_shows_nothing_of_rented_machines(operator: Client, settings: Any) -> None:
    cache.clear()
    page = operator.get(reverse("admin:index")).content.decode()
    words = " ".join(re.sub(r"<[^>]*>", " ", page).split())
    for rented in ("Fleet", "Launches", "Uptimes", "USD", "Sleeping"):
        assert rented not in words
    assert "Ready" in words
    Uptime.objects.create(server=Server.objects.create(name="i-0", driver="ec2"), began=timezone.now())
    assert "Uptimes" in operator.get(reverse("admin:index")).content.decode()
    settings.FLASH_COMPUTE = "ec2"
    page = operator.get(reverse("admin:index")).content.decode()
    assert "Fleet" in page and "Launches" in page


def test_the_first_page_costs_the_same_however_much_goes_on(
    operator: Client, make_job: Callable[..., Job]
) -> None:
    operator.get(reverse("admin:index"))
    counts = []
    for count in (3, 27):
        for number in range(count):
            make_job(status=list(JobStatus)[number % 3 and 5], error="x")
        cache.clear()
        with CaptureQueriesContext(connection) as queries:
            operator.get(reverse("admin:index"))
        counts.append(len(queries))
    assert counts[0] == counts[1] < 30


def test_who_may_not_see_jobs_is_told_nothing_of_them(client: Client, make_job: Callable[..., Job]) -> None:
    make_job(task_name="secret plan")
    client.force_login(User.objects.create_user("clerk", is_staff=True))
    page = client.get(reverse("admin:index"))
    assert page.status_code == 200
    assert b"secret plan" not in page.content


def test_strangers_are_sent_to_the_login(client: Client) -> None:
    assert client.get(reverse("admin:jobs_job_changelist")).status_code == 302
