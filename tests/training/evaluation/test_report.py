"""The figures are those of the textbooks."""

from xml.etree import ElementTree

import numpy as np
import pytest
from PIL import Image

from training.evaluation.plots import draw_score_png, score_svg
from training.evaluation.report import build_report, hardest
from training.ground.epochs import EpochFigures
from training.targets.one_label import ONE_LABEL

EPOCHS = [
    EpochFigures(
        epoch=n,
        train_loss=1 / n,
        train_accuracy=0.5 + n / 20,
        val_loss=1.0,
        val_score=0.5 + n / 30,
        learning_rate=0.1,
        seconds=1.0,
    )
    for n in range(1, 6)
]


def test_the_report_counts_samples():
    probabilities = np.array([[0.9, 0.1], [0.4, 0.6], [0.2, 0.8], [0.7, 0.3]], np.float32)
    report = build_report(
        target=ONE_LABEL,
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
    rows = hardest(ONE_LABEL, np.array([0, 0, 0]), probabilities, ["x", "y", "z"], ["a", "b"], count=2)
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
    svg = score_svg(EPOCHS[:count], count)
    ElementTree.fromstring(svg)
    assert "style" not in svg
    draw_score_png(tmp_path / "a.png", EPOCHS[:count], count)
    with Image.open(tmp_path / "a.png") as image:
        assert image.size == (640, 360)
