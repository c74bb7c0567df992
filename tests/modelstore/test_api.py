"""The models' JSON API: its words, its statuses, and what it keeps to itself."""

import base64
import io
import json
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from modelstore.models import CleanupPolicy, TrainedModel
from modelstore.store import delete_model
from modelstore.tokens import new_token
from tests import bundles
from tests.modelstore.conftest import Publish
from training.limits import Limits

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


# --- The model ---


def test_a_model_is_told_in_the_words_of_the_design(client: Client, publish: Publish) -> None:
    model = publish("text", task_name="Moods")
    told = client.get(URL.format(model.token)).json()
    assert set(told) == {
        "token", "task_type", "task_name", "classes", "accuracy", "accuracy_interval",
        "accuracy_plot", "downloadable", "created", "expires", "metrics",
    }  # fmt: skip
    assert (told["token"], told["task_type"], told["task_name"]) == (
        model.token,
        "textclassification",
        "Moods",
    )
    assert (told["classes"], told["accuracy"]) == (bundles.MOODS, 0.9)
    assert told["accuracy_interval"] == [0.8, 0.95]
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
    [("post", ""), ("get", "predict/"), ("delete", ""), ("put", "predict/"), ("post", "download/")],
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
    from django.core.cache import cache
    from rest_framework.throttling import ScopedRateThrottle

    cache.clear()
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
    cache.clear()


# --- Predictions ---


def test_sentences_are_answered_in_their_order(client: Client, publish: Publish) -> None:
    response = post_json(client, publish("text"), {"inputs": ["awful", "great fun"], "top_k": 2})
    first, second = response.json()["predictions"]
    assert (first["label"], second["label"]) == ("bad", "good")
    assert set(first) == {"label", "probability", "top"}
    assert [entry["label"] for entry in second["top"]] == ["good", "bad"]
    assert second["top"][0]["probability"] == second["probability"] > 0.9


def test_several_pictures_are_answered_in_their_order(client: Client, publish: Publish) -> None:
    response = post_files(client, publish(), image=[upload("blue"), upload("red"), upload("lime")], top_k="1")
    predictions = response.json()["predictions"]
    assert [prediction["label"] for prediction in predictions] == ["blue", "red", "green"]
    assert all(len(prediction["top"]) == 1 for prediction in predictions)


@pytest.mark.parametrize(
    "head", ["", "data:image/png;base64,", "data:;base64,", "data:image/png;name=x;base64,"]
)
def test_pictures_may_come_in_base64(client: Client, publish: Publish, head: str) -> None:
    wrapped = "\n".join(encoded("blue")[at : at + 40] for at in range(0, len(encoded("blue")), 40))
    response = post_json(client, publish(), {"inputs": [head + wrapped]})
    assert response.json()["predictions"][0]["label"] == "blue"


def test_five_labels_are_told_unless_asked_otherwise(client: Client, publish: Publish) -> None:
    model = publish(manifest={"classes": list("abcdefg")})
    assert len(post_json(client, model, {"inputs": [encoded()]}).json()["predictions"][0]["top"]) == 5
    many = post_json(client, model, {"inputs": [encoded()], "top_k": 1000}).json()
    assert len(many["predictions"][0]["top"]) == 7


def test_labels_are_told_as_they_are(client: Client, publish: Publish) -> None:
    labels = ["<script>alert(1)</script>", "=cmd()", "猫 \u202e"]
    response = post_json(client, publish(manifest={"classes": labels}), {"inputs": [encoded("red")]})
    assert response.json()["predictions"][0]["label"] == labels[0]
    assert response.headers["Content-Type"] == "application/json"


def test_a_prediction_costs_two_queries_and_writes_nothing(
    client: Client, publish: Publish, django_assert_num_queries
) -> None:
    model = publish("text")
    with django_assert_num_queries(2):
        post_json(client, model, {"inputs": ["great"] * 50})


NESTED = "[" * 100_000 + "]" * 100_000
BODIES: dict[str, tuple[str | bytes, int]] = {
    "nothing": ("", 400),
    "no json": ("{", 400),
    "nested 100,000 deep": (f'{{"inputs": {NESTED}}}', 400),
    "objects nested 100,000 deep": ('{"a":' * 100_000 + "1" + "}" * 100_000, 400),
    "NaN": ('{"inputs": ["a"], "top_k": NaN}', 400),
    "infinity": ('{"inputs": ["a"], "top_k": -Infinity}', 400),
    "a huge number": ('{"inputs": ["a"], "top_k": ' + "9" * 5000 + "}", 400),
    "an overflowing number": ('{"inputs": ["a"], "top_k": 1e999}', 400),
    "not UTF-8": (b'{"inputs": ["\xff\xfe"]}', 400),
    "a nul": ('{"inputs": ["a\\u0000b"]}', 400),
    "half a character": ('{"inputs": ["a\\ud800b"]}', 400),
    "a list": ('["a"]', 400),
    "a string": ('"a"', 400),
    "null": ("null", 400),
    "no inputs": ("{}", 400),
    "empty inputs": ('{"inputs": []}', 400),
    "inputs as text": ('{"inputs": "a"}', 400),
    "a number as input": ('{"inputs": ["a", 1]}', 400),
    "null as input": ('{"inputs": [null]}', 400),
    "a list as input": ('{"inputs": [["a"]]}', 400),
    "an empty sentence": ('{"inputs": [" "]}', 400),
    "an unknown field": ('{"inputs": ["a"], "topk": 3}', 400),
    "top_k of zero": ('{"inputs": ["a"], "top_k": 0}', 400),
    "top_k of true": ('{"inputs": ["a"], "top_k": true}', 400),
    "top_k of 1.5": ('{"inputs": ["a"], "top_k": 1.5}', 400),
    "top_k of null": ('{"inputs": ["a"], "top_k": null}', 400),
    "top_k in words": ('{"inputs": ["a"], "top_k": "three"}', 400),
    "too many": (json.dumps({"inputs": ["a"] * 1001}), 413),
    "too long": (json.dumps({"inputs": ["a" * 131_073]}), 413),
}


@pytest.mark.parametrize("name", BODIES)
def test_a_wrong_body_gets_a_clear_4xx(client: Client, publish: Publish, name: str) -> None:
    body, status = BODIES[name]
    response = post_json(client, publish("text"), body)
    assert response.status_code == status
    problem = assert_problem(response, status, response.json()["code"])
    assert "Traceback" not in json.dumps(problem)


PICTURES: dict[str, tuple[Any, int, str]] = {
    "no base64": ("?!", 400, "inputs_invalid"),
    "bad padding": ("QUJDR", 400, "inputs_invalid"),
    "not ascii": ("é" * 8, 400, "inputs_invalid"),
    "empty": ("", 400, "inputs_invalid"),
    "a data: URL without base64": ("data:image/svg+xml,<svg/>", 400, "inputs_invalid"),
    "a data: URL of nothing": ("data:", 400, "inputs_invalid"),
    "html named png": (
        "data:image/png;base64," + base64.b64encode(b"<html>").decode(),
        415,
        "input_unsupported",
    ),
    "truncated jpeg": (
        base64.b64encode(bundles.picture(format="JPEG", size=(64, 64))[:400]).decode(),
        422,
        "input_unreadable",
    ),
    "an address": ("https://example.com/cat.jpg", 400, "inputs_invalid"),
}


@pytest.mark.parametrize("name", PICTURES)
def test_a_wrong_picture_in_json_is_named_by_its_index(client: Client, publish: Publish, name: str) -> None:
    wrong, status, code = PICTURES[name]
    problem = assert_problem(
        post_json(client, publish(), {"inputs": [encoded(), encoded(), wrong]}), status, code
    )
    assert list(problem["errors"]) == ["inputs[2]"]


def test_a_wrong_file_is_named_by_its_index_and_name(client: Client, publish: Publish) -> None:
    wrong = SimpleUploadedFile("holiday.png", b"<html></html>", "image/png")
    response = post_files(client, publish(), image=[upload(), wrong])
    problem = assert_problem(response, 415, "input_unsupported")
    assert problem["errors"] == {"inputs[1]": [problem["detail"]]}
    assert "holiday.png" in problem["detail"]


def test_a_file_over_the_limit_is_413_and_not_read_whole(
    client: Client, publish: Publish, settings: Any
) -> None:
    settings.FLASH_LIMITS = Limits(max_picture_bytes=1000)
    big = SimpleUploadedFile("big.jpg", b"\xff\xd8\xff" + b"\0" * 3_000_000, "image/jpeg")
    assert_problem(post_files(client, publish(), image=[upload(), big]), 413, "input_too_large")
    body = {"inputs": [base64.b64encode(bytes(10_000)).decode()]}
    assert_problem(post_json(client, TrainedModel.objects.get(), body), 413, "input_too_large")


@pytest.mark.parametrize(
    "fields",
    [{}, {"image": "no file"}, {"picture": "x"}, {"top_k": "3"}, {"image": "x", "top_k": "0"}],
    ids=str,
)
def test_a_wrong_form_gets_400(client: Client, publish: Publish, fields: dict[str, Any]) -> None:
    assert_problem(post_files(client, publish(), **fields), 400, "inputs_invalid")


@pytest.mark.parametrize("top_k", ["0", "-1", "1.5", "x", "", "９", "99999", "\0"])
def test_a_wrong_top_k_in_a_form_gets_400(client: Client, publish: Publish, top_k: str) -> None:
    problem = assert_problem(
        post_files(client, publish(), image=upload(), top_k=top_k), 400, "inputs_invalid"
    )
    assert list(problem["errors"]) == ["top_k"]


def test_more_files_than_allowed_are_413(client: Client, publish: Publish, settings: Any) -> None:
    settings.FLASH_LIMITS = Limits(max_pictures_per_request=2)
    assert_problem(post_files(client, publish(), image=[upload() for _ in range(3)]), 413, "too_many_inputs")
    settings.DATA_UPLOAD_MAX_NUMBER_FILES = 2
    assert_problem(
        post_files(client, TrainedModel.objects.get(), image=[upload() for _ in range(3)]),
        413,
        "too_many_files",
    )


@pytest.mark.parametrize("boundary", ["", "; boundary=", "; boundary=x", "; boundary=" + "x" * 300])
def test_broken_multipart_is_refused(client: Client, publish: Publish, boundary: str) -> None:
    response = client.post(
        URL.format(publish().token) + "predict/",
        b"--y\r\nbroken",
        content_type=f"multipart/form-data{boundary}",
    )
    assert response.status_code in (400, 415)
    assert response.json()["code"] in ("parse_error", "inputs_invalid", "unsupported_media_type")


@pytest.mark.parametrize(
    "kind", ["text/plain", "application/x-www-form-urlencoded", "application/xml", "image/png"]
)
def test_another_kind_of_body_is_415(client: Client, publish: Publish, kind: str) -> None:
    response = client.post(URL.format(publish().token) + "predict/", b"inputs=x", content_type=kind)
    assert_problem(response, 415, "unsupported_media_type")


@pytest.mark.parametrize("kind", ["application/json", "multipart/form-data; boundary=x"])
def test_a_body_that_announces_too_much_is_refused_unread(
    client: Client, publish: Publish, kind: str
) -> None:
    class Unread(io.BytesIO):
        def read(self, *_: Any) -> bytes:
            raise AssertionError("the body was read")

    response = client.generic(
        "POST",
        URL.format(publish().token) + "predict/",
        b"",
        content_type=kind,
        CONTENT_LENGTH=str(600 * 1024**2),
        **{"wsgi.input": Unread()},
    )
    assert_problem(response, 413, "too_many_inputs")


def test_each_kind_of_model_says_how_to_ask_it(client: Client, publish: Publish) -> None:
    problem = assert_problem(post_files(client, publish("text"), image=upload()), 400, "inputs_invalid")
    assert "sentences" in problem["detail"]
    problem = assert_problem(post_json(client, publish(), {"inputs": ["a cat!"]}), 400, "inputs_invalid")
    assert "base64" in problem["detail"]


def test_a_damaged_model_is_503(client: Client, publish: Publish, settings: Any) -> None:
    model = publish("text")
    (settings.MEDIA_ROOT / model.storage_prefix / "model.onnx").write_bytes(b"")
    assert_problem(post_json(client, model, {"inputs": ["great"]}), 503, "model_damaged")
    assert_problem(client.get(URL.format(model.token) + "download/"), 503, "model_damaged")


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
    assert {"label", "probability", "top"} == set(schema["components"]["schemas"]["Prediction"]["properties"])
