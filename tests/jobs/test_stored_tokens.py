"""Whoever reads the database has no token: not while a job waits or runs, nor when everybody has been told."""

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core import mail
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from jobs.batches import runner as batch_runner
from jobs.models import Dataset, Job, Notice, UploadSession
from jobs.notices import notifications, webhooks
from jobs.queue import cancellation
from jobs.worker import runner
from modelstore import api_keys
from modelstore.ground.tokens import digest, new_token
from modelstore.models import TrainedModel
from tests.jobs import stored_words
from tests.jobs.conftest import CSV

pytestmark = pytest.mark.django_db(transaction=True)
API = "/api/v1/"
PIECE = "application/offset+octet-stream"


class Site:
    """A program with an API key, and the tokens that it was told."""

    def __init__(self) -> None:
        _, secret = api_keys.create(name="nightly", scopes=["submit", "read"])
        self.client, self.headers = Client(), {"Authorization": f"Bearer {secret}"}
        self.told: list[str] = []

    def post(self, path: str, body: Any = None, status: int = 201, **headers: str) -> dict[str, Any]:
        answer = self.client.post(
            API + path, body or {}, content_type="application/json", headers=self.headers | headers
        )
        return self._learn(answer, status)

    def send(self, path: str, file: bytes, **headers: str) -> dict[str, Any]:
        form = {"file": SimpleUploadedFile("texts.csv", file)}
        return self._learn(self.client.post(API + path, form, headers=headers), 201)

    def get(self, path: str) -> dict[str, Any]:
        return self._learn(self.client.get(API + path, headers=self.headers), 200)

    def _learn(self, answer: Any, status: int) -> dict[str, Any]:
        assert answer.status_code == status, answer.content
        document: dict[str, Any] = answer.json()
        if "token" in document and document["token"] not in self.told:
            self.told.append(document["token"])
        return document


@pytest.fixture
def site(db: None, trainer: Callable[[str], None], settings: Any) -> Site:
    settings.EMAIL_HOST = "mail.example"
    trainer("train")
    return Site()


@pytest.fixture
def hooks(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    seen: list[dict[str, Any]] = []
    monkeypatch.setattr(webhooks, "check_url", lambda url: None)
    monkeypatch.setattr(webhooks, "post", lambda url, body, **told: seen.append({"body": body, **told}))
    return seen


def assert_nothing_opens(site: Site, broker: Any) -> None:
    everything = [(where, text) for where, text in stored_words.values()]
    left = stored_words.files()
    for token in site.told:
        assert not [where for where, text in everything if token in text]
        assert token.encode() not in left
        assert token not in stored_words.messages(broker)
    assert not stored_words.working_tokens()


def submitted(site: Site, **fields: Any) -> dict[str, Any]:
    """A job on data that came in pieces, kept, with both kinds of notice."""
    begun = site.post("uploads/", {"name": "t.csv", "size": len(CSV), "task_type": "textclassification"})
    place = f"uploads/{begun['token']}/"
    sent = site.client.patch(API + place, CSV, content_type=PIECE, headers={"Upload-Offset": "0"})
    assert sent.status_code == 204
    dataset = site.post(f"{place}complete/")
    body = {
        "dataset_token": dataset["token"], "task_name": "moods", "keep_dataset": True,
        "notify_email": "ada@example.org", "notify_webhook": "https://example.org/hook",
    }  # fmt: skip
    return site.post("jobs/", body | fields, **{"Idempotency-Key": "once"})


def test_no_token_is_in_the_database_from_the_upload_to_the_last_notice(
    site: Site, hooks: list[dict[str, Any]], broker: Any, admin_client: Client
) -> None:
    job = submitted(site)
    assert submitted(site)["token"] == job["token"], "repeated, it is the same job"
    assert_nothing_opens(site, broker)
    assert runner.run_next()
    model = f"models/{job['token']}/"
    site.send(f"{model}batches/", b"input\ngreat fun\n", **{"Idempotency-Key": "once"})
    site.send(f"{model}evaluations/", b"input,label\ngreat,good\nawful,bad\n")
    while batch_runner.run_next():
        pass
    later = submitted(site, continue_from=job["token"], task_name="moods again")
    assert later["token"] != job["token"]
    assert site.client.get(reverse("job", args=[job["token"]])).status_code in (200, 302)
    found = admin_client.get(reverse("admin:jobs_job_changelist"), {"q": job["token"]})
    assert found.context["cl"].result_count == 1
    assert len(site.told) == 10
    site.told.append(admin_client.cookies["sessionid"].value)
    assert_nothing_opens(site, broker)
    assert runner.run_next()
    for pk in list(Notice.objects.values_list("pk", flat=True)):
        notifications.deliver(pk=pk)
    assert not Notice.objects.exists(), "with the address goes what was sealed for it"
    assert any(reverse("job", args=[job["token"]]) in message.body for message in mail.outbox)
    assert {told["key"] for told in hooks} == {job["token"], later["token"]}
    assert {told["body"]["job"] for told in hooks} == {digest(job["token"]), digest(later["token"])}
    assert_nothing_opens(site, broker)


def test_a_word_that_opens_something_would_be_found(site: Site) -> None:
    token = submitted(site)["token"]
    Job.objects.update(phase=token)
    assert stored_words.working_tokens() == {("jobs_job.phase", token)}
    assert token.encode() in stored_words.files() or not stored_words.files()


def test_what_is_told_again_is_told_to_its_holder(site: Site, hooks: list[dict[str, Any]]) -> None:
    job = submitted(site)
    upload, dataset = site.told[:2]
    assert site.get(f"uploads/{upload}/")["dataset_token"] == dataset
    assert site.post(f"uploads/{upload}/complete/")["token"] == dataset
    assert [row["token"] for row in site.get("jobs/")["results"]] == [job["token"]]
    assert runner.run_next()
    Job.objects.update(status="failed", error="It crashed.")
    page = site.client.get(reverse("job", args=[job["token"]])).content.decode()
    assert reverse("dataset", args=[dataset]) in page
    # The dataset is gone: so is the link.
    Dataset.objects.all().delete()
    page = site.client.get(reverse("job", args=[job["token"]])).content.decode()
    assert reverse("dataset", args=[dataset]) not in page
    assert site.get(f"uploads/{upload}/")["dataset_token"] is None


def test_lists_tell_tokens_to_the_key_of_the_job_alone(site: Site, hooks: list[dict[str, Any]]) -> None:
    job = submitted(site)
    assert runner.run_next()
    (listed,) = site.get("models/")["results"]
    assert listed["token"] == job["token"]
    assert job["token"] in listed["accuracy_plot"] and job["token"] in listed["model_filename"]
    _, secret = api_keys.create(name="boss", scopes=["operate"])
    for path, pk in (("jobs/", Job.objects.get().pk), ("models/", TrainedModel.objects.get().pk)):
        answer = Client().get(API + path, headers={"Authorization": f"Bearer {secret}"})
        (row,) = answer.json()["results"]
        assert (row["id"], row["token"]) == (pk, None)
        assert job["token"] not in answer.content.decode()
        assert not [value for value in row.values() if "/api/v1/" in str(value)]


def test_with_another_secret_key_tokens_open_as_before(
    site: Site, hooks: list[dict[str, Any]], settings: Any
) -> None:
    """A database that was put back elsewhere, or a key that leaked and was changed."""
    job = submitted(site)
    settings.SECRET_KEY = "another"
    assert site.get(f"jobs/{job['token']}/")["status"] == "queued"
    assert site.get(f"uploads/{site.told[0]}/")["dataset_token"] == site.told[1]
    assert [row["token"] for row in site.get("jobs/")["results"]] == [None]
    body = {"dataset_token": site.told[1], "task_name": "moods", "keep_dataset": True}
    repeat = {"Idempotency-Key": "once"}
    assert "Idempotency-Key" in site.post("jobs/", body, 409, **repeat)["detail"]
    assert Job.objects.count() == 1
    assert cancellation.cancel(job=Job.objects.get())
    for pk in list(Notice.objects.values_list("pk", flat=True)):
        notifications.deliver(pk=pk)
    assert not mail.outbox and not hooks and not Notice.objects.exists()
    log = site.client.get(reverse("job-log", args=[job["token"]])).getvalue().decode()
    assert "the site's secret key has changed" in log


def test_an_operator_reads_the_log_of_a_job_by_its_number(
    site: Site, hooks: Any, admin_client: Client
) -> None:
    token = submitted(site)["token"]
    job = Job.objects.get()
    job.events.create(kind="log", message="hello")
    page = admin_client.get(reverse("admin:jobs_job_change", args=[job.pk])).content.decode()
    address = reverse("admin:jobs_job_log", args=[job.pk])
    assert address in page and token not in page and "sealed" not in page.lower()
    assert b"hello" in admin_client.get(address).getvalue()
    assert admin_client.get(reverse("admin:jobs_job_log", args=[job.pk + 1])).status_code == 404
    stranger = Client()
    assert stranger.get(address).status_code == 302
    stranger.force_login(User.objects.create(username="staff", is_staff=True))
    assert stranger.get(address).status_code == 403


def test_unknown_tokens_and_digests_open_nothing(site: Site, hooks: Any) -> None:
    job = submitted(site)
    for wrong in (new_token(), digest(job["token"]), Job.objects.get().sealed_dataset):
        assert site.client.get(f"{API}jobs/{wrong}/").status_code == 404
    assert UploadSession.objects.count() == 1
