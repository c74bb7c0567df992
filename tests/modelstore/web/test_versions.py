"""Versions on the pages and in the API: bring back, see what changed, say what a new one must not lose."""

import json
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from modelstore.bundles import store, versions
from modelstore.models import MustPassExample, TrainedModel
from tests.bundles import MOODS, picture, text_bundle
from tests.modelstore.api_calls import URL, assert_problem, encoded, upload
from tests.modelstore.conftest import Publish
from training.bundle.manifest import describe_files

pytestmark = pytest.mark.django_db
ROWS = [
    {"source": "row 3: it was fine", "label": "good", "before": "good", "after": "bad"},
    {"source": "row 9: what a mess", "label": "bad", "before": "good", "after": "bad"},
]
COMPARED = {
    "samples": 20, "same_samples": 20, "score": "accuracy", "before": 0.9, "after": 0.85, "new_classes": [],
    "lost_classes": [], "wins": False, "refused": "lower", "chance_of_loss": 0.4, "most_lost": None, "must_pass": 0,
    "must_pass_failed": [], "flips": {"count": 2, "lost": 1, "won": 1, "rows": ROWS},
}  # fmt: skip


@pytest.fixture
def model(publish: Publish, tmp_path: Path) -> TrainedModel:
    """A model with a second version that was kept back."""
    model = publish("text")
    folder = text_bundle(tmp_path / "second", classes=[*MOODS, "mixed"])
    report = json.loads((folder / "report.json").read_text()) | {"previous": COMPARED}
    (folder / "report.json").write_text(json.dumps(report))
    manifest = json.loads((folder / "model.json").read_text())
    manifest["files"] |= describe_files(folder, ["report.json"])
    (folder / "model.json").write_text(json.dumps(manifest))
    store.upload_bundle(folder=folder, prefix="jobs/701/1")
    versions.keep_apart(model=model, folder=folder, prefix="jobs/701/1")
    return model


def page(client: Client, name: str, *args: Any) -> str:
    return client.get(reverse(name, args=args)).content.decode()


def test_the_page_lists_them_and_lets_another_answer(client: Client, model: TrainedModel) -> None:
    assert reverse("model-versions", args=[model.token]) in page(client, "model", model.token)
    listed = page(client, "model-versions", model.token)
    assert "kept back" in listed and "worse on the same samples, which may be chance" in listed
    answer = client.post(reverse("model-promote", args=[model.token, 2]), follow=True)
    assert "Version 2 answers from now on" in answer.content.decode()
    model.refresh_from_db()
    assert (model.version, model.classes) == (2, [*MOODS, "mixed"])
    gone = client.post(reverse("model-promote", args=[model.token, 9]))
    assert gone.status_code == 404
    assert "no version 9" in gone.content.decode()


def test_what_changed_shows_each_answer_that_flipped(client: Client, model: TrainedModel) -> None:
    shown = page(client, "model-version", model.token, 2)
    assert "row 3: it was fine" in shown and "row 9: what a mess" in shown
    assert shown.index("row 3") < shown.index("row 9")
    assert client.get(reverse("model-version", args=[model.token, 5])).status_code == 404
    # The first was trained to replace none.
    assert "Beside the version before" not in page(client, "model-version", model.token, 1)


def test_the_share_that_a_class_may_lose_is_set(client: Client, model: TrainedModel) -> None:
    url = reverse("model-rules", args=[model.token])
    client.post(url, {"percent": "5"})
    model.refresh_from_db()
    assert model.most_class_loss == 0.05
    assert 'value="5"' in page(client, "model-versions", model.token)
    client.post(url, {"percent": ""})
    model.refresh_from_db()
    assert model.most_class_loss is None
    refused = client.post(url, {"percent": "many"})
    assert refused.status_code == 400
    assert "Write a number from 0 to 100, or nothing." in refused.content.decode()


def test_examples_that_must_pass_are_added_and_removed(client: Client, model: TrainedModel) -> None:
    url = reverse("model-must-pass", args=[model.token])
    told = client.post(url, {"sentences": "great fun", "label": "bad"}, follow=True).content.decode()
    assert "does not pass: it says “good” where “bad” is wanted" in told
    assert "must be bad" in told
    refused = client.post(url, {"sentences": "so so", "label": "odd"})
    assert refused.status_code == 400
    # What was written is still there.
    assert (
        "has no class “odd”" in refused.content.decode() and ">so so</textarea>" in refused.content.decode()
    )
    assert client.post(url, {"sentences": " ", "label": "bad"}).status_code == 400
    example = MustPassExample.objects.get()
    client.post(reverse("model-must-pass-remove", args=[model.token, example.pk]))
    assert not MustPassExample.objects.exists()
    assert client.post(reverse("model-must-pass-remove", args=[model.token, 1])).status_code == 404


def test_pictures_must_pass_too(client: Client, publish: Publish) -> None:
    model = publish("image")
    url = reverse("model-must-pass", args=[model.token])
    told = client.post(url, {"image": [upload("red", "r.png")], "label": "red"}, follow=True).content.decode()
    assert "Pictures that must pass" in told and "Nothing is kept" not in told
    assert "1 example added. The version that answers now passes." in told
    example = MustPassExample.objects.get()
    assert (example.value, example.name) == (picture("red"), "r.png")
    unreadable = client.post(url, {"image": [upload("red", "r.png"), _no_picture()], "label": "red"})
    assert unreadable.status_code == 415
    # Numbers of inputs are for programs.
    assert "Input " not in unreadable.content.decode() and "x.png" in unreadable.content.decode()
    assert MustPassExample.objects.count() == 1, "all or none"


def _no_picture() -> Any:
    from django.core.files.uploadedfile import SimpleUploadedFile

    return SimpleUploadedFile("x.png", b"\x89PNG no more", "image/png")


def test_the_api_lists_shows_and_promotes(client: Client, model: TrainedModel) -> None:
    url = URL.format(model.token) + "versions/"
    told = client.get(url).json()["versions"]
    assert [(one["number"], one["answers"], one["answered"]) for one in told] == [
        (2, False, False),
        (1, True, True),
    ]
    assert told[0]["comparison"]["flips"] == {"count": 2, "lost": 1, "won": 1}
    assert client.get(f"{url}2/").json()["comparison"]["flips"]["rows"] == ROWS
    assert_problem(client.get(f"{url}8/"), 404, "version_not_found")
    after = client.post(f"{url}2/promote/").json()["versions"]
    assert [(one["number"], one["answers"]) for one in after] == [(2, True), (1, False)]
    assert client.post(f"{url}1/promote/").status_code == 200
    assert_problem(client.post(f"{url}8/promote/"), 404, "version_not_found")


def test_the_api_changes_the_rules(client: Client, publish: Publish) -> None:
    model = publish("image")
    url = URL.format(model.token) + "rules/"
    assert client.get(url).json() == {"most_class_loss": 0.2, "must_pass": []}

    def put(body: Any) -> Any:
        return client.put(url, json.dumps(body), content_type="application/json")

    assert put({"most_class_loss": 0.1}).json()["most_class_loss"] == 0.1
    assert put({"most_class_loss": None}).json()["most_class_loss"] is None
    for wrong in ({"most_class_loss": 2}, {"most_class_loss": "much"}, {}, []):
        assert_problem(put(wrong), 400, "rule_invalid")

    def add(body: Any) -> Any:
        return client.post(f"{url}must-pass/", json.dumps(body), content_type="application/json")

    added = add({"label": "blue", "inputs": [encoded("red")]})
    assert added.status_code == 201, added.content
    assert (added.json()["answer"], added.json()["passes"]) == ("red", False)
    assert_problem(add({"inputs": [encoded("red")]}), 400, "rule_invalid")
    assert_problem(add({"label": "blue", "inputs": [encoded("red")] * 2}), 400, "rule_invalid")
    assert_problem(add({"label": "odd", "inputs": [encoded("red")]}), 400, "rule_invalid")
    assert_problem(add(["blue"]), 400, "rule_invalid")
    one = f"{url}must-pass/{added.json()['id']}/"
    assert client.delete(one).status_code == 204
    assert_problem(client.delete(one), 404, "rule_not_found")


def test_a_model_for_everyone_belongs_to_none_of_them(client: Client, publish: Publish) -> None:
    model = publish("text", pinned=True)
    url = URL.format(model.token)
    for answer in (
        client.put(f"{url}rules/", '{"most_class_loss": 0}', content_type="application/json"),
        client.post(
            f"{url}rules/must-pass/", '{"label": "bad", "inputs": ["x"]}', content_type="application/json"
        ),
        client.delete(f"{url}rules/must-pass/1/"),
        client.post(f"{url}versions/1/promote/"),
    ):
        assert_problem(answer, 403, "not_changeable")
    listed = page(client, "model-versions", model.token)
    assert "keeps this model for everyone" in listed
