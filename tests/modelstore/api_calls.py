"""Requests to the models' API, and what a refusal must look like."""

import base64
import json
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from modelstore.models import TrainedModel
from tests import bundles

URL = "/api/v1/models/{}/"


def upload(colour: str = "red", name: str = "a.png") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, bundles.picture(colour), "image/png")


def encoded(colour: str = "red") -> str:
    return base64.b64encode(bundles.picture(colour)).decode()


def post_json(client: Client, model: TrainedModel, body: Any) -> Any:
    content = body if isinstance(body, str | bytes) else json.dumps(body)
    return client.post(URL.format(model.token) + "predict/", content, content_type="application/json")


def post_files(client: Client, model: TrainedModel, **fields: Any) -> Any:
    return client.post(URL.format(model.token) + "predict/", fields)


def drain(response: Any) -> bytes:
    return b"".join(response.streaming_content) if response.streaming else response.content


def assert_problem(response: Any, status: int, code: str) -> dict[str, Any]:
    problem = response.json()
    assert (response.status_code, problem["status"], problem["code"]) == (status, status, code)
    assert response.headers["Content-Type"] == "application/problem+json"
    assert len(problem["detail"]) > 10
    return problem
