"""New data in the bucket retrains its model: the events of S3 and EventBridge, the guard, repeats."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.test import Client

from jobs.models import Dataset, Job
from jobs.states import JobStatus
from modelstore import api_keys
from modelstore.bundles import store
from modelstore.ground import tokens
from modelstore.models import TrainedModel
from tests.bundles import text_bundle
from tests.jobs.conftest import CSV
from tests.jobs.web.test_api import problem
from tests.published import create_model, opens

pytestmark = pytest.mark.django_db


@pytest.fixture
def model(tmp_path: Path, s3: Any) -> TrainedModel:
    """A live text model, its files in the bucket."""
    folder = text_bundle(tmp_path / "earlier")
    store.upload_bundle(folder=folder, prefix="jobs/900/1")
    return create_model(
        token=tokens.new_token(), prefix="jobs/900/1", folder=folder, task_name="moods", downloadable=True
    )


@pytest.fixture
def secret(db: None) -> str:
    return api_keys.create(name="events", scopes=["submit"])[1]


def event(settings: Any, key: str, etag: str = "1") -> dict[str, Any]:
    told = {"bucket": {"name": settings.BUCKET}, "object": {"key": key, "etag": etag}}
    return {"detail-type": "Object Created", "source": "aws.s3", "detail": told}


def send(client: Client, secret: str | None, body: Any) -> Any:
    headers = {"Authorization": f"Bearer {secret}"} if secret else {}
    return client.post(
        "/api/v1/hooks/s3/", json.dumps(body), content_type="application/json", headers=headers
    )


def test_an_object_retrains_its_model_once(
    client: Client, model: TrainedModel, secret: str, settings: Any
) -> None:
    key = f"incoming/{model.token}/more things.csv"
    default_storage.save(key, ContentFile(CSV))
    answer = send(client, secret, event(settings, key))
    assert answer.status_code == 202, answer.content
    job = Job.objects.get()
    token = answer.json()["jobs"][0]["token"]
    assert opens(token, job)
    assert (job.continues, job.task_name, job.sample_count) == (model, "moods", 20)
    # The same notice in the other form: S3's own, its key encoded for an address.
    told = {"key": key.replace(" ", "+"), "eTag": "1"}
    record = {"eventName": "ObjectCreated:Put", "s3": {"bucket": {"name": settings.BUCKET}, "object": told}}
    assert send(client, secret, {"Records": [record]}).json()["jobs"][0]["token"] == token
    assert (Job.objects.count(), Dataset.objects.count()) == (1, 1)


def test_it_is_added_to_the_earlier_data_where_that_was_kept(
    client: Client, model: TrainedModel, secret: str, settings: Any, make_job: Callable[..., Job],
    make_dataset: Callable[..., Dataset],
) -> None:  # fmt: skip
    owner = make_job(
        status=JobStatus.DEPLOYED, dataset=make_dataset(kept=True), preset="balanced", token=model.token
    )
    key = f"incoming/{model.token}/more.csv"
    default_storage.save(key, ContentFile(CSV.replace(b"thing", b"matter")))
    assert send(client, secret, event(settings, key)).status_code == 202
    job = Job.objects.exclude(pk=owner.pk).get()
    assert (job.sample_count, job.preset) == (40, "balanced")
    assert job.dataset is not None
    assert job.dataset.kept


def test_only_a_key_may_send_events(client: Client, model: TrainedModel, settings: Any) -> None:
    body = event(settings, f"incoming/{model.token}/more.csv")
    problem(send(client, None, body), 403)
    problem(send(client, "flash_" + "x" * 40, body), 401)
    other = api_keys.create(name="reader", scopes=["read"])[1]
    problem(send(client, other, body), 403)
    assert not Job.objects.exists()


def test_other_events_and_objects_are_taken_and_ignored(
    client: Client, model: TrainedModel, secret: str, settings: Any
) -> None:
    for body in (
        {"Service": "Amazon S3", "Event": "s3:TestEvent", "Bucket": settings.BUCKET},
        event(settings, "jobs/900/1/model.onnx"),
        event(settings, "incoming/readme.txt"),
        event(settings, f"incoming/{model.token}/"),
        {"Records": [{"eventName": "ObjectRemoved:Delete", "s3": {}}]},
    ):
        answer = send(client, secret, body)
        assert (answer.status_code, answer.json()) == (202, {"jobs": []})


@pytest.mark.parametrize(
    ("change", "status"),
    [
        (lambda body: body["detail"]["bucket"].update(name="somebody-elses"), 400),
        (lambda body: body["detail"].update(object=None), 400),
        (lambda body: body["detail"]["object"].update(key="incoming/unknown/more.csv"), 404),
        (lambda body: body["detail"]["object"].update(key=body["detail"]["object"]["key"] + "x"), 409),
    ],
)
def test_what_makes_no_sense_is_refused(
    client: Client, model: TrainedModel, secret: str, settings: Any, change: Callable, status: int
) -> None:
    body = event(settings, f"incoming/{model.token}/more.csv")
    change(body)
    problem(send(client, secret, body), status)
    assert not Dataset.objects.exists()


def test_data_that_cannot_be_used_is_refused_and_not_kept(
    client: Client, model: TrainedModel, secret: str, settings: Any
) -> None:
    key = f"incoming/{model.token}/bad.csv"
    default_storage.save(key, ContentFile(b"input,label\nhello,one\nworld,one\n"))
    problem(send(client, secret, event(settings, key)), 422)
    assert not Dataset.objects.exists()
