"""An upload begun, a piece sent: over the API."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from jobs.resumable import disk_pieces
from tests.jobs.conftest import CSV

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
        answer = client.patch(upload_path(upload), data, content_type=PIECE, headers=values)
        assert answer.status_code == status, answer.content
        return answer

    return patch


def upload_path(upload: dict[str, Any]) -> str:
    return f"{URL}{upload['token']}/"


def left_behind() -> list[str]:
    folder = disk_pieces.folder()
    return [path.name for path in folder.iterdir()] if folder.exists() else []
