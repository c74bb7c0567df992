"""The report of a model: one HTML file with everything, which needs nothing else."""

import json
import re

import pytest
from django.test import Client
from django.urls import reverse

from modelstore.models import TrainedModel
from tests.site.kept_examples import add_findings, keep_examples
from tests.site.test_pages import read
from tests.tasks import Task

MORE = {
    "collect": {
        "points": [{"count": 100, "accuracy": 0.8}, {"count": 200, "accuracy": 0.85}],
        "twice": {"more": 250, "gain": 0.02, "low": -0.004, "high": 0.044},
        "classes": [{"label": "<b>red", "more": 50, "gain": 0.021, "low": 0.004, "high": 0.039}],
        "asked": 200,
    },
    "slices": [
        {"trait": "shorter side", "words": "up to 90 pixels", "count": 9, "is_worse": True}
        | {"accuracy": 0.5, "low": 0.2, "high": 0.8},
        {"trait": "shorter side", "words": "more than 90 pixels", "count": 11, "is_worse": False}
        | {"accuracy": 1.0, "low": 0.7, "high": 1.0},
    ],
    "traits": [
        {"name": "shorter side", "unit": "pixels", "low": 10, "first": 80, "middle": 90, "third": 95}
        | {"high": 1200},
        {"name": "shape", "shares": [{"words": "wide", "count": 12}, {"words": "tall", "count": 1}]},
    ],
    "outliers": [{"source": "a/<i>huge.jpg", "label": "red", "words": "shorter side 9,000 pixels"}],
    "looked_at": 100,
    "counts": [{"label": "red", "train": 1234, "validation": 20}],
    "log_loss": 0.31,
    "deployed_train_count": 100,
}


def with_all(model: TrainedModel) -> TrainedModel:
    keep_examples(add_findings(model), "row 7: terrible <b>weather</b>")
    model.report |= MORE
    model.save()
    return model


def report_of(client: Client, model: TrainedModel) -> str:
    answer = client.get(reverse("model-report", args=[model.token]))
    assert answer.status_code == 200
    assert answer.headers["Content-Disposition"].startswith("attachment; filename=")
    assert answer.headers["Cache-Control"].startswith("no-store, private")
    return answer.content.decode()


@pytest.mark.parametrize("task", list(Task))
def test_it_holds_everything_and_needs_no_network(client: Client, make_model, task: Task) -> None:
    found = report_of(client, with_all(make_model(task)))
    assert len(found) < 1_000_000
    assert not re.search(r"<(script|link|iframe|object|embed|base)\b|\bon\w+=|url\(|@import", found)
    assert all(address.startswith("data:image/") for address in re.findall(r'(?:src|href)="([^"]*)"', found))
    for words in (
        "How good it is",
        "Confusion matrix",
        "Reliability diagram",
        "up to 90 pixels (clearly worse)",
        "What it looks at",
        "would help most: +2.1 points (+0.4 to +3.9) from 50 more.",
        "1,234",
        "shorter side 9,000 pixels",
        "may be wrong",
        "nearly the same under two classes",
        "naive Bayes on single words",
    ):
        assert words in found, words
    assert "&lt;i&gt;huge.jpg" in found and "<i>huge" not in found and "<b>red" not in found
    assert "{{" not in found and "{%" not in found


def test_what_the_answer_rests_on_is_shown(client: Client, make_model) -> None:
    pictures = report_of(client, with_all(make_model()))
    assert pictures.count('src="data:image/jpeg;base64,') == 1
    # Of a picture of one colour no part tells more than another.
    assert "the answer stays the same whichever part is hidden" in pictures
    sentences = report_of(client, with_all(make_model(Task.TEXT)))
    assert '<mark class="weight-5">terrible</mark>' in sentences and "&lt;b&gt;weather" in sentences


def test_a_model_of_before_has_a_report_too(client: Client, make_model) -> None:
    found = report_of(client, make_model())
    assert "How good it is" in found and "What to collect next" not in found and "Where it fails" not in found


def test_damaged_examples_cost_the_explanations_alone(client: Client, make_model, settings) -> None:
    model = with_all(make_model())
    (settings.MEDIA_ROOT / model.storage_prefix / "examples.zip").write_bytes(b"something else")
    found = report_of(client, model)
    assert "What it looks at" not in found and "Where it fails" in found


def test_programs_and_the_page_link_to_it(client: Client, make_model) -> None:
    model = with_all(make_model())
    told = client.get(reverse("api:model", args=[model.token])).json()
    assert told["metrics"]["collect"]["twice"]["more"] == 250
    answer = client.get(told["report_file"])
    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
    page = read(client.get(reverse("model", args=[model.token])))
    assert page.all("a", href=reverse("model-report", args=[model.token]))
    assert "up to 90 pixels (clearly worse)" in page.text
    assert "What to collect next" in page.text and "+2.1 points (+0.4 to +3.9)" in page.text


def test_strangers_get_a_sentence(client: Client, db: None) -> None:
    assert client.get(reverse("model-report", args=["x" * 22])).status_code == 404
    told = json.loads(client.get(reverse("api:model-report", args=["x" * 22])).content)
    assert told["code"] == "model_not_found"
