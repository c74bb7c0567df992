"""The description of the API."""

import gzip
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from jsonschema import Draft202012Validator, FormatChecker
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012
from rest_framework.exceptions import APIException

from tests.site.page import Page

# Errors of the framework for features that are not in use.
_NEVER_SENT = {"authentication_failed", "error"}
_CODE = r'\bcode(?:: \w+(?:\[\w+\])?)? ?= ?"([a-z_]+)"'
_ROOT = Path(__file__).resolve().parents[3]
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
    assert closed == {
        ("/api/v1/servers/", "get"),
        ("/api/v1/status/", "patch"),
        ("/api/v1/jobs/", "get"),
        ("/api/v1/models/", "get"),
    }


def test_the_description_is_openapi_31_in_json_and_yaml(client: Client) -> None:
    assert client.get("/api/v1/schema/").json()["openapi"].startswith("3.1")
    answer = client.get("/api/v1/schema/?format=yaml")
    assert answer.content.startswith(b"openapi: 3.1")
    assert problem_of(client.get("/api/v1/schema/?format=xml"))["code"] == "not_found"


def test_who_asks_for_json_gets_it(client: Client) -> None:
    answer = client.get("/api/v1/schema/", headers={"Accept": "application/json"})
    assert answer.status_code == 200 and answer["Content-Type"].startswith("application/json")
    assert json.loads(gunzipped(answer))["openapi"].startswith("3.1")


def test_examples_fit_their_schemas(client: Client) -> None:
    document = client.get("/api/v1/schema/?format=json").json()
    registry = Registry().with_resource("urn:api", Resource.from_contents(document, DRAFT202012))
    wrong = []
    for where, content in contents_of(document):
        schema = {"$ref": f"urn:api#{where}/schema"}
        checker = Draft202012Validator(schema, registry=registry, format_checker=FormatChecker())
        for name, example in content.get("examples", {}).items():
            wrong += [(where, name, error.message) for error in checker.iter_errors(example["value"])]
    assert wrong == []


def test_bodies_with_required_fields_are_required(paths: dict) -> None:
    bodies = {
        (path, method): operation["requestBody"]["required"]
        for path, operations in paths.items()
        for method, operation in operations.items()
        if "requestBody" in operation
    }
    for path in ("datasets/", "jobs/", "models/{token}/predict/", "models/{token}/batches/"):
        assert bodies[f"/api/v1/{path}", "post"] is True, path


def contents_of(document: dict) -> Iterator[tuple[str, dict]]:
    """Every content of a body or answer, with its JSON pointer."""
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            base = f"/paths/{path.replace('/', '~1')}/{method}"
            for kind, content in operation.get("requestBody", {}).get("content", {}).items():
                yield f"{base}/requestBody/content/{kind.replace('/', '~1')}", content
            for status, response in operation["responses"].items():
                for kind, content in response.get("content", {}).items():
                    yield f"{base}/responses/{status}/content/{kind.replace('/', '~1')}", content


def gunzipped(answer: Any) -> bytes:
    return gzip.decompress(answer.content) if answer.get("Content-Encoding") == "gzip" else answer.content


def test_every_body_and_good_answer_has_an_example(paths: dict) -> None:
    without = []
    for path, operations in paths.items():
        for method, operation in operations.items():
            contents = list(operation.get("requestBody", {}).get("content", {}).items())
            contents += [
                (kind, content)
                for status, response in operation["responses"].items()
                for kind, content in response.get("content", {}).items()
                if int(status) < 400 and kind == "application/json"
            ]
            without += [(method, path, kind) for kind, content in contents if not content.get("examples")]
    assert without == []


def test_the_page_shows_every_operation_and_keeps_to_the_rules(client: Client, paths: dict) -> None:
    answer = client.get("/api/v1/docs/")
    page = Page(answer.content.decode())
    assert page.rule_breaks() == []
    for path, operations in paths.items():
        for method in operations:
            assert f"{method.upper()} {path}" in page.text
    assert len(gzip.compress(answer.content)) < 30_000


def test_every_code_is_in_the_guide() -> None:
    """Codes are stable: one that is not in docs/api.md is new, and has to be written there."""
    rows = re.findall(r"^\| (`.*?) \|", (_ROOT / "docs" / "api.md").read_text(), re.MULTILINE)
    listed = {code for row in rows for code in re.findall(r"`([a-z_]+)`", row)}
    sources = [path for name in ("jobs", "modelstore", "flashsite") for path in (_ROOT / name).rglob("*.py")]
    ours = {code for path in sources for code in re.findall(_CODE, path.read_text())} - {"bad_request"}
    frameworks = {kind.default_code for kind in APIException.__subclasses__()} - _NEVER_SENT
    assert ours | frameworks <= listed


def problem_of(answer: Any) -> dict:
    assert answer["Content-Type"] == "application/problem+json"
    return json.loads(answer.content)
