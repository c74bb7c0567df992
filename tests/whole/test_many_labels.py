"""Rows with any number of labels, from the upload to everything that can be done with the model."""

import csv
import io
import json
import random
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.core.management import call_command
from django.test import Client
from django.urls import reverse

from jobs.batches import runner as batch_runner
from jobs.models import BatchPrediction, Job
from jobs.worker import runner
from modelstore.models import TrainedModel
from tests.published import with_a_known_token
from tests.site.page import Page

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]
JSON = "application/json"
WORDS = {
    "food": ["soup", "bread", "cake"],
    "money": ["price", "bank", "tax"],
    "sport": ["goal", "match", "race"],
    "weather": ["rain", "snow", "sun"],
}
_FILLERS = [
    "the", "a", "of", "and", "with", "some", "many", "few", "day", "week", "town", "hill", "red", "blue", "old", "new",
]  # fmt: skip


def rows(count: int = 300) -> list[tuple[str, list[str]]]:
    dice = random.Random(1)
    found = []
    for _ in range(count):
        labels = sorted(dice.sample(sorted(WORDS), dice.choice([0, 1, 1, 1, 2, 2, 3])))
        words = [dice.choice(WORDS[label]) for label in labels] + dice.choices(_FILLERS, k=7)
        dice.shuffle(words)
        found.append((" ".join(words), labels))
    return found


def table(some: list[tuple[str, list[str]]]) -> bytes:
    file = io.StringIO()
    writer = csv.writer(file)
    writer.writerow(["text", *sorted(WORDS)])
    writer.writerows([text, *(int(name in labels) for name in sorted(WORDS))] for text, labels in some)
    return file.getvalue().encode()


def page(response: Any, status: int = 200) -> Page:
    assert response.status_code == status, response.content[:2000].decode()
    found = Page(response.content.decode())
    assert found.rule_breaks() == []
    return found


def trained(client: Client, data: bytes, **fields: str) -> TrainedModel:
    response = client.post(
        reverse("new-kind", args=["text"]), {"dataset": ContentFile(data, name="topics.csv")}
    )
    address = response.headers["Location"]
    told = page(client.get(address)).text
    assert "with any number of 4 labels each" in told and "of them with none" in told
    asked = {
        "preset": "quick",
        "model": "bag_of_ngrams",
        "task_name": "topics",
        "downloadable": "on",
        **fields,
    }
    response = client.post(address, {**asked, "key": "k"})
    assert response.status_code == 302, response.content.decode()[:3000]
    job = Job.objects.latest("pk")
    job.token = response.headers["Location"].split("/")[-2]
    assert runner.run_next()
    job.refresh_from_db()
    assert job.status == "deployed", job.error
    page(client.get(reverse("job", args=[job.token])))
    assert job.model is not None
    job.model.token = job.token
    return job.model


def test_a_table_of_zeros_and_ones_becomes_a_model_that_names_all_that_are_likely(
    client: Client, tmp_path: Path
) -> None:
    model = trained(client, table(rows(200)), keep_dataset="on")
    assert (model.score.name, model.accuracy) == ("micro_f1", None)
    assert model.score.value > 0.7
    assert model.label_thresholds is not None and len(model.label_thresholds) == 4
    told = page(client.get(reverse("model", args=[model.token]))).text
    for words in ("Label by label", "F1 (macro)", "Mean average precision", "Named from", "All labels right"):
        assert words in told, words
    assert "None of the classes below" not in told
    answers_with_all_labels(client, model)
    the_examples_behind_a_label(client, model)
    whole_files(client, model)
    measured_on_own_data(client, model)
    taken_away(client, model, tmp_path)
    what_does_not_apply(client, model)


def answers_with_all_labels(client: Client, model: TrainedModel) -> None:
    address = reverse("api:model-predict", args=[model.token])
    inputs = ["soup and bread with rain and snow", "the old town of a week"]
    first, second = client.post(address, json.dumps({"inputs": inputs}), content_type=JSON).json()[
        "predictions"
    ]
    assert {one["label"] for one in first["labels"]} == {"food", "weather"}
    assert second["labels"] == []
    assert len(first["top"]) == 4 and "outside" not in first
    refused = client.post(address, json.dumps({"inputs": inputs, "threshold": 0.5}), content_type=JSON)
    assert refused.status_code == 400 and "threshold of its own" in refused.json()["detail"]
    why = client.post(address, json.dumps({"inputs": inputs[:1], "explain": True}), content_type=JSON)
    assert why.json()["predictions"][0]["explanation"]["label"] in {"food", "weather"}
    asked = {"sentences": "\n".join(inputs), "text": "\n".join(inputs)}
    form = page(client.get(reverse("model", args=[model.token])))
    field = next(element["name"] for element in form.all("textarea"))
    posted = client.post(reverse("model-predict", args=[model.token]), {field: asked["text"]})
    told = page(posted).text
    assert "food" in told and "None of the labels" in told
    posted = client.post(reverse("model-predict", args=[model.token]), {field: asked["text"], "as": "csv"})
    lines = list(csv.DictReader(io.StringIO(posted.content.decode("utf-8-sig"))))
    assert set(lines[0]["labels"].split(" | ")) == {"food", "weather"} and lines[1]["labels"] == ""
    call_command("predict", model.token, inputs[0], inputs[1], stdout=(said := io.StringIO()))
    assert (
        "food" in said.getvalue() and "weather" in said.getvalue() and "none of the labels" in said.getvalue()
    )


def the_examples_behind_a_label(client: Client, model: TrainedModel) -> None:
    address = reverse("model-examples", args=[model.token])
    assert "food, recognised correctly" in page(client.get(address, {"truth": 0, "predicted": 0})).text
    for row, number in ((row, at) for at, row in enumerate(model.report["per_class"])):
        missed = client.get(address, {"truth": number, "predicted": -1})
        assert missed.status_code == (200 if row["missed"] else 404)
    assert client.get(address, {"truth": -1, "predicted": -1}).status_code == 404


def whole_files(client: Client, model: TrainedModel) -> None:
    client.post(
        reverse("batch-new", args=[model.token]), {"file": ContentFile(table(rows(40)), name="new.csv")}
    )
    batch = with_a_known_token(BatchPrediction.objects.get())
    assert batch_runner.run_next()
    batch.refresh_from_db()
    assert batch.status == "done", batch.error
    address = reverse("batch-results", args=[model.token, batch.token])
    content = b"".join(client.get(address, {"format": "csv"}).streaming_content).decode("utf-8-sig")
    found = list(csv.DictReader(io.StringIO(content)))
    right = [set(filter(None, row["labels"].split(" | "))) - {"(none)"} for row in found]
    assert sum(set(labels) == said for (_, labels), said in zip(rows(40), right, strict=True)) > 30
    assert sum(batch.counts.values()) == sum(map(len, right))
    assert "none of the labels" in page(client.get(reverse("batch", args=[model.token, batch.token]))).text
    batch.delete()


def measured_on_own_data(client: Client, model: TrainedModel) -> None:
    own = table([*rows(60)[:50], ("soup of the day", ["food"])])
    client.post(reverse("evaluation-new", args=[model.token]), {"file": ContentFile(own, name="own.csv")})
    batch = with_a_known_token(BatchPrediction.objects.get())
    assert batch_runner.run_next()
    batch.refresh_from_db()
    assert batch.status == "done", batch.error
    figures = batch.evaluation
    assert figures["score"]["name"] == "micro_f1" and figures["score"]["value"] > 0.7
    assert figures["count"] == 51 and "confusion" not in figures
    assert "macro_f1" in figures
    page(client.get(reverse("evaluation", args=[model.token, batch.token])))


def taken_away(client: Client, model: TrainedModel, tmp_path: Path) -> None:
    answer = client.get(reverse("api:model-download", args=[model.token]), {"format": "bundle"})
    with zipfile.ZipFile(io.BytesIO(b"".join(answer.streaming_content))) as archive:
        archive.extractall(tmp_path)
    folder = next(tmp_path.rglob("predict.py")).parent
    card = (folder / "README.md").read_text()
    assert "any number of 4 labels" in card and "Label by label" in card and "sigmoid" in card
    assert not (folder / "evaluate.py").exists()
    told = subprocess.run(
        [sys.executable, "predict.py", "--json", "cake in the snow", "old hill"],
        cwd=folder, capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    first, second = map(json.loads, told.splitlines())
    assert {one["label"] for one in first["labels"]} == {"food", "weather"} and second["labels"] == []
    facts = (folder / "web" / "facts.js").read_text()
    assert '"thresholds"' in facts


def what_does_not_apply(client: Client, model: TrainedModel) -> None:
    kept = with_a_known_token(Job.objects.latest("pk").dataset)
    one = "text,label\n" + "".join(f"how nice {i},{'ab'[i % 2]}\n" for i in range(60))
    base = {"task_type": "textclassification", "task_name": "more", "preset": "quick"}
    for fields, words in (
        ({"continue_from": model.token}, "any number of labels a sample"),
        ({"extend_dataset": kept.token}, "cannot be added to earlier ones yet"),
    ):
        asked = {**base, **fields, "dataset": ContentFile(one.encode(), name="one.csv")}
        refused = client.post(reverse("api:jobs"), asked)
        assert refused.status_code in (400, 422), refused.content
        assert words in json.dumps(refused.json()), refused.json()
