"""A target that Flash does not have decides score, best epoch and report."""

import dataclasses
import io
import json
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
import torch

from tests.made_up_score import ERROR
from tests.tasks import Task
from tests.training.datasets import start, text_run_dir, told
from tests.whole.numbers_kind import KIND
from training.bundle.manifest import Manifest
from training.engine.checkpoint import Checkpoint
from training.engine.linear import DenseFeatures, Labelled, Linear, LinearLearner
from training.engine.loop import Training
from training.engine.progress import Progress
from training.evaluation.plots import score_svg
from training.evaluation.report import build_report
from training.export.export import export
from training.fit import fit
from training.ground.control import Control
from training.ground.epochs import EpochFigures
from training.ground.events import Events
from training.ground.machine import Machine
from training.ground.recipe import resolve
from training.kinds import register, unregister
from training.score import Score
from training.targets.one_label import ONE_LABEL
from training.targets.target import target_of
from training.train import read

pytestmark = pytest.mark.usefixtures("made_up_score")


class _Told(LinearLearner):
    """Its error is what it is told, epoch by epoch."""

    errors: list[float]

    def evaluate(self) -> tuple[float, float]:
        return 0.5, self.errors.pop(0)


def learner(errors: list[float], epochs: int) -> tuple[_Told, object]:
    torch.manual_seed(3)
    config = resolve(Task.TEXT, {"model": "lstm", "epochs": epochs, "batch_size": 8, "learning_rate": 0.05})
    part = Labelled(DenseFeatures(torch.randn(20, 4)), torch.arange(20) % 2, ERROR)
    made = _Told(Linear(4, 2), part, part, config)
    made.errors = errors
    return made, config


def trained(folder: Path, errors: list[float]) -> tuple[Progress, io.StringIO]:
    made, config = learner(errors, len(errors))
    stream = io.StringIO()
    events = Events(stream)
    checkpoint = Checkpoint(folder, "same", events)
    return Training(made, config, events=events, control=Control(), checkpoint=checkpoint).run(), stream


def test_the_epoch_with_the_lowest_error_is_the_best(tmp_path: Path) -> None:
    progress, stream = trained(tmp_path, [0.5, 0.1, 0.4, 0.9])
    assert (progress.best_epoch, progress.best_score, progress.score) == (2, 0.1, "error")
    events = told(stream, "epoch")
    assert [event["val_error"] for event in events] == [0.5, 0.1, 0.4, 0.9]
    assert all(event["score"] == "error" and "val_accuracy" not in event for event in events)


def test_a_last_epoch_that_is_hardly_worse_stays(tmp_path: Path) -> None:
    progress, _ = trained(tmp_path, [0.5, 0.30, 0.4, 0.31])
    assert (progress.best_epoch, progress.best_score) == (4, 0.31)


def test_a_real_learner_measures_by_its_target() -> None:
    made, _ = learner([], 1)
    loss, error = LinearLearner.evaluate(made)
    made.target = dataclasses.replace(ERROR, measure=lambda truth, decisions: Score(name="error", value=0.25))
    assert error == pytest.approx(0.5)
    assert LinearLearner.evaluate(made) == (loss, 0.25)


def test_the_report_has_the_score_and_no_accuracy() -> None:
    epoch = EpochFigures(
        epoch=1, train_loss=1.0, train_accuracy=0.5, val_loss=1.0, val_score=0.25, learning_rate=0.1,
        seconds=1.0, score="error",
    )  # fmt: skip
    report = build_report(
        target=ERROR,
        labels=["a", "b"],
        truth=np.array([0, 0, 1, 0]),
        probabilities=np.array([[0.9, 0.1], [0.4, 0.6], [0.2, 0.8], [0.7, 0.3]], np.float32),
        train_count=7,
        epochs=[epoch],
        best_epoch=1,
    )
    assert report["score"]["name"] == "error"
    assert report["score"]["value"] == 0.25
    assert report["score"]["low"] < 0.25 < report["score"]["high"]
    assert report["epochs"][0]["val_error"] == 0.25
    assert not {"accuracy", "accuracy_interval", "majority_accuracy", "confusion"} & set(report)
    title = ElementTree.fromstring(score_svg([epoch], 1)).find(".//{*}title")
    assert title is not None
    assert title.text == "Error over 1 epoch; epoch 1 was kept, with 25.0%"


def test_a_whole_training_writes_a_bundle_by_it(tmp_path: Path) -> None:
    job, stream = start(text_run_dir(tmp_path / "run"))
    outcome = fit(job.recipe, read(job), job.machine, job.events, folder=job.folder)
    export(dataclasses.replace(outcome, target=ERROR), job, task_name="errors")
    folder = job.folder / "bundle"
    report, score = json.loads((folder / "report.json").read_text()), Manifest.read(folder).measured()
    assert score.name == "error"
    assert Score.from_json(report["score"]) == score == Score.from_json(told(stream, "result")[0]["score"])
    assert "error" in report["baseline"]
    assert "error_without" in report["duplicates"]
    assert "accuracy" not in json.loads((folder / "model.json").read_text())
    assert "accuracy" not in told(stream, "result")[0]


def test_a_simple_method_is_measured_by_it(tmp_path: Path) -> None:
    job, _ = start(text_run_dir(tmp_path / "run"))
    outcome = fit(job.recipe, read(job), job.machine, job.events, folder=job.folder)
    assert outcome.target is ONE_LABEL and outcome.evidence is not None
    accuracy, error = (outcome.evidence.baseline(len(outcome.classes), one) for one in (ONE_LABEL, ERROR))
    assert accuracy is not None and error is not None
    assert error == pytest.approx(1 - accuracy)


def test_a_kind_names_what_its_models_learn(tmp_path: Path) -> None:
    kind = dataclasses.replace(KIND, target="tests.made_up_score:ERROR")
    register(kind)
    try:
        assert target_of(kind.task, "one_label") is ERROR
        (tmp_path / "data").mkdir()
        rows = "".join(f"{x / 10},{-x},{'high' if x > 9 else 'low'}\n" for x in range(20))
        (tmp_path / "data" / "pairs.csv").write_text(rows)
        config = resolve(kind.task, {"preset": "quick"}).to_json() | Machine(nice=0, threads=1).to_json()
        (tmp_path / "config.json").write_text(json.dumps({"config": config, "task_name": "signs"}))
        job, stream = start(tmp_path)
        outcome = fit(job.recipe, read(job), job.machine, job.events, folder=job.folder)
    finally:
        unregister(kind)
    assert outcome.target is ERROR
    assert outcome.progress.score == "error"
    assert all("val_error" in event for event in told(stream, "epoch"))


def test_progress_of_an_earlier_version_is_taken_up() -> None:
    epoch = {
        "epoch": 1, "train_loss": 1.0, "train_accuracy": 0.5, "val_loss": 1.0, "val_accuracy": 0.75,
        "learning_rate": 0.1, "seconds": 1.0,
    }  # fmt: skip
    old = {
        "epoch": 2, "step": 3, "loss": 0.5, "correct": 4, "seen": 8, "seconds": 1.5, "best_epoch": 1,
        "best_accuracy": 0.75, "best_loss": 1.0, "history": [epoch],
    }  # fmt: skip
    progress = Progress.from_state(old)
    assert (progress.best_score, progress.score, progress.history[0].val_score) == (0.75, "accuracy", 0.75)
    assert Progress.from_state(dataclasses.asdict(progress)) == progress
    assert Progress.from_state(old | {"best_epoch": 0, "best_accuracy": -1.0}).best_score is None
