"""Requests that are refused before a view sees them, each with its own status and in words."""

import io
import json
import sqlite3
from collections.abc import Iterator
from typing import Any

import pytest
from django.conf import settings as site_settings
from django.core.handlers.wsgi import WSGIHandler
from django.core.signals import request_finished, request_started
from django.db import close_old_connections, connection
from django.test import Client

from jobs.models import Job, PlatformStatus
from tests.jobs.conftest import CSV

JOBS = "/api/v1/jobs/"
FORM = {"task_type": "textclassification", "task_name": "from afar"}


def csv_file(data: bytes = CSV) -> io.BytesIO:
    file = io.BytesIO(data)
    file.name = "things.csv"
    return file


@pytest.mark.django_db
@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site", "Origin": "https://elsewhere.example"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Origin": "https://elsewhere.example"},
        {"Origin": "http://testserver:8001"},
        {"Origin": "null"},
        {"Authorization": "Basic eDp5", "Origin": "https://elsewhere.example"},
    ],
)
def test_a_page_of_another_site_submits_nothing(client: Client, headers: dict[str, str]) -> None:
    answer = client.post(JOBS, FORM | {"dataset": csv_file()}, headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (403, "cross_site")
    assert answer.headers["Content-Type"] == "application/problem+json"
    begun = client.post("/api/v1/uploads/", {}, content_type="application/json", headers=headers)
    assert begun.status_code == 403
    assert not Job.objects.exists()


@pytest.mark.django_db
@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Sec-Fetch-Site": "same-origin", "Origin": "null"},
        {"Sec-Fetch-Site": "same-site", "Origin": "https://www.flash.example"},
        {"Sec-Fetch-Site": "none"},
        {"Origin": "http://testserver"},
        {"Origin": "https://testserver"},
        {"Origin": "https://friend.example", "Sec-Fetch-Site": "cross-site"},
    ],
)
def test_own_pages_programs_and_allowed_sites_submit(
    client: Client, settings: Any, headers: dict[str, str]
) -> None:
    settings.CSRF_TRUSTED_ORIGINS = ["https://friend.example"]
    answer = client.post(JOBS, FORM | {"dataset": csv_file()}, headers=headers)
    assert answer.status_code == 201, answer.content


@pytest.mark.django_db
def test_an_api_key_is_known_from_anywhere(client: Client) -> None:
    """A page cannot add it unasked, so it says who asks."""
    headers = {"Authorization": "Bearer flash_unknown", "Origin": "https://elsewhere.example"}
    assert client.post(JOBS, FORM, headers=headers).status_code == 401
    assert client.get("/api/v1/status/", headers={"Origin": "https://elsewhere.example"}).status_code == 200


@pytest.mark.django_db
@pytest.mark.parametrize("kind", ["multipart", "urlencoded"])
def test_too_many_fields_are_a_problem_document(client: Client, kind: str) -> None:
    fields = {f"field{number}": "x" for number in range(1_100)}
    if kind == "multipart":
        answer = client.post(JOBS, fields)
    else:
        body = "&".join(f"{name}=x" for name in fields)
        answer = client.post(JOBS, body, content_type="application/x-www-form-urlencoded")
    assert (answer.status_code, answer.json()["code"]) == (400, "too_many_fields")
    page = client.post("/new/text/", fields)
    assert page.status_code == 400
    assert "too many fields" in page.content.decode()


def _asked(path: str, body: bytes, *, announced: int | None, kind: str, **more: str) -> tuple[int, bytes]:
    """What the site answers to a body as it came over the wire."""
    environ: dict[str, Any] = {
        "REQUEST_METHOD": "POST", "PATH_INFO": path, "SERVER_NAME": "testserver", "SERVER_PORT": "80",
        "wsgi.input": io.BytesIO(body), "wsgi.url_scheme": "http", "CONTENT_TYPE": kind, **more,
    }  # fmt: skip
    if announced is not None:
        environ["CONTENT_LENGTH"] = str(announced)
    status: list[str] = []
    response = WSGIHandler()(environ, lambda line, headers, *_: status.append(line))
    content = b"".join(response)
    response.close()  # type: ignore[attr-defined]
    return int(status[0][:3]), content


@pytest.fixture
def _one_connection() -> Iterator[None]:
    """As Django's test client does: a request would close the connection that holds the test's transaction."""
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


_OWN_PAGE = {"HTTP_COOKIE": f"csrftoken={'a' * 32}", "HTTP_X_CSRFTOKEN": "a" * 32}
_MULTIPART = (
    b'--xx\r\nContent-Disposition: form-data; name="task_type"\r\n\r\ntextclassification\r\n'
    b'--xx\r\nContent-Disposition: form-data; name="task_name"\r\n\r\ncut\r\n'
    b'--xx\r\nContent-Disposition: form-data; name="dataset"; filename="a.csv"\r\n\r\n' + CSV
)


@pytest.mark.django_db
@pytest.mark.usefixtures("_one_connection")
@pytest.mark.parametrize("path", [JOBS, "/api/v1/datasets/", "/new/text/", "/api/v1/uploads/"])
def test_a_cut_body_is_called_cut(path: str) -> None:
    if path.endswith("uploads/"):
        body, kind = json.dumps({"name": "things.csv"}).encode()[:-5], "application/json"
    else:
        body, kind = _MULTIPART, "multipart/form-data; boundary=xx"
    more = {"HTTP_ACCEPT": "application/json"} | _OWN_PAGE
    status, content = _asked(path, body, announced=len(body) + 500, kind=kind, **more)
    assert (status, json.loads(content)["code"]) == (400, "body_incomplete"), content
    assert not Job.objects.exists()


@pytest.mark.django_db
@pytest.mark.usefixtures("_one_connection")
def test_a_cut_body_of_a_page_is_told_on_a_page() -> None:
    status, content = _asked(
        "/new/text/", _MULTIPART, announced=10_000, kind="multipart/form-data; boundary=xx", **_OWN_PAGE
    )
    assert status == 400
    assert b"before the whole request had arrived" in content


@pytest.mark.django_db
@pytest.mark.usefixtures("_one_connection")
@pytest.mark.parametrize("path", [JOBS, "/new/text/"])
def test_a_body_in_chunks_is_asked_for_its_length(path: str) -> None:
    status, content = _asked(
        path, b"", announced=None, kind="multipart/form-data; boundary=xx", HTTP_TRANSFER_ENCODING="chunked"
    )
    assert status == 411
    assert b"Content-Length" in content


@pytest.mark.django_db
@pytest.mark.parametrize("method", ["DELETE", "PUT", "PATCH"])
def test_a_method_that_pages_do_not_know_is_405(method: str) -> None:
    client = Client(enforce_csrf_checks=True)
    for path in ("/", "/new/text/", "/find/"):
        answer = client.generic(method, path)
        assert answer.status_code == 405, path
        assert answer.headers["Allow"] == "GET, HEAD, POST, OPTIONS"
    assert client.generic(method, "/nowhere/").status_code == 404


@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif(
    "sqlite3" not in site_settings.DATABASES["default"]["ENGINE"], reason="about SQLite's lock"
)
def test_a_database_that_somebody_else_holds_is_503(client: Client, settings: Any) -> None:
    PlatformStatus.current()
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA busy_timeout=200")
    other = sqlite3.connect(connection.settings_dict["NAME"], isolation_level=None)
    try:
        other.execute("BEGIN EXCLUSIVE")
        api = client.post(JOBS, FORM | {"dataset": csv_file()})
        assert (api.status_code, api.json()["code"]) == (503, "database_busy")
        assert int(api.headers["Retry-After"]) > 0
        page = client.post("/new/text/", {"dataset": csv_file()})
        assert page.status_code == 503
        assert "The database does not respond" in page.content.decode()
        assert client.get("/").status_code == 200, "reading goes on"
    finally:
        other.close()
        connection.close()
    assert client.post(JOBS, FORM | {"dataset": csv_file()}).status_code == 201
