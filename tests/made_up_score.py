"""A target and a score that Flash does not have: the share of wrong answers, of which less is better."""

import dataclasses
import json
from pathlib import Path
from typing import Any

from tests.bundles import text_bundle
from training.bundle.manifest import Manifest, describe_files
from training.score import Score, ScoreKind
from training.targets.one_label import ONE_LABEL

KIND = ScoreKind(word="error", higher_is_better=False)


def _measure(truth: Any, decisions: Any) -> Score:
    right = ONE_LABEL.measure(truth, decisions)
    return Score(name="error", value=1 - right.value, low=1 - right.high, high=1 - right.low)


ERROR = dataclasses.replace(
    ONE_LABEL, name="made_up", score="error", measure=_measure, figures=lambda *given: {}
)


def error_bundle(folder: Path, error: float, log_loss: float | None = None) -> Path:
    """A bundle of sentences whose score is an error; it knows nothing of an accuracy."""
    score = {"name": "error", "value": error, "low": error / 2, "high": (1 + error) / 2}
    text_bundle(folder, score=score, accuracy=None, accuracy_interval=None)
    path = folder / "report.json"
    report = json.loads(path.read_text())
    for name in ("accuracy", "accuracy_interval", "majority_accuracy", "confusion", "per_class"):
        del report[name]
    for epoch in report["epochs"]:
        epoch["val_error"] = epoch.pop("val_accuracy")
    report |= {"score": score, "baseline": {"name": "a simple method", "error": 0.5}}
    path.write_text(json.dumps(report if log_loss is None else report | {"log_loss": log_loss}))
    manifest = Manifest.read(folder)
    manifest.files.update(describe_files(folder, ["report.json"]))
    manifest.write(folder)
    return folder
