"""API keys on the wire: lists, scopes, and jobs that belong to a key."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from jobs.models import Job
from modelstore import api_keys
from modelstore.models import ApiKey
from tests.jobs.web.test_api import post_job, problem

pytestmark = pytest.mark.django_db


def key(*scopes: str, **values: Any) -> tuple[ApiKey, dict[str, str]]:
    """A key and the header that carries it."""
    made, secret = api_keys.create(name="test", scopes=scopes, **values)
    return made, {"Authorization": f"Bearer {secret}"}


def test_the_secret_is_kept_nowhere() -> None:
    made, secret = api_keys.create(name="nightly import", scopes=["read"])
    row = ApiKey.objects.values().get()
    assert secret not in str(row)
    assert secret.startswith(made.start)
    assert len(secret) > 40
    assert api_keys.find(secret).last_used is None
    assert ApiKey.objects.get().last_used is not None


def test_lists_need_a_key(client: Client) -> None:
    for address in ("jobs", "models", "servers"):
        answer = client.get(f"/api/v1/{address}/")
        assert problem(answer, 401)["code"] == "not_authenticated"
        assert answer["WWW-Authenticate"].startswith("Bearer")


@pytest.mark.parametrize("spoil", ["unknown", "revoked", "expired"])
def test_a_key_that_is_not_usable_is_refused(client: Client, spoil: str) -> None:
    made, header = key("read", "submit")
    if spoil == "unknown":
        header = {"Authorization": "Bearer flash_nothing"}
    elif spoil == "revoked":
        assert api_keys.revoke(key=made) is True
        assert api_keys.revoke(key=made) is False
    else:
        ApiKey.objects.update(expires=timezone.now() - timedelta(seconds=1))
    assert problem(client.get("/api/v1/jobs/", headers=header), 401)["code"] == "key_invalid"
    assert problem(post_job(client, headers=header), 401)["code"] == "key_invalid"
    assert not Job.objects.exists()


def test_an_owner_lists_what_was_sent_with_the_key_and_nothing_else(
    client: Client, make_job: Callable[..., Job]
) -> None:
    _, mine = key("read", "submit")
    _, other = key("read")
    make_job()
    sent = post_job(client, headers=mine).json()
    listed = client.get("/api/v1/jobs/", headers=mine).json()
    assert [job["token"] for job in listed["results"]] == [sent["token"]]
    assert listed["next"] is None
    assert client.get("/api/v1/jobs/", headers=other).json()["results"] == []


def test_an_operator_lists_everything(client: Client, make_job: Callable[..., Job]) -> None:
    for _ in range(2):
        make_job()
    _, header = key("operate")
    assert len(client.get("/api/v1/jobs/", headers=header).json()["results"]) == 2
    assert client.get("/api/v1/servers/", headers=header).status_code == 200
    change = client.patch(
        "/api/v1/status/", {"dev_mode": True}, content_type="application/json", headers=header
    )
    assert change.json()["dev_mode"] is True
    client.force_login(User.objects.create_user("operator", is_staff=True))
    assert len(client.get("/api/v1/jobs/").json()["results"]) == 2


@pytest.mark.parametrize(
    ("scope", "method", "address"),
    [
        ("submit", "get", "jobs"),
        ("submit", "get", "models"),
        ("read", "get", "servers"),
        ("read", "post", "jobs"),
    ],
)
def test_a_key_for_other_things_is_refused(client: Client, scope: str, method: str, address: str) -> None:
    _, header = key(scope)
    answer = getattr(client, method)(f"/api/v1/{address}/", headers=header)
    assert problem(answer, 403)["code"] == "scope_missing"


def test_the_same_idempotency_key_of_two_owners_is_two_jobs(client: Client) -> None:
    tokens = set()
    for _ in range(2):
        _, header = key("submit")
        for _ in range(2):
            tokens.add(post_job(client, headers={**header, "Idempotency-Key": "one"}).json()["token"])
    assert len(tokens) == 2


def test_pages_are_followed_by_their_cursor(client: Client, make_job: Callable[..., Job]) -> None:
    made = [make_job(status="failed" if n == 2 else "queued", error="x") for n in range(5)]
    _, header = key("operate")
    seen, address = [], "/api/v1/jobs/?limit=2"
    while address:
        page = client.get(address, headers=header).json()
        assert len(page["results"]) <= 2
        seen += [job["id"] for job in page["results"]]
        address = page["next"]
        if len(seen) == 2:
            make_job()  # does not shift what comes after
    assert seen == [job.pk for job in reversed(made)]
    failed = client.get("/api/v1/jobs/?status=failed", headers=header).json()["results"]
    assert [job["id"] for job in failed] == [made[2].pk]


@pytest.mark.parametrize("query", ["limit=0", "limit=x", "limit=1000", "status=x"])
def test_a_wrong_page_is_a_400_that_names_the_parameter(client: Client, query: str) -> None:
    _, header = key("operate")
    errors = problem(client.get(f"/api/v1/jobs/?{query}", headers=header), 400)["errors"]
    assert list(errors) == [query.split("=")[0]]


@pytest.mark.parametrize("cursor", ["x", "cD14eXo%3D"])
def test_a_cursor_of_no_page_is_a_404(client: Client, cursor: str) -> None:
    _, header = key("operate")
    answer = client.get(f"/api/v1/jobs/?cursor={cursor}", headers=header)
    assert problem(answer, 404)["code"] == "page_not_found"


def test_a_list_costs_the_same_queries_however_long(
    client: Client, make_job: Callable[..., Job], django_assert_num_queries: Callable
) -> None:
    _, header = key("operate")
    client.get("/api/v1/jobs/", headers=header)
    for count in (3, 27):
        for _ in range(count):
            make_job()
        with django_assert_num_queries(2):
            client.get("/api/v1/jobs/", headers=header)


def test_rates_count_by_key(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    from modelstore.ground.throttle import CallerThrottle

    monkeypatch.setattr(CallerThrottle, "THROTTLE_RATES", {"submit": "1/min", "predict": "1/min"})
    _, one = key("submit")
    _, two = key("submit")
    assert post_job(client, headers=one).status_code == 201
    answer = post_job(client, headers=one)
    assert problem(answer, 429)["code"] == "throttled"
    assert int(answer["Retry-After"]) > 0
    assert post_job(client, headers=two).status_code == 201
