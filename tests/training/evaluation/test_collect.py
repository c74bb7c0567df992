"""What to collect next is told from how errors fall with the number of samples."""

import io
import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from tests.training.datasets import picture_run_dir, start
from training.evaluation.collect import FEWEST_SAMPLES, collect_figures
from training.evaluation.collect_words import collect_words
from training.ground.control import Control
from training.ground.events import Events
from training.ground.phases import Phases
from training.targets.one_label import ONE_LABEL
from training.train import train

CLASSES = ["even", "odd", "rare"]


@pytest.fixture(autouse=True)
def _all_the_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """However busy the machine is, all folds are looked at."""
    monkeypatch.setattr("training.evaluation.collect._LEAST_SECONDS", 3600.0)


class Learners:
    """Right about a sample as often as a law of the number of samples says, of all classes or of its own."""

    def __init__(self, labels: np.ndarray, *, own: bool = False) -> None:
        self.places, self._labels, self._own = np.arange(len(labels)), labels, own
        self._luck = np.random.default_rng(0).random(len(labels))

    def answers(self, learned: np.ndarray, asked: np.ndarray) -> np.ndarray:
        truth = self._labels[asked]
        counts = np.bincount(self._labels[learned], minlength=len(CLASSES))
        known = counts[truth] if self._own else np.full(len(asked), len(learned))
        hard = np.where(self._own & (truth == 2), 8.0, 3.0)
        wrong = self._luck[asked] < hard * np.maximum(known, 1.0) ** -0.5
        decided = np.where(wrong, (truth + 1) % len(CLASSES), truth)
        return np.eye(len(CLASSES), dtype=np.float32)[decided]


def figures(labels: np.ndarray, refits: Any) -> dict[str, Any]:
    samples = SimpleNamespace(labels=labels, items=list(labels))
    outcome = SimpleNamespace(
        refits=refits,
        target=ONE_LABEL,
        samples=samples,
        sources=None,
        recipe=SimpleNamespace(seed=1),
        classes=CLASSES,
        deployed_count=len(labels),
        train_count=len(labels),
        truth=labels[: len(labels) // 5],
    )
    run = SimpleNamespace(phases=Phases(), control=Control(), events=Events(io.StringIO()))
    return collect_figures(outcome, run)


def test_the_gain_of_twice_as_many_follows_the_law() -> None:
    labels = np.random.default_rng(1).integers(0, 3, 2_000)
    found = figures(labels, Learners(labels))["collect"]
    truth = 3.0 * (2_000**-0.5 - 4_000**-0.5)
    assert found["twice"]["gain"] == pytest.approx(truth, abs=0.01)
    assert found["twice"]["low"] < truth < found["twice"]["high"]
    assert found["twice"]["more"] == 2_000
    assert [row["count"] for row in found["points"]] == sorted(row["count"] for row in found["points"])
    assert [row["accuracy"] for row in found["points"]] == sorted(row["accuracy"] for row in found["points"])


def test_the_class_that_brings_most_comes_first() -> None:
    labels = np.repeat([0, 1, 2], [700, 700, 400])
    found = figures(labels, Learners(labels, own=True))["collect"]
    first = found["classes"][0]
    assert first["label"] == "rare"
    assert first["more"] == 400
    assert 0 < first["low"] < first["gain"] < first["high"]
    (words, *_) = collect_words(found, "pictures")
    assert words.startswith("More pictures of “rare” would help most: +") and words.endswith("from 400 more.")


def test_where_nothing_is_wrong_more_of_the_same_hardly_helps() -> None:
    labels = np.arange(300) % 3
    learners = Learners(labels)
    learners._luck[:] = 1.0
    learners._luck[0] = 0.0
    found = figures(labels, learners)["collect"]
    assert found["twice"]["gain"] < 0.005
    assert collect_words(found, "pictures")[-1].startswith("More pictures like these would hardly help")


def test_of_a_few_samples_nothing_is_told() -> None:
    labels = np.arange(FEWEST_SAMPLES - 1) % 3
    assert figures(labels, Learners(labels)) == {}
    assert figures(labels, None) == {}


def test_what_fails_costs_the_training_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    labels = np.arange(300) % 3
    refits = SimpleNamespace(places=np.arange(300), answers=None)
    assert figures(labels, refits) == {}
    assert "TypeError" in capsys.readouterr().err


@pytest.mark.slow
@pytest.mark.usefixtures("with_weights")
def test_a_training_tells_what_to_collect(tmp_path: Path) -> None:
    job, _ = start(picture_run_dir(tmp_path, count=24, model="mobilenet_v3_small"))
    train(job)
    report = json.loads((job.folder / "bundle" / "report.json").read_text())
    found = report["collect"]
    assert len(found["points"]) == 4
    assert found["twice"]["more"] == 72
    assert found["twice"]["low"] <= found["twice"]["gain"] <= found["twice"]["high"]
    assert {row["label"] for row in found["classes"]} <= {"red", "green", "blue"}
    assert report["seconds"]["what to collect"] > 0
