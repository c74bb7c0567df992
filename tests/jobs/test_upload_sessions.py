"""Uploads in pieces over the API: continued after every kind of interruption, and nothing left behind."""

import base64
import hashlib
import urllib.request
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as live
from django.core.files.storage import default_storage
from django.test import Client
from django.utils import timezone

from jobs import upload_sessions, upload_sessions_bucket, upload_sessions_disk
from jobs.models import Dataset, Job, PlatformStatus, UploadSession
from jobs.sweep import sweep
from tests.jobs.conftest import CSV

pytestmark = pytest.mark.django_db

URL = "/api/v1/uploads/"
PIECE = "application/offset+octet-stream"


@pytest.fixture
def api(client: Client) -> Callable[..., Any]:
    """POST of JSON."""

    def post(path: str, body: Any = None, status: int = 201) -> dict[str, Any]:
        answer = client.post(path, body or {}, content_type="application/json")
        assert answer.status_code == status, answer.content
        document: dict[str, Any] = answer.json()
        return document

    return post


@pytest.fixture
def begin(api: Callable[..., Any]) -> Callable[..., dict[str, Any]]:
    def post(status: int = 201, **values: Any) -> dict[str, Any]:
        body = {"name": "things.csv", "size": len(CSV), "task_type": "textclassification"}
        answer: dict[str, Any] = api(URL, body | values, status)
        return answer

    return post


@pytest.fixture
def send(client: Client) -> Callable[..., Any]:
    """PATCH of one piece."""

    def patch(upload: dict[str, Any], offset: int, data: bytes, status: int = 204, **headers: str) -> Any:
        values = {"Upload-Offset": str(offset)} | headers
        answer = client.patch(_path(upload), data, content_type=PIECE, headers=values)
        assert answer.status_code == status, answer.content
        return answer

    return patch


def _path(upload: dict[str, Any]) -> str:
    return f"{URL}{upload['token']}/"


def left_behind() -> list[str]:
    folder = upload_sessions_disk.folder()
    return [path.name for path in folder.iterdir()] if folder.exists() else []


def test_a_file_comes_in_pieces_and_becomes_a_dataset(
    begin: Any, send: Any, api: Any, client: Client
) -> None:
    upload = begin(sha256=hashlib.sha256(CSV).hexdigest())
    assert (upload["method"], upload["offset"], upload["parts"]) == ("offset", 0, [])
    assert send(upload, 0, CSV[:100]).headers["Upload-Offset"] == "100"
    # The tab was closed: what is told is all that is needed to go on.
    head = client.head(_path(upload))
    assert (head.headers["Upload-Offset"], head.headers["Upload-Length"]) == ("100", str(len(CSV)))
    assert (
        head.headers["Cache-Control"].startswith("max-age=0") or "no-store" in head.headers["Cache-Control"]
    )
    assert client.get(_path(upload)).json()["offset"] == 100
    send(upload, 100, CSV[100:])
    dataset = api(_path(upload) + "complete/")
    assert (dataset["sample_count"], dataset["size_bytes"]) == (20, len(CSV))
    with default_storage.open(Dataset.objects.get().file.name) as file:
        assert file.read() == CSV
    assert api(_path(upload) + "complete/")["token"] == dataset["token"], "a lost answer is asked for again"
    assert client.get(_path(upload)).json()["dataset_token"] == dataset["token"]
    assert not left_behind()
    assert (
        api("/api/v1/jobs/", {"dataset_token": dataset["token"], "task_name": "pieces"})["status"] == "queued"
    )


def test_a_piece_that_does_not_fit_on_is_refused(begin: Any, send: Any, api: Any) -> None:
    upload = begin()
    send(upload, 0, CSV[:10])
    assert send(upload, 5, CSV[5:], status=409).json()["code"] == "offset_conflict"
    assert send(upload, 0, CSV, status=409).json()["code"] == "offset_conflict"
    assert send(upload, 10, CSV[10:] + b"x", status=413).json()["code"] == "piece_too_long"
    assert api(_path(upload) + "complete/", status=409)["code"] == "upload_incomplete"
    send(upload, 10, CSV[10:])
    api(_path(upload) + "complete/")


def test_a_damaged_piece_is_dropped(begin: Any, send: Any) -> None:
    upload = begin()
    wrong = {"Upload-Checksum": "sha256 " + base64.b64encode(hashlib.sha256(b"else").digest()).decode()}
    assert send(upload, 0, CSV, status=460, **wrong).json()["code"] == "piece_damaged"
    right = {"Upload-Checksum": "sha256 " + base64.b64encode(hashlib.sha256(CSV).digest()).decode()}
    assert send(upload, 0, CSV, **right).headers["Upload-Offset"] == str(len(CSV))


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Upload-Offset": "-1"}, 400),
        ({"Upload-Offset": "٣"}, 400),
        ({"Upload-Offset": "9" * 5000}, 400),
        ({"Upload-Checksum": "md5 abc"}, 400),
        ({"Upload-Checksum": "sha256 !!"}, 400),
    ],
)
def test_bad_headers_are_told(begin: Any, send: Any, headers: dict[str, str], status: int) -> None:
    answer = send(begin(), 0, CSV, status, **headers)
    assert answer.headers["Content-Type"] == "application/problem+json"


def test_other_bodies_are_refused(begin: Any, client: Client) -> None:
    upload = begin()
    headers = {"Upload-Offset": "0"}
    answer = client.patch(_path(upload), b"{}", content_type="application/json", headers=headers)
    assert answer.status_code == 415
    assert client.patch(_path(upload), b"", content_type=PIECE, headers=headers).status_code in (400, 411)


def test_two_pieces_at_once_do_not_mix(begin: Any, send: Any) -> None:
    upload = begin()
    session = upload_sessions.get(upload["token"])
    with upload_sessions_disk._locked(session.key):
        answer = send(upload, 0, CSV, status=409)
    assert answer.json()["code"] == "upload_busy"
    assert answer.headers["Retry-After"] == "1"


def test_a_broken_connection_keeps_what_came(begin: Any) -> None:
    from django.http import UnreadablePostError

    class Breaking:
        def __init__(self) -> None:
            self.pieces = [CSV[:50], CSV[50:70]]

        def read(self, size: int) -> bytes:
            if not self.pieces:
                raise UnreadablePostError
            return self.pieces.pop(0)

    session = upload_sessions.get(begin()["token"])
    assert upload_sessions.append(session, offset=0, body=Breaking()) == 70  # type: ignore[arg-type]
    with pytest.raises(upload_sessions_disk.PieceDamaged):
        upload_sessions.append(session, offset=70, body=Breaking(), sha256=bytes(32))  # type: ignore[arg-type]
    assert upload_sessions.received(session) == 70, "a piece with a checksum counts as a whole"


@pytest.mark.parametrize(
    ("content", "status", "code"),
    [
        (b"\x1f\x8b" + b"x" * 100, 415, "wrong_kind"),
        (b"input,label\n" + b"one,a\ntwo,a\n" * 20, 422, None),
    ],
)
def test_what_cannot_be_used_is_refused_and_gone(
    begin: Any, send: Any, api: Any, client: Client, content: bytes, status: int, code: str | None
) -> None:
    upload = begin(size=len(content))
    send(upload, 0, content)
    refusal = api(_path(upload) + "complete/", status=status)
    assert code in (None, refusal["code"])
    assert not left_behind()
    assert not Dataset.objects.exists()
    assert client.get(_path(upload)).status_code == 404


def test_the_announced_checksum_is_compared(begin: Any, send: Any, api: Any) -> None:
    upload = begin(sha256="0" * 64)
    send(upload, 0, CSV)
    assert api(_path(upload) + "complete/", status=422)["code"] == "checksum_differs"


@pytest.mark.parametrize(
    ("values", "status"),
    [
        ({"size": 0}, 400),
        ({"size": "many"}, 400),
        ({"size": 10**16}, 400),
        ({"size": 3 * 1024**3}, 413),
        ({"task_type": "poetry"}, 400),
        ({"sha256": "abc"}, 400),
        ({"colour": "red"}, 400),
        ({"name": ""}, 400),
    ],
)
def test_a_bad_announcement_is_refused(begin: Any, values: dict[str, Any], status: int) -> None:
    assert begin(status, **values)["status"] == status
    assert not UploadSession.objects.exists()


def test_nothing_begins_in_dev_mode_or_without_room(
    begin: Any, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.FLASH_UPLOADS_AT_ONCE = 1
    begin()
    assert begin(503)["code"] == "too_many_uploads"
    UploadSession.objects.all().delete()
    with monkeypatch.context() as patch:
        patch.setattr(upload_sessions_disk, "_RESERVE_BYTES", 2**62)
        assert begin(507)["code"] == "storage_full"
    PlatformStatus.objects.update_or_create(pk=1, defaults={"dev_mode": True})
    assert begin(503)["code"] == "dev_mode"
    assert UploadSession.objects.count() == 0


def test_a_token_that_is_not_there_tells_nothing(client: Client, api: Any) -> None:
    for answer in (
        client.get(f"{URL}nobody/"),
        client.delete(f"{URL}nobody/"),
        client.post(f"{URL}nobody/complete/"),
    ):
        assert answer.status_code in (404, 415)
    assert api(f"{URL}nobody/complete/", status=404)["code"] == "upload_not_found"
    assert client.head(f"{URL}nobody/").status_code == 404


def test_giving_up_removes_the_bytes(begin: Any, send: Any, client: Client) -> None:
    upload = begin()
    send(upload, 0, CSV[:10])
    assert left_behind()
    assert client.delete(_path(upload)).status_code == 204
    assert not left_behind()
    assert client.delete(_path(upload)).status_code == 404


def test_an_unfinished_upload_is_forgotten_in_time(
    begin: Any, send: Any, client: Client, settings: Any
) -> None:
    upload = begin()
    send(upload, 0, CSV[:10])
    assert sweep(thorough=False).uploads_forgotten == 0
    UploadSession.objects.update(
        touched=timezone.now() - settings.FLASH_UPLOAD_RETENTION - timedelta(seconds=1)
    )
    assert client.get(_path(upload)).status_code == 404, "enforced at read"
    assert sweep(thorough=False).uploads_forgotten == 1
    assert not left_behind()


def test_a_check_that_died_can_be_asked_for_again(begin: Any, send: Any, api: Any) -> None:
    upload = begin()
    send(upload, 0, CSV)
    UploadSession.objects.update(completing_until=timezone.now() + timedelta(minutes=5))
    assert api(_path(upload) + "complete/", status=409)["code"] == "conflict"
    UploadSession.objects.update(completing_until=timezone.now() - timedelta(seconds=1))
    api(_path(upload) + "complete/")


def test_a_failure_of_ours_keeps_the_upload(
    begin: Any, send: Any, api: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    upload = begin()
    send(upload, 0, CSV)
    session = upload_sessions.get(upload["token"])
    with monkeypatch.context() as patch:
        patch.setattr(upload_sessions.datasets, "store_file", lambda **values: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            upload_sessions.complete(session)
    api(_path(upload) + "complete/")


# --- Into a bucket -----------------------------------------------------------------------------------------------


@pytest.fixture
def bucket(s3: Any, settings: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Uploads go to the bucket, in parts of 100 bytes."""
    settings.FLASH_DIRECT_UPLOADS = True
    monkeypatch.setattr(upload_sessions, "PIECE_BYTES", 100)
    upload_sessions_bucket._client_for.cache_clear()
    yield s3
    upload_sessions_bucket._client().close()
    upload_sessions_bucket._client_for.cache_clear()


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
    assert api(_path(upload) + "complete/", status=409)["code"] == "upload_incomplete"
    again = client.get(_path(upload)).json()
    assert [part["number"] for part in again["parts"]] == [part["number"] for part in upload["parts"][1::2]]
    for part in again["parts"]:
        put(part, CSV)
    assert client.get(_path(upload)).json()["parts"] == []
    dataset = api(_path(upload) + "complete/")
    assert dataset["sample_count"] == 20
    row = Dataset.objects.get()
    assert objects(bucket) == [row.file.name]
    assert not open_uploads(bucket)
    assert api(_path(upload) + "complete/")["token"] == dataset["token"]
    job = api("/api/v1/jobs/", {"dataset_token": dataset["token"], "task_name": "parts"})
    upload_sessions.datasets.materialise(
        dataset=Job.objects.get(token=job["token"]).dataset, run_dir=tmp_path
    )
    assert (tmp_path / "data" / "data.csv").exists()


@pytest.mark.usefixtures("s3_takes_small_parts")
@pytest.mark.parametrize("content", [b"\x1f\x8b" + b"x" * 300, b"input,label\n" + b"one,a\ntwo,a\n" * 20])
def test_the_bucket_keeps_nothing_that_cannot_be_used(
    bucket: Any, begin: Any, api: Any, content: bytes
) -> None:
    upload = begin(size=len(content))
    for part in upload["parts"]:
        put(part, content)
    assert api(_path(upload) + "complete/", status=415 if content[0] == 0x1F else 422)
    assert not objects(bucket)
    assert not open_uploads(bucket)
    assert not UploadSession.objects.exists()


def test_pages_may_reach_the_bucket_and_no_other_host(bucket: Any, begin: Any, settings: Any) -> None:
    settings.FLASH_BUCKET_ORIGIN = upload_sessions_bucket._client().meta.endpoint_url
    policy = Client().get("/").headers["Content-Security-Policy"]
    part = begin()["parts"][0]["url"]
    assert part.startswith(settings.FLASH_BUCKET_ORIGIN + "/")
    assert f"connect-src 'self' {settings.FLASH_BUCKET_ORIGIN}" in policy
    settings.FLASH_DIRECT_UPLOADS = False
    assert settings.FLASH_BUCKET_ORIGIN not in Client().get("/").headers["Content-Security-Policy"]


def test_the_origin_of_a_bucket_on_aws_is_that_of_its_addresses(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    client = upload_sessions_bucket._client_for("eu-west-1", None)
    values = {"Bucket": "flash-files", "Key": "k", "UploadId": "u", "PartNumber": 1}
    url = client.generate_presigned_url("upload_part", Params=values)
    assert url.startswith("https://flash-files.s3.eu-west-1.amazonaws.com/")
    client.close()
    upload_sessions_bucket._client_for.cache_clear()


def test_giving_up_forgets_the_parts(bucket: Any, begin: Any, client: Client) -> None:
    upload = begin()
    put(upload["parts"][0], CSV)
    assert open_uploads(bucket)
    assert client.delete(_path(upload)).status_code == 204
    assert not open_uploads(bucket)


def test_whoever_cannot_reach_the_bucket_sends_to_the_server(
    bucket: Any, begin: Any, send: Any, api: Any
) -> None:
    upload = begin(direct=False)
    assert upload["method"] == "offset"
    send(upload, 0, CSV)
    api(_path(upload) + "complete/")
    assert objects(bucket) == [Dataset.objects.get().file.name]
    assert not left_behind()


def test_a_bucket_that_does_not_answer_is_told(
    bucket: Any, begin: Any, settings: Any, client: Client
) -> None:
    upload = begin()
    bucket.abort_multipart_upload(
        Bucket=live.BUCKET, Key=open_uploads(bucket)[0]["Key"], UploadId=open_uploads(bucket)[0]["UploadId"]
    )
    answer = client.get(_path(upload))
    assert (answer.status_code, answer.json()["code"]) == (503, "storage_unavailable")


def test_parts_are_as_large_as_s3_asks() -> None:
    assert upload_sessions_bucket.part_bytes(2 * 1024**3, 8 * 1024**2) == 8 * 1024**2
    large = upload_sessions_bucket.part_bytes(2 * 1024**4, 8 * 1024**2)
    assert -(-2 * 1024**4 // large) <= 10_000
