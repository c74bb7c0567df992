"""Predictions over the models' JSON API: every wrong input gets a clear 4xx."""

import base64
import io
import json
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from tests import bundles
from tests.modelstore.api_calls import URL, assert_problem, encoded, post_files, post_json, upload
from tests.modelstore.conftest import Publish
from training.ground.limits import Limits


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
    "top_k in quotes": ('{"inputs": ["a"], "top_k": "3"}', 400),
    "threshold in quotes": ('{"inputs": ["a"], "threshold": "0.5"}', 400),
    "explain in quotes": ('{"inputs": ["a"], "explain": "true"}', 400),
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
    model = publish()
    assert_problem(post_files(client, model, image=[upload(), big]), 413, "input_too_large")
    body = {"inputs": [base64.b64encode(bytes(10_000)).decode()]}
    assert_problem(post_json(client, model, body), 413, "input_too_large")


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
    model = publish()
    assert_problem(post_files(client, model, image=[upload() for _ in range(3)]), 413, "too_many_inputs")
    settings.DATA_UPLOAD_MAX_NUMBER_FILES = 2
    assert_problem(
        post_files(client, model, image=[upload() for _ in range(3)]),
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


def test_an_answer_about_none_of_the_classes_says_so(client: Client, publish: Publish) -> None:
    model = publish("text", manifest={"outside": {"threshold": 0.5}})
    asked = {"inputs": ["great fun", "the weather"], "top_k": 1}
    answers = post_json(client, model, asked).json()["predictions"]
    assert [answer["outside"] for answer in answers] == [False, True]
    assert set(answers[0]) == {"label", "probability", "top", "outside"}
    # One's own threshold is another question.
    both = post_json(client, model, asked | {"threshold": 0.1}).json()["predictions"]
    assert [(answer["unsure"], answer["outside"]) for answer in both] == [(False, False), (False, True)]


def test_all_wrong_fields_are_told_at_once(client: Client, publish: Publish) -> None:
    body = {"inputs": "a", "top_k": 0, "threshold": 2, "explain": 1, "typo": 1}
    told = assert_problem(post_json(client, publish("text"), body), 400, "inputs_invalid")
    assert set(told["errors"]) == {"inputs", "top_k", "threshold", "explain", "typo"}
    model = publish()
    told = assert_problem(
        post_files(client, model, top_k="x", threshold="9", typo="1"), 400, "inputs_invalid"
    )
    assert set(told["errors"]) == {"image", "top_k", "threshold", "typo"}


def test_all_wrong_inputs_are_told_at_once(client: Client, publish: Publish) -> None:
    told = assert_problem(
        post_json(client, publish("text"), {"inputs": ["a", 1, None], "top_k": 0}), 400, "inputs_invalid"
    )
    assert set(told["errors"]) == {"inputs[1]", "inputs[2]", "top_k"}
    told = assert_problem(
        post_json(client, publish("text"), {"inputs": ["", "a", " "]}), 400, "inputs_invalid"
    )
    assert set(told["errors"]) == {"inputs[0]", "inputs[2]"}
    model = publish()
    told = assert_problem(post_json(client, model, {"inputs": [encoded(), "?", "!"]}), 400, "inputs_invalid")
    assert set(told["errors"]) == {"inputs[1]", "inputs[2]"}
    told = assert_problem(
        post_files(client, model, image=[upload(), *(_not_a_picture(name) for name in ("b.png", "c.png"))]),
        415,
        "input_unsupported",
    )
    assert set(told["errors"]) == {"inputs[1]", "inputs[2]"}


def _not_a_picture(name: str) -> SimpleUploadedFile:
    return SimpleUploadedFile(name, b"just text", "image/png")
