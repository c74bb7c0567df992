"""Uploads in pieces over the API: continued after every kind of interruption, and nothing left behind."""

import base64
import hashlib
from datetime import timedelta
from typing import Any

import pytest
from django.core.files.storage import default_storage
from django.test import Client
from django.utils import timezone

from jobs.models import Dataset, PlatformStatus, UploadSession
from jobs.resumable import disk_pieces, upload_sessions
from jobs.upkeep.sweep import sweep
from tests.jobs.conftest import CSV
from tests.jobs.resumable.conftest import PIECE, URL, left_behind, upload_path

pytestmark = pytest.mark.django_db


def test_a_file_comes_in_pieces_and_becomes_a_dataset(
    begin: Any, send: Any, api: Any, client: Client
) -> None:
    upload = begin(sha256=hashlib.sha256(CSV).hexdigest())
    assert (upload["method"], upload["offset"], upload["parts"]) == ("offset", 0, [])
    assert send(upload, 0, CSV[:100]).headers["Upload-Offset"] == "100"
    # The tab was closed: what is told is all that is needed to go on.
    head = client.head(upload_path(upload))
    assert (head.headers["Upload-Offset"], head.headers["Upload-Length"]) == ("100", str(len(CSV)))
    assert (
        head.headers["Cache-Control"].startswith("max-age=0") or "no-store" in head.headers["Cache-Control"]
    )
    assert client.get(upload_path(upload)).json()["offset"] == 100
    send(upload, 100, CSV[100:])
    dataset = api(upload_path(upload) + "complete/")
    assert (dataset["sample_count"], dataset["size_bytes"]) == (20, len(CSV))
    with default_storage.open(Dataset.objects.get().file.name) as file:
        assert file.read() == CSV
    assert api(upload_path(upload) + "complete/")["token"] == dataset["token"], (
        "a lost answer is asked for again"
    )
    assert client.get(upload_path(upload)).json()["dataset_token"] == dataset["token"]
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
    assert api(upload_path(upload) + "complete/", status=409)["code"] == "upload_incomplete"
    send(upload, 10, CSV[10:])
    api(upload_path(upload) + "complete/")


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
    answer = client.patch(upload_path(upload), b"{}", content_type="application/json", headers=headers)
    assert answer.status_code == 415
    assert client.patch(upload_path(upload), b"", content_type=PIECE, headers=headers).status_code in (
        400,
        411,
    )


def test_two_pieces_at_once_do_not_mix(begin: Any, send: Any) -> None:
    upload = begin()
    session = upload_sessions.get(upload["token"])
    with disk_pieces._locked(session.key):
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
    with pytest.raises(disk_pieces.PieceDamaged):
        upload_sessions.append(session, offset=70, body=Breaking(), sha256=bytes(32))  # type: ignore[arg-type]
    assert upload_sessions.received(session) == 70, "a piece with a checksum counts as a whole"


@pytest.mark.parametrize(
    ("content", "status", "code"),
    [
        (b"7z\xbc\xaf\x27\x1c" + b"x" * 100, 415, "wrong_kind"),
        (b"input,label\n" + b"one,a\ntwo,a\n" * 20, 422, None),
    ],
)
def test_what_cannot_be_used_is_refused_and_gone(
    begin: Any, send: Any, api: Any, client: Client, content: bytes, status: int, code: str | None
) -> None:
    upload = begin(size=len(content))
    send(upload, 0, content)
    refusal = api(upload_path(upload) + "complete/", status=status)
    assert code in (None, refusal["code"])
    assert not left_behind()
    assert not Dataset.objects.exists()
    assert client.get(upload_path(upload)).status_code == 404


def test_the_announced_checksum_is_compared(begin: Any, send: Any, api: Any) -> None:
    upload = begin(sha256="0" * 64)
    send(upload, 0, CSV)
    assert api(upload_path(upload) + "complete/", status=422)["code"] == "checksum_differs"


@pytest.mark.parametrize(
    ("values", "status"),
    [
        ({"size": 0}, 400),
        ({"size": "many"}, 400),
        ({"size": 10**16}, 400),
        ({"size": 3 * 1024**3}, 413),
        ({"task_type": "poetry"}, 400),
        ({"sha256": "abc"}, 400),
        ({"sha256": " " + "0" * 64}, 400),
        ({"name": "n" * 255 + " "}, 400),
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
        patch.setattr(settings, "FLASH_DISK_RESERVE", 2**62)
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
    assert client.delete(upload_path(upload)).status_code == 204
    assert not left_behind()
    assert client.delete(upload_path(upload)).status_code == 404


def test_an_unfinished_upload_is_forgotten_in_time(
    begin: Any, send: Any, client: Client, settings: Any
) -> None:
    upload = begin()
    send(upload, 0, CSV[:10])
    assert sweep(thorough=False).uploads_forgotten == 0
    UploadSession.objects.update(
        touched=timezone.now() - settings.FLASH_UPLOAD_RETENTION - timedelta(seconds=1)
    )
    assert client.get(upload_path(upload)).status_code == 404, "enforced at read"
    assert sweep(thorough=False).uploads_forgotten == 1
    assert not left_behind()


def test_a_check_that_died_can_be_asked_for_again(begin: Any, send: Any, api: Any) -> None:
    upload = begin()
    send(upload, 0, CSV)
    UploadSession.objects.update(completing_until=timezone.now() + timedelta(minutes=5))
    assert api(upload_path(upload) + "complete/", status=409)["code"] == "conflict"
    UploadSession.objects.update(completing_until=timezone.now() - timedelta(seconds=1))
    api(upload_path(upload) + "complete/")


def test_a_failure_of_ours_keeps_the_upload(
    begin: Any, send: Any, api: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    upload = begin()
    send(upload, 0, CSV)
    session = upload_sessions.get(upload["token"])
    with monkeypatch.context() as patch:
        patch.setattr(upload_sessions.dataset_store, "store_file", lambda **values: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            upload_sessions.complete(session)
    api(upload_path(upload) + "complete/")
