"""The figures are those of the textbooks."""

from xml.etree import ElementTree

import numpy as np
import pytest
from PIL import Image

from training.evaluation.plots import accuracy_svg, draw_accuracy_png
from training.evaluation.report import build_report, confusion_matrix, hardest, per_class, wilson_interval
from training.ground.epochs import EpochFigures

EPOCHS = [
    EpochFigures(
        epoch=n,
        train_loss=1 / n,
        train_accuracy=0.5 + n / 20,
        val_loss=1.0,
        val_accuracy=0.5 + n / 30,
        learning_rate=0.1,
        seconds=1.0,
    )
    for n in range(1, 6)
]


@pytest.mark.parametrize(
    ("correct", "total", "low", "high"),
    [(92, 100, 0.8500, 0.9589), (0, 10, 0.0, 0.2775), (10, 10, 0.7225, 1.0), (0, 0, 0.0, 1.0)],
)
def test_the_interval_is_wilsons(correct, total, low, high):
    assert wilson_interval(correct, total) == pytest.approx((low, high), abs=1e-4)


def test_rows_of_the_confusion_matrix_are_the_truth():
    matrix = confusion_matrix(np.array([0, 0, 1, 2]), np.array([0, 1, 1, 1]), 3)
    assert matrix.tolist() == [[1, 1, 0], [0, 1, 0], [0, 1, 0]]


def test_precision_and_recall_are_per_class():
    rows = per_class(np.array([[1, 1, 0], [0, 1, 0], [0, 1, 0]]), ["a", "b", "c"])
    assert [row["precision"] for row in rows] == pytest.approx([1, 1 / 3, 0], abs=1e-6)
    assert [row["recall"] for row in rows] == pytest.approx([0.5, 1, 0])
    assert rows[1]["f1"] == pytest.approx(0.5)
    assert [row["support"] for row in rows] == [2, 1, 1]


def test_the_report_counts_samples():
    probabilities = np.array([[0.9, 0.1], [0.4, 0.6], [0.2, 0.8], [0.7, 0.3]], np.float32)
    report = build_report(
        labels=["a", "b"],
        truth=np.array([0, 0, 1, 0]),
        probabilities=probabilities,
        train_count=7,
        epochs=EPOCHS,
        best_epoch=5,
    )
    assert (report["accuracy"], report["majority_accuracy"]) == (0.75, 0.75)
    assert (report["train_count"], report["val_count"]) == (7, 4)
    assert report["accuracy_interval"][0] < 0.75 < report["accuracy_interval"][1]
    assert len(report["epochs"]) == 5


def test_the_hardest_are_those_of_the_highest_loss():
    probabilities = np.array([[0.9, 0.1], [0.1, 0.9], [0.3, 0.7]], np.float32)
    rows = hardest(np.array([0, 0, 0]), probabilities, ["x", "y", "z"], ["a", "b"], count=2)
    assert [row["source"] for row in rows] == ["y", "z"]
    assert rows[0] == {
        "source": "y",
        "label": "a",
        "predicted": "b",
        "probability": 0.9,
        "label_probability": 0.1,
    }


@pytest.mark.parametrize("count", [0, 1, 5])
def test_the_plots_can_be_drawn(tmp_path, count):
    svg = accuracy_svg(EPOCHS[:count], count)
    ElementTree.fromstring(svg)
    assert "style" not in svg
    draw_accuracy_png(tmp_path / "a.png", EPOCHS[:count], count)
    with Image.open(tmp_path / "a.png") as image:
        assert image.size == (640, 360)
