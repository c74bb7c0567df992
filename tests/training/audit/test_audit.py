"""The report says what the data behind a score is worth."""

import csv
import json

import numpy as np
import pytest
import torch

from tests.training.datasets import (
    picture,
    picture_run_dir,
    sentences,
    start,
    text_run_dir,
    told,
)
from training.audit import audit as audit_module
from training.audit.suspects import suspects
from training.engine.linear import DenseFeatures
from training.engine.progress import Progress
from training.evaluation.outcome import Outcome
from training.export.calibrated import calibrate
from training.ground.control import Control
from training.ground.recipe import resolve
from training.ground.samples import ContentIds, Samples
from training.kinds.sentences.baseline import naive_bayes
from training.kinds.sentences.rows import Rows
from training.targets.one_label import ONE_LABEL
from training.train import train


def report_of(folder):
    return json.loads((folder / "bundle/report.json").read_text(encoding="utf-8"))


def clusters(count: int = 300) -> tuple[torch.Tensor, np.ndarray]:
    random = np.random.default_rng(1)
    labels = random.integers(0, 3, count)
    centres = np.eye(3)[labels] * 5
    return torch.from_numpy((centres + random.normal(size=(count, 3))).astype(np.float32)), labels


def test_wrong_labels_are_found():
    features, labels = clusters()
    wrong = np.array([7, 70, 150])
    given = labels.copy()
    given[wrong] = (given[wrong] + 1) % 3
    found = suspects(
        lambda places: DenseFeatures(features[places]),
        given,
        3,
        ONE_LABEL,
        penalty=0.01,
        seed=1,
        control=Control(),
    )
    assert set(wrong) <= {item["place"] for item in found["found"][:5]}
    assert found["looked_at"] == 300
    by_place = {item["place"]: item for item in found["found"]}
    assert [by_place[place]["predicted"] for place in wrong] == labels[wrong].tolist()


def test_clean_labels_are_left_alone():
    features, labels = clusters()
    found = suspects(
        lambda places: DenseFeatures(features[places]),
        labels,
        3,
        ONE_LABEL,
        penalty=0.01,
        seed=1,
        control=Control(),
    )
    assert found["count"] <= 3


def test_naive_bayes_counts_words():
    rows = [Rows.of(part) for part in ([[4, 5], [4], [6, 7], [6]], [[5, 4], [7], [6, 6]])]
    labels = [np.array([0, 0, 1, 1]), np.array([0, 1, 0])]
    assert naive_bayes(rows, labels, words=8, classes=2, target=ONE_LABEL) == pytest.approx(2 / 3)
    assert naive_bayes(rows, labels, words=10**9, classes=2, target=ONE_LABEL) is None


@pytest.mark.parametrize("model", ["bag_of_ngrams", "lstm"])
def test_sentences_in_both_parts_are_counted_and_told(tmp_path, model):
    small = {"hidden": 8, "embedding": 8, "epochs": 1} if model == "lstm" else {}
    folder = text_run_dir(tmp_path, model=model, **small)
    rows = sentences()
    (folder / "data/data.csv").unlink()
    (folder / "data").rmdir()
    # Left to itself, Flash would keep twins on one side.
    twins = [*rows, *((f"{text}!", label) for text, label in rows), (rows[0][0], "food")]
    (folder / "data").mkdir()
    with (folder / "data/data.csv").open("w", encoding="utf-8", newline="") as file:
        parts = ("validation" if i % 5 == 0 else "train" for i in range(len(twins)))
        table = [(*row, part) for row, part in zip(twins, parts, strict=True)]
        csv.writer(file).writerows([("input", "label", "split"), *table])
    run, stream = start(folder)
    train(run)
    report = report_of(folder)
    duplicates = report["duplicates"]
    assert duplicates["count"] >= report["val_count"] / 2
    assert duplicates["conflicts"] >= 1
    pair = duplicates["conflict_examples"][0]
    assert {pair["label"], pair["twin_label"]} == {"weather", "food"}
    assert pair["source"].startswith("row ")
    assert any("in the training part" in event["message"] for event in told(stream, "warning"))
    assert report["sources"]["shared"] >= report["val_count"] / 2 and report["sources"]["given"]
    assert report["baseline"]["accuracy"] >= report["majority_accuracy"]
    assert report["suspects"]["looked_at"] == len(rows) * 2 + 1
    assert report["audit_notes"] == []


@pytest.mark.usefixtures("with_weights")
@pytest.mark.parametrize("preset", ["quick", "balanced"])
def test_pictures_under_two_classes_are_told(tmp_path, preset):
    folder = picture_run_dir(
        tmp_path, model="mobilenet_v3_small", preset=preset, **({"epochs": 1} if preset == "balanced" else {})
    )
    (folder / "data/red/005.png").write_bytes(b"no picture")
    same = picture((200, 40, 40), 0)
    for name in ("red/000.png", "blue/same.png"):
        same.save(folder / "data" / name)
    run, stream = start(folder)
    train(run)
    report = report_of(folder)
    pairs = report["duplicates"]["conflict_examples"]
    assert {"red/000.png", "blue/same.png"} in [{pair["source"], pair["twin"]} for pair in pairs]
    assert any("two classes" in event["message"] for event in told(stream, "warning"))
    assert report["baseline"]["accuracy"] > report["majority_accuracy"]
    assert report["suspects"]["looked_at"] == report["train_count"] + report["val_count"] == 24


class Head(torch.nn.Module):
    """A model that is its last layer and one before it."""

    def __init__(self, classes: int) -> None:
        super().__init__()
        self.before, self.head = torch.nn.Linear(classes, classes), torch.nn.Linear(classes, classes)

    def last_layers(self):
        return [self.head]


def outcome_of(module, truth, probabilities) -> Outcome:
    """An outcome whose validation part are all samples."""
    everything = np.arange(len(truth))
    classes = [str(number) for number in range(probabilities.shape[1])]
    samples = Samples([""] * len(truth), [""] * len(truth), truth, classes, ContentIds(str))
    return Outcome(
        recipe=resolve("textclassification", {}),
        target=ONE_LABEL,
        samples=samples,
        parts=(everything[:0], everything),
        preprocess=None,
        module=module,
        state=torch.nn.Module.state_dict,
        arguments={},
        graph=None,
        examples=everything,
        progress=Progress(),
        probabilities=probabilities,
    )


def test_the_temperature_is_folded_into_the_last_layer_of_another_model():
    random = np.random.default_rng(3)
    truth = random.integers(0, 3, 400)
    logits = torch.from_numpy(random.normal(size=(400, 3)) + 2 * np.eye(3)[truth]).float()
    module = Head(3)
    with torch.no_grad():
        module.head.weight.copy_(4 * torch.eye(3))
        module.head.bias.zero_()
        before = module.head(logits).softmax(1).numpy()
    given = outcome_of(module, truth, before)
    outcome, figures = calibrate(given)
    assert figures["temperature"] > 1.5
    assert figures["error_after"] < 0.5 * figures["error_before"]
    with torch.no_grad():
        assert outcome.module.head(logits).softmax(1).numpy() == pytest.approx(
            outcome.probabilities, abs=1e-5
        )
        assert torch.equal(module.head.weight, 4 * torch.eye(3))
    assert np.array_equal(outcome.probabilities.argmax(1), before.argmax(1))
    assert given.probabilities is before
    assert outcome.module.before.weight is module.before.weight, "what is not scaled is shared"


def test_a_temperature_that_helps_nothing_is_left_at_one():
    probabilities = np.tile(np.array([[0.75, 0.25]], np.float32), (4, 1))
    _, figures = calibrate(outcome_of(Head(2), np.array([0, 0, 0, 1]), probabilities))
    assert figures["temperature"] == 1.0
    assert figures["error_after"] == figures["error_before"]


def test_a_look_that_fails_is_noted_and_costs_nothing(tmp_path, monkeypatch):
    def fail(*_, **__):
        raise ValueError("a fault")

    monkeypatch.setattr(audit_module, "_duplicates", fail)
    folder = text_run_dir(tmp_path)
    train(start(folder)[0])
    report = report_of(folder)
    assert "duplicates" not in report
    assert report["audit_notes"] == ["duplicates: it could not be determined"]


def test_there_is_a_note_when_there_is_no_time_left(tmp_path, monkeypatch):
    monkeypatch.setattr(audit_module, "_BUDGET", -1.0)
    folder = text_run_dir(tmp_path)
    train(start(folder)[0])
    assert len(report_of(folder)["audit_notes"]) == 3
