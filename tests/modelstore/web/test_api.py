"""The models' JSON API: its words, its statuses, and what it keeps to itself."""

import json
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from modelstore.bundles.store import delete_model
from modelstore.ground.tokens import new_token
from modelstore.models import CleanupPolicy, TrainedModel
from modelstore.prediction.contract import inputs_of
from tests import bundles
from tests.modelstore.api_calls import URL, assert_problem, drain, post_json
from tests.modelstore.conftest import Publish
from tests.tasks import Task
from training.kinds import KINDS

# --- The model ---


def test_a_model_is_told_in_the_words_of_the_design(client: Client, publish: Publish) -> None:
    model = publish("text", task_name="Moods")
    told = client.get(URL.format(model.token)).json()
    assert set(told) == {
        "token", "task_type", "task_name", "classes", "accuracy", "accuracy_interval",
        "accuracy_plot", "report_file", "downloadable", "created", "expires", "metrics",
        "model_name", "model_filename", "model_filename_onnx", "score", "test_score",
    }  # fmt: skip
    assert (told["token"], told["task_type"], told["task_name"]) == (
        model.token,
        "textclassification",
        "Moods",
    )
    assert (told["classes"], told["accuracy"]) == (bundles.MOODS, 0.9)
    assert told["accuracy_interval"] == [0.8, 0.95]
    assert told["score"] == {"name": "accuracy", "value": 0.9, "low": 0.8, "high": 0.95}
    assert told["downloadable"] is True
    created, expires = (datetime.fromisoformat(told[name]) for name in ("created", "expires"))
    assert expires - created == timedelta(hours=2)


def test_metrics_are_the_report_without_the_names_of_the_users_files(
    client: Client, publish: Publish
) -> None:
    metrics = client.get(URL.format(publish().token)).json()["metrics"]
    assert metrics["epochs"][0]["val_accuracy"] == 0.9
    assert metrics["confusion"][0][0] == 20
    assert "holiday" not in json.dumps(metrics)


def test_the_plot_has_an_address_that_answers_to_an_img_element(client: Client, publish: Publish) -> None:
    address = client.get(URL.format(publish().token)).json()["accuracy_plot"]
    assert address.startswith("http://testserver/api/v1/models/")
    plot = client.get(address, headers={"accept": "image/avif,image/webp,*/*;q=0.8"})
    assert (plot.status_code, plot.headers["Content-Type"]) == (200, "image/svg+xml")
    assert drain(plot) == drain(client.get(address, headers={"accept": "image/png"})) == bundles.SVG


def test_a_model_that_never_expires_says_null(client: Client, publish: Publish) -> None:
    CleanupPolicy(pk=1, active=False).save()
    assert client.get(URL.format(publish().token)).json()["expires"] is None


def test_looking_costs_three_queries(client: Client, publish: Publish, django_assert_num_queries) -> None:
    model = publish()
    with django_assert_num_queries(3):
        client.get(URL.format(model.token))


# --- Access ---


@pytest.mark.parametrize("path", ["", "predict/", "download/", "accuracy.svg"])
def test_unknown_and_expired_tokens_answer_alike_everywhere(
    client: Client, admin_client: Client, publish: Publish, path: str
) -> None:
    expired = publish(created=timezone.now() - timedelta(hours=3)).token
    deleted = publish()
    delete_model(TrainedModel.objects.get(pk=deleted.pk))
    answers = {
        new_token(): (404, "model_not_found"),
        "x": (404, "model_not_found"),
        expired: (410, "model_expired"),
        deleted.token: (410, "model_expired"),
    }
    for token, (status, code) in answers.items():
        for who in (client, admin_client):
            send = who.post if path == "predict/" else who.get
            problem = assert_problem(send(URL.format(token) + path), status, code)
            assert token == "x" or token not in json.dumps(problem)


@pytest.mark.parametrize("path", ["", "predict/", "download/", "accuracy.svg", "download/?format=nonsense"])
def test_nothing_is_cached_or_named_to_other_sites(client: Client, publish: Publish, path: str) -> None:
    for token in (publish().token, new_token()):
        response = client.get(URL.format(token) + path)
        assert "no-store" in response.headers["Cache-Control"]
        assert response.headers["Referrer-Policy"] == "no-referrer"
        drain(response)


@pytest.mark.parametrize(
    ("method", "path"),
    [("post", ""), ("get", "predict/"), ("get", "extend/"), ("put", "predict/"), ("post", "download/")],
)
def test_a_wrong_method_is_405(client: Client, publish: Publish, method: str, path: str) -> None:
    response = getattr(client, method)(URL.format(publish().token) + path)
    assert_problem(response, 405, "method_not_allowed")
    assert response.headers["Allow"]


def test_no_cookie_and_no_csrf_token_is_needed(publish: Publish, admin_user: Any) -> None:
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(admin_user)
    response = post_json(strict, publish("text"), {"inputs": ["great"]})
    assert response.status_code == 200
    assert not response.cookies


def test_predictions_are_throttled_by_the_address_of_the_connection(
    client: Client, publish: Publish, monkeypatch
) -> None:
    from rest_framework.throttling import ScopedRateThrottle

    from modelstore.ground.throttle import forget_callers

    forget_callers()
    monkeypatch.setattr(ScopedRateThrottle, "THROTTLE_RATES", {"predict": "2/min", "submit": None})
    model = publish("text")
    statuses = [
        client.post(
            URL.format(model.token) + "predict/",
            '{"inputs": ["great"]}',
            content_type="application/json",
            headers={"x-forwarded-for": f"10.0.0.{number}"},
        )
        for number in range(3)
    ]
    assert [response.status_code for response in statuses] == [200, 200, 429]
    assert int(statuses[-1].headers["Retry-After"]) > 0
    forget_callers()


# --- Downloads ---


@pytest.mark.parametrize(
    ("query", "suffix"),
    [
        ("", ".onnx"),
        ("?format=onnx", ".onnx"),
        ("?format=pytorch", ".pt"),
        ("?format=safetensors", ".safetensors"),
        ("?format=bundle", ".zip"),
    ],
)
def test_a_download_is_an_attachment_of_known_length(
    client: Client, publish: Publish, query: str, suffix: str
) -> None:
    response = client.get(URL.format(publish().token) + f"download/{query}")
    assert response.status_code == 200
    assert response.headers["Content-Disposition"].endswith(f'{suffix}"')
    assert len(drain(response)) == int(response.headers["Content-Length"])
    assert response.headers["X-Content-Type-Options"] == "nosniff"


def test_a_download_is_refused_in_words(client: Client, publish: Publish) -> None:
    assert_problem(client.get(URL.format(publish().token) + "download/?format=exe"), 400, "format_unknown")
    refused = client.get(URL.format(publish(downloadable=False).token) + "download/")
    assert_problem(refused, 403, "not_downloadable")


def test_the_schema_describes_every_answer(client: Client, db: None) -> None:
    schema = client.get("/api/v1/schema/?format=json").json()
    predict = schema["paths"]["/api/v1/models/{token}/predict/"]["post"]
    assert set(predict["requestBody"]["content"]) == {"application/json", "multipart/form-data"}
    assert {"200", "400", "404", "410", "413", "415", "422", "503"} <= set(predict["responses"])
    told = set(schema["components"]["schemas"]["Prediction"]["properties"])
    assert told == {"label", "probability", "top", "labels", "outside", "unsure", "explanation"}


def test_the_schema_of_a_prediction_is_put_together_from_the_kinds(client: Client, db: None) -> None:
    schema = client.get("/api/v1/schema/?format=json").json()
    content = schema["paths"]["/api/v1/models/{token}/predict/"]["post"]["requestBody"]["content"]
    assert set(content["application/json"]["examples"]) == {"Pictures", "Sentences"}
    assert set(content["multipart/form-data"]["examples"]) == {"Pictures"}
    schemas = schema["components"]["schemas"]
    entries = schemas["PredictJsonRequest"]["properties"]["inputs"]["items"]["anyOf"]
    assert entries == [inputs_of(task).JSON_SCHEMA for task in KINDS]
    files = schemas["PredictFilesRequest"]
    assert files["properties"]["image"]["description"] == inputs_of(Task.IMAGE).FILES_HELP
    assert "image" in files["required"]
