"""Uploads that go to a bucket in parts, without passing through the server."""

import hashlib
import urllib.request
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as live
from django.test import Client

from jobs.models import Dataset, Job, UploadSession
from jobs.resumable import bucket_parts, upload_sessions
from tests.jobs.conftest import CSV
from tests.jobs.resumable.conftest import left_behind, upload_path

pytestmark = pytest.mark.django_db


@pytest.fixture
def bucket(s3: Any, settings: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Uploads go to the bucket, in parts of 100 bytes."""
    settings.FLASH_DIRECT_UPLOADS = True
    monkeypatch.setattr(upload_sessions, "PIECE_BYTES", 100)
    bucket_parts._client_for.cache_clear()
    yield s3
    bucket_parts._client().close()
    bucket_parts._client_for.cache_clear()


def put(part: dict[str, Any], data: bytes) -> None:
    body = data[part["offset"] : part["offset"] + part["size"]]
    request = urllib.request.Request(part["url"], data=body, method="PUT", headers={"Content-Type": ""})
    with urllib.request.urlopen(request) as answer:
        assert answer.status == 200


def objects(s3: Any) -> list[str]:
    return [row["Key"] for row in s3.list_objects_v2(Bucket=live.BUCKET).get("Contents", [])]


def open_uploads(s3: Any) -> list[Any]:
    found: list[Any] = s3.list_multipart_uploads(Bucket=live.BUCKET).get("Uploads", [])
    return found


@pytest.fixture
def s3_takes_small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    """S3 wants 5 MB in all parts but the last; the tests make do with less."""
    import moto.s3.models

    monkeypatch.setattr(moto.s3.models, "S3_UPLOAD_PART_MIN_SIZE", 1)


@pytest.mark.usefixtures("s3_takes_small_parts")
def test_parts_go_to_the_bucket_and_are_resumed(
    bucket: Any, begin: Any, api: Any, client: Client, tmp_path: Path
) -> None:
    upload = begin(sha256=hashlib.sha256(CSV).hexdigest())
    assert upload["method"] == "parts"
    assert sum(part["size"] for part in upload["parts"]) == len(CSV)
    for part in upload["parts"][::2]:
        put(part, CSV)
    assert api(upload_path(upload) + "complete/", status=409)["code"] == "upload_incomplete"
    again = client.get(upload_path(upload)).json()
    assert [part["number"] for part in again["parts"]] == [part["number"] for part in upload["parts"][1::2]]
    for part in again["parts"]:
        put(part, CSV)
    assert client.get(upload_path(upload)).json()["parts"] == []
    dataset = api(upload_path(upload) + "complete/")
    assert dataset["sample_count"] == 20
    row = Dataset.objects.get()
    assert objects(bucket) == [row.file.name]
    assert not open_uploads(bucket)
    assert api(upload_path(upload) + "complete/")["token"] == dataset["token"]
    api("/api/v1/jobs/", {"dataset_token": dataset["token"], "task_name": "parts"})
    upload_sessions.dataset_store.materialise(dataset=Job.objects.get().dataset, run_dir=tmp_path)
    assert (tmp_path / "data" / "data.csv").exists()


@pytest.mark.usefixtures("s3_takes_small_parts")
@pytest.mark.parametrize("off_by", [-1, 1])
def test_a_part_of_another_length_is_told_and_asked_for_again(
    bucket: Any, begin: Any, api: Any, client: Client, off_by: int
) -> None:
    """Whoever has the address of a part may send there what he likes."""
    upload = begin()
    first, *others = upload["parts"]
    put({**first, "size": first["size"] + off_by}, CSV)
    for part in others:
        put(part, CSV)
    refusal = api(upload_path(upload) + "complete/", status=409)
    assert refusal["code"] == "upload_incomplete"
    assert f"{len(CSV) + off_by} of {len(CSV)} bytes" in refusal["detail"]
    again = client.get(upload_path(upload)).json()["parts"]
    assert [part["number"] for part in again] == [first["number"]]
    put(again[0], CSV)
    assert api(upload_path(upload) + "complete/")["sample_count"] == 20


@pytest.mark.usefixtures("s3_takes_small_parts")
def test_another_checksum_than_announced_is_told_and_nothing_stays(bucket: Any, begin: Any, api: Any) -> None:
    upload = begin(sha256="0" * 64)
    for part in upload["parts"]:
        put(part, CSV)
    assert api(upload_path(upload) + "complete/", status=422)["code"] == "checksum_differs"
    assert not objects(bucket)
    assert not Dataset.objects.exists()


@pytest.mark.usefixtures("s3_takes_small_parts")
@pytest.mark.parametrize(
    "content", [b"7z\xbc\xaf\x27\x1c" + b"x" * 300, b"input,label\n" + b"one,a\ntwo,a\n" * 20]
)
def test_the_bucket_keeps_nothing_that_cannot_be_used(
    bucket: Any, begin: Any, api: Any, content: bytes
) -> None:
    upload = begin(size=len(content))
    for part in upload["parts"]:
        put(part, content)
    assert api(upload_path(upload) + "complete/", status=415 if content.startswith(b"7z") else 422)
    assert not objects(bucket)
    assert not open_uploads(bucket)
    assert not UploadSession.objects.exists()


def test_pages_may_reach_the_bucket_and_no_other_host(bucket: Any, begin: Any, settings: Any) -> None:
    settings.FLASH_BUCKET_ORIGIN = bucket_parts._client().meta.endpoint_url
    policy = Client().get("/").headers["Content-Security-Policy"]
    part = begin()["parts"][0]["url"]
    assert part.startswith(settings.FLASH_BUCKET_ORIGIN + "/")
    assert f"connect-src 'self' {settings.FLASH_BUCKET_ORIGIN}" in policy
    settings.FLASH_DIRECT_UPLOADS = False
    assert settings.FLASH_BUCKET_ORIGIN not in Client().get("/").headers["Content-Security-Policy"]


def test_the_origin_of_a_bucket_on_aws_is_that_of_its_addresses(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    client = bucket_parts._client_for("eu-west-1", None)
    values = {"Bucket": "flash-files", "Key": "k", "UploadId": "u", "PartNumber": 1}
    url = client.generate_presigned_url("upload_part", Params=values)
    assert url.startswith("https://flash-files.s3.eu-west-1.amazonaws.com/")
    client.close()
    bucket_parts._client_for.cache_clear()


def test_giving_up_forgets_the_parts(bucket: Any, begin: Any, client: Client) -> None:
    upload = begin()
    put(upload["parts"][0], CSV)
    assert open_uploads(bucket)
    assert client.delete(upload_path(upload)).status_code == 204
    assert not open_uploads(bucket)


def test_whoever_cannot_reach_the_bucket_sends_to_the_server(
    bucket: Any, begin: Any, send: Any, api: Any
) -> None:
    upload = begin(direct=False)
    assert upload["method"] == "offset"
    send(upload, 0, CSV)
    api(upload_path(upload) + "complete/")
    assert objects(bucket) == [Dataset.objects.get().file.name]
    assert not left_behind()


def test_a_bucket_that_does_not_answer_is_told(
    bucket: Any, begin: Any, settings: Any, client: Client
) -> None:
    upload = begin()
    bucket.abort_multipart_upload(
        Bucket=live.BUCKET, Key=open_uploads(bucket)[0]["Key"], UploadId=open_uploads(bucket)[0]["UploadId"]
    )
    answer = client.get(upload_path(upload))
    assert (answer.status_code, answer.json()["code"]) == (503, "storage_unavailable")


def test_parts_are_as_large_as_s3_asks() -> None:
    assert bucket_parts.part_bytes(2 * 1024**3, 8 * 1024**2) == 8 * 1024**2
    large = bucket_parts.part_bytes(2 * 1024**4, 8 * 1024**2)
    assert -(-2 * 1024**4 // large) <= 10_000
