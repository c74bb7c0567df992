"""Requests with something wrong about themselves: a problem document with the right status, for every address."""

from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from jobs.models import BatchPrediction, Dataset, Job
from tests.jobs.batches.conftest import make_model
from tests.jobs.conftest import CSV
from tests.jobs.web.test_api import problem
from tests.modelstore.conftest import _empty_memory_cache, publish

__all__ = ["_empty_memory_cache", "make_model", "publish"]
pytestmark = pytest.mark.django_db
NOBODY = "x" * 22
_FORMS = ("jobs/", "datasets/", "models/{token}/batches/", "models/{token}/evaluations/")
_TOKENS = ("a" * 22, "..", "%2e%2e%2fetc", "a" * 5_000, "\u202ex", "'; drop table--")
_OF_MODELS = ("", "batches/b/", "evaluations/e/", "batches/b/results/", "evaluations/e/results/", "report/")


@pytest.mark.parametrize("path", _FORMS)
@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({}, 400),
        ({"surprise": "1"}, 400),
        ({f"field{n}": "x" for n in range(1_100)}, 400),
        ({f"file{n}": "FILE" for n in range(101)}, 413),
        ({"file": "no file", "dataset": "no file"}, 400),
        ({"task_type": "x\0y"}, 400),
        ({"task_name": "n" * 100_000}, 400),
    ],
    ids=["empty", "unknown", "1,100 fields", "101 files", "text for a file", "NUL", "a long name"],
)
def test_wrong_fields(client: Client, publish: Any, path: str, fields: dict[str, str], status: int) -> None:
    path = f"/api/v1/{path.format(token=publish('text').token)}"
    form = {k: SimpleUploadedFile("a.csv", CSV) if v == "FILE" else v for k, v in fields.items()}
    assert len(problem(client.post(path, form), status)["detail"]) > 15
    assert not (Job.objects.exists() or Dataset.objects.exists() or BatchPrediction.objects.exists())


@pytest.mark.parametrize("path", _FORMS)
@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"--x\r\nContent-Disposition: form-data", "multipart/form-data; boundary=x"),
        (b"--x", "multipart/form-data"),
        (b"hello", "multipart/form-data; boundary=" + "y" * 300),
        (b"\xff\xfe", "application/x-www-form-urlencoded"),
        (b"a,b\n", "text/csv"),
        (b"", "application/json"),
        (b"{}", "application/json; charset=utf-7"),
    ],
)
def test_broken_bodies(client: Client, publish: Any, path: str, body: bytes, kind: str) -> None:
    answer = client.post(f"/api/v1/{path.format(token=publish('text').token)}", data=body, content_type=kind)
    assert problem(answer, answer.status_code)["status"] in (400, 415)


@pytest.mark.parametrize("token", _TOKENS)
@pytest.mark.parametrize("what", _OF_MODELS)
def test_tokens_of_nobody_are_404_in_one_shape(client: Client, token: str, what: str) -> None:
    answer = client.get(f"/api/v1/models/{token}/{what}")
    if "/" in token or token == "..":
        assert answer.status_code in (301, 404)
        return
    found = problem(answer, 404)
    assert set(found) == {"type", "title", "status", "code", "detail"} and token[:20] not in found["detail"]


@pytest.mark.parametrize("what", [one for one in _OF_MODELS if one != "report/"])
def test_what_has_expired_is_410_for_everybody(client: Client, publish: Any, what: str) -> None:
    model = publish("text", expires_override=timezone.now())
    found = [problem(one.get(f"/api/v1/models/{model.token}/{what}"), 410) for one in (client, Client())]
    assert found[0] == found[1] and found[0]["code"] == "model_expired"


def test_a_forged_host_is_refused(client: Client) -> None:
    for host in ("evil.example", "localhost@evil.example", "a b", "x" * 300):
        assert client.get("/", headers={"Host": host}).status_code == 400, host


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "TRACE", "BREW"])
def test_wrong_methods_are_405(client: Client, publish: Any, method: str) -> None:
    token = publish("text").token
    for path in ("jobs/", f"models/{token}/batches/", f"models/{token}/evaluations/"):
        assert problem(client.generic(method, f"/api/v1/{path}"), 405)["code"]


def test_changing_addresses_do_not_dodge_the_rate(
    client: Client, publish: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from rest_framework.throttling import ScopedRateThrottle

    from modelstore.ground.throttle import forget_callers

    forget_callers()
    monkeypatch.setattr(ScopedRateThrottle, "THROTTLE_RATES", {"submit": "3/min"})
    address = f"/api/v1/models/{publish('text').token}/evaluations/"
    answers = [
        client.post(address, {}, headers={"X-Forwarded-For": f"203.0.113.{n}"}).status_code for n in range(6)
    ]
    forget_callers()
    assert answers == [400, 400, 400, 429, 429, 429]
