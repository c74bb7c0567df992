"""The description of the API."""

import pytest
from django.test import Client

pytestmark = pytest.mark.django_db


@pytest.fixture
def paths(client: Client) -> dict:
    return client.get("/api/v1/schema/?format=json").json()["paths"]


def test_every_refusal_is_described_as_a_problem_document(paths: dict) -> None:
    for path, operations in paths.items():
        for method, operation in operations.items():
            refusals = {s: r for s, r in operation["responses"].items() if int(s) >= 400}
            assert {"400", "429"} <= set(refusals), (path, method)
            assert all(list(r["content"]) == ["application/problem+json"] for r in refusals.values())
            assert "404" in refusals or "{token}" not in path


def test_only_operators_addresses_ask_for_an_account(paths: dict) -> None:
    closed = {
        (path, method)
        for path, operations in paths.items()
        for method, operation in operations.items()
        if {} not in operation.get("security", [{}])
    }
    assert closed == {("/api/v1/servers/", "get"), ("/api/v1/status/", "patch")}
