"""Measurements over the JSON API and from the command line."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.test import Client
from jsonschema import Draft202012Validator
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012

from jobs.batches import runner
from jobs.datasets import reading
from jobs.kinds.sentences import batches
from jobs.models import BatchPrediction
from jobs.uploads.findings import Question
from modelstore.models import TrainedModel
from tests.jobs.batches.test_api import problem
from tests.jobs.batches.test_evaluations import MOODS

pytestmark = pytest.mark.django_db
Make = Callable[..., TrainedModel]


def post(client: Client, model: TrainedModel, content: str = MOODS, **fields: Any) -> Any:
    file = SimpleUploadedFile("evening.csv", content.encode())
    headers = fields.pop("headers", {})
    url = f"/api/v1/models/{model.token}/evaluations/"
    return client.post(url, {"file": file, **fields}, headers=headers)


def test_a_measurement_from_upload_to_figures(client: Client, make_model: Make) -> None:
    answer = post(client, make_model("text"), label_column="mood", classes='{"so so": "bad"}')
    assert answer.status_code == 201, answer.content
    found = answer.json()
    assert answer["Location"] == found["url"]
    assert (found["status"], found["total"], found["evaluation"], found["results"]) == (
        "queued",
        6,
        None,
        None,
    )
    assert runner.run_next()
    done = client.get(found["url"]).json()
    assert (done["status"], done["evaluation"]["count"]) == ("done", 6), done["error"]
    assert done["evaluation"]["unknown"]["count"] == 0
    assert done["reading"]["label_column"] == "mood"
    assert sorted(done["results"]) == ["csv", "jsonl", "xlsx"]
    lines = b"".join(client.get(done["results"]["jsonl"]).streaming_content).splitlines()
    assert {"text", "truth", "right", "label", "top"} <= set(json.loads(lines[0]))
    assert client.get(done["url"].replace("evaluations", "batches")).status_code == 404
    document = client.get("/api/v1/schema/?format=json").json()
    registry = Registry().with_resource("urn:api", Resource.from_contents(document, DRAFT202012))
    schema = {"$ref": "urn:api#/components/schemas/Evaluation"}
    assert list(Draft202012Validator(schema, registry=registry).iter_errors(done)) == []


def test_wrong_requests_are_told(client: Client, make_model: Make) -> None:
    model = make_model("text")
    assert list(problem(post(client, model, colour="red"), 400)["errors"]) == ["colour"]
    several = {"colour": "red", "has_header": "perhaps", "header_row": "0"}
    assert set(problem(post(client, model, **several), 400)["errors"]) == set(several)
    assert problem(post(client, model, label_column="nothing"), 422)["errors"]
    rows = "remark,mood\n" + "".join(f"great fun {n},happy\nawful play {n},sad\n" for n in range(6))
    pictures = "file,mood\n" + "".join(f"{n}.png,happy\n" for n in range(6))
    told = problem(post(client, model, pictures), 415)["detail"]
    assert told.endswith("This model classifies sentences.") and "choose" not in told
    assert problem(post(client, model, ""), 400)["code"] == "upload_empty"
    refused = problem(post(client, model, rows), 422)
    assert refused["code"] == "classes_unknown" and "happy, sad" in refused["detail"]
    assert problem(post(client, model, "remark\n" + "great fun\n" * 5), 422)["detail"]
    url = f"/api/v1/models/{model.token}/evaluations/"
    assert "file" in problem(client.post(url, {}), 400)["errors"]
    assert problem(client.get(f"{url}{'x' * 22}/"), 404)["code"] == "evaluation_not_found"
    assert not BatchPrediction.objects.exists()


def test_what_is_open_is_answered_by_an_option(client: Client, make_model: Make, monkeypatch: Any) -> None:
    inspect = reading.inspect

    def asking(**arguments: Any) -> Any:
        found = inspect(**arguments)
        if not arguments["options"].get("label_column"):
            question = Question(field="label_column", message="Which?", guess="mood", choices=("mood", "x"))
            found.document["questions"].append(question.to_json())
        return found

    monkeypatch.setattr(reading, "inspect", asking)
    model = make_model("text")
    asked = problem(post(client, model), 422)
    assert asked["code"] == "needs_choice" and asked["questions"][0]["choices"] == ["mood", "x"]
    assert "token" not in asked
    assert post(client, model, label_column="mood").status_code == 201
    assert post(client, model, accept_guesses="true").status_code == 201


def test_a_repeat_is_the_same_measurement(client: Client, make_model: Make) -> None:
    model, headers = make_model("text"), {"Idempotency-Key": "once"}
    first = post(client, model, headers=headers).json()["token"]
    assert post(client, model, headers=headers).json()["token"] == first
    assert post(client, model, headers=headers, label_column="mood").json()["token"] != first
    answer = client.post(f"/api/v1/models/{model.token}/evaluations/{first}/cancel/")
    assert answer.json()["status"] == "cancelled"


def test_a_kind_that_cannot_measure_has_a_code(client: Client, make_model: Make, monkeypatch: Any) -> None:
    monkeypatch.delattr(batches, "open_labelled")
    assert problem(post(client, make_model("text")), 422)["code"] == "not_measurable"


def test_the_command_measures_and_writes_results(make_model: Make, tmp_path: Path, capsys: Any) -> None:
    model, file = make_model("text"), tmp_path / "evening.csv"
    file.write_text(MOODS)
    call_command("predict", model.token, "--measure", str(file), "--label-column", "mood")
    told = capsys.readouterr().out
    assert "accuracy 80.0 % on 5 (on as many new ones very likely between 18.0 % and 100.0 %)" in told
    assert "not counted: 1 of classes that the model does not know (so so)" in told
    assert (
        (tmp_path / "evening-predictions.csv")
        .read_text("utf-8-sig")
        .startswith("remark,mood,truth,right,label")
    )
    call_command("predict", model.token, "--measure", str(file), "--json")
    assert json.loads(capsys.readouterr().out)["score"]["value"] == 0.8
    with pytest.raises(CommandError, match="--batch or --measure"):
        call_command("predict", model.token, "--measure", str(file), "--batch", str(file))
