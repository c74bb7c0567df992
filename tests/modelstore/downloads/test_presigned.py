"""Downloads from the bucket: fetched there by the client, vouched for by its checksum, for a short time."""

import hashlib
import urllib.request
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from modelstore.models import TrainedModel

pytestmark = pytest.mark.django_db

Publish = Callable[..., TrainedModel]


@pytest.fixture(autouse=True)
def _presigned(s3: Any, settings: Any) -> None:
    settings.FLASH_PRESIGNED_DOWNLOADS = True


def ask(client: Client, model: TrainedModel, format: str = "onnx") -> Any:
    return client.get(f"/api/v1/models/{model.token}/download/?format={format}")


@pytest.mark.parametrize("page", [False, True])
def test_a_file_is_fetched_from_the_bucket(client: Client, publish: Publish, page: bool) -> None:
    model = publish(task_name="My task")
    answer = client.get(f"/models/{model.token}/download/?format=onnx") if page else ask(client, model)
    assert answer.status_code == 302
    assert "no-store" in answer.headers["Cache-Control"]
    assert "X-Amz-Expires=120" in answer.url
    with urllib.request.urlopen(answer.url) as file:
        content = file.read()
        assert file.headers["Content-Disposition"].startswith('attachment; filename="my-task-')
        assert file.headers["Content-Type"] == "application/octet-stream"
    assert hashlib.sha256(content).hexdigest() == model.manifest["files"]["model.onnx"]["sha256"]


def test_a_bundle_is_made_and_sent_from_here(client: Client, publish: Publish) -> None:
    answer = ask(client, publish(), "bundle")
    assert answer.status_code == 200
    assert b"".join(answer.streaming_content).startswith(b"PK")


def test_a_changed_file_is_not_handed_out(client: Client, publish: Publish, s3: Any) -> None:
    model = publish()
    key = f"flash-files/{model.storage_prefix}/model.onnx"
    s3.Object(key).put(Body=b"something else", ChecksumAlgorithm="SHA256")
    answer = ask(client, model)
    assert (answer.status_code, answer.json()["code"]) == (503, "model_damaged")


def test_a_file_without_a_checksum_is_checked_and_sent_from_here(
    client: Client, publish: Publish, s3: Any
) -> None:
    model = publish()
    key = f"flash-files/{model.storage_prefix}/model.onnx"
    content = s3.Object(key).get()["Body"].read()
    s3.Object(key).put(Body=content)
    answer = ask(client, model)
    assert answer.status_code == 200
    assert b"".join(answer.streaming_content) == content


def test_what_may_not_be_downloaded_gets_no_address(client: Client, publish: Publish) -> None:
    assert ask(client, publish(downloadable=False)).status_code == 403
    assert ask(client, publish(), "pickle").status_code == 400


def test_an_operator_may_turn_it_off(client: Client, publish: Publish, settings: Any) -> None:
    settings.FLASH_PRESIGNED_DOWNLOADS = False
    answer = ask(client, publish())
    assert answer.status_code == 200
    assert b"".join(answer.streaming_content)
