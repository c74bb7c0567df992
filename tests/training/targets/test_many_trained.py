"""A training on sentences with any number of labels: what its files hold."""

import csv
import json
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch

from tests.tasks import Task
from tests.training.datasets import start
from training.bundle.manifest import BundleDamaged, Manifest
from training.bundle.onnx_classifier import OnnxClassifier
from training.ground.errors import TrainingFailed
from training.ground.machine import Machine
from training.ground.recipe import resolve
from training.restore import load_classifier
from training.targets.of_bundle import target_of_bundle
from training.train import train

WORDS = {"food": "soup", "sport": "goal", "weather": "rain"}


def rows() -> list[tuple[str, list[str]]]:
    """All sets of labels, none among them, in sentences that differ."""
    names = sorted(WORDS)
    sets = [[name for at, name in enumerate(names) if number >> at & 1] for number in range(8)]
    return [
        (" ".join([WORDS[name] for name in labels] + [f"day{i} at the hill{i}"]), labels)
        for i in range(12)
        for labels in sets
    ]


def run_dir(folder: Path, cells: list[tuple[str, str]]) -> Path:
    (folder / "data").mkdir(parents=True)
    with (folder / "data" / "data.csv").open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([("input", "labels"), *cells])
    recipe = resolve(Task.TEXT, {"preset": "quick", "model": "bag_of_ngrams", "data_split": 0.7})
    config = recipe.to_json() | Machine(nice=0, threads=1).to_json()
    (folder / "config.json").write_text(json.dumps({"config": config, "task_name": "many"}))
    return folder


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = run_dir(tmp_path_factory.mktemp("many"), [(text, json.dumps(labels)) for text, labels in rows()])
    train(start(folder)[0])
    return folder / "bundle"


def test_the_model_gives_a_probability_for_each_label(bundle: Path) -> None:
    manifest = Manifest.read(bundle)
    assert (manifest.target, manifest.measured().name, manifest.accuracy) == ("many_labels", "micro_f1", None)
    assert onnx.load(bundle / "model.onnx").graph.node[-1].op_type == "Sigmoid"
    found = OnnxClassifier(bundle).predict(["soup and rain", "a day at the hill"])
    said = target_of_bundle(manifest).decide(found)
    assert [[c for c, one in zip(manifest.classes, row, strict=True) if one] for row in said] == [
        ["food", "weather"],
        [],
    ]


def test_the_weights_alone_give_the_same(bundle: Path) -> None:
    ids = np.array([[2, 3, 4]], np.int64)
    session = OnnxClassifier(bundle)._run(ids)
    assert np.allclose(
        load_classifier(bundle / "model.pt")(torch.from_numpy(ids)).detach(), session, atol=1e-3
    )


def test_the_report_has_figures_of_each_label_and_no_confusion(bundle: Path) -> None:
    report = json.loads((bundle / "report.json").read_text())
    assert {"macro_f1", "mean_average_precision", "all_right"} <= set(report)
    assert not {"confusion", "accuracy", "majority_accuracy"} & set(report)
    assert "name none" in report["outside"]["missing"]
    assert report["thresholds"] == []
    assert [row["label"] for row in report["per_class"]] == sorted(WORDS)
    assert [row["threshold"] for row in report["per_class"]] == pytest.approx(
        Manifest.read(bundle).thresholds
    )
    with (bundle / "validation.csv").open(encoding="utf-8", newline="") as file:
        listed = {row["label"] for row in csv.DictReader(file)}
    assert listed <= {" | ".join(labels) or "(none)" for _, labels in rows()}


@pytest.mark.parametrize(
    "wrong", [{"thresholds": [0.5]}, {"thresholds": None}, {"thresholds": [0.5, 2, 0]}, {"target": "boxes"}]
)
def test_a_manifest_that_makes_no_sense_is_damaged(
    bundle: Path, tmp_path: Path, wrong: dict[str, object]
) -> None:
    facts = json.loads((bundle / "model.json").read_text()) | wrong
    (tmp_path / "model.json").write_text(json.dumps(facts))
    with pytest.raises(BundleDamaged):
        Manifest.read(tmp_path)


def test_labels_that_are_no_list_are_refused_by_row(tmp_path: Path) -> None:
    folder = run_dir(tmp_path, [("soup", '["food"]'), ("rain", "weather")])
    with pytest.raises(TrainingFailed, match="row 3"):
        train(start(folder)[0])
