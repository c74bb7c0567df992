"""The code of a model trains it again without Flash, as a script and as a notebook, and is as good as Flash said."""

import json
import os
import re
import subprocess
import sys
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from modelstore.bundles.code_files import code_files
from modelstore.bundles.standalone_files import write_files
from modelstore.models import TrainedModel
from tests.training.datasets import picture_run_dir, start, text_run_dir
from tests.training.tiny_encoder import FOLDER, write_encoder
from training.kinds.sentences.encoders import fit
from training.train import train

pytestmark = [pytest.mark.slow]
# Runs the script, then the cells of the notebook as an editor does: one after another, with the same names.
RUN_BOTH = """
import json, os, runpy
runpy.run_path("train.py", run_name="__main__")
os.rename("model.onnx", "of_the_script.onnx")
names = {"__name__": "__main__"}
for cell in json.load(open("train.ipynb"))["cells"]:
    if cell["cell_type"] == "code":
        exec("".join(cell["source"]), names)
"""
SMALL_NET = {"model": "mobilenet_v3_small"}
SMALL_READER = {"hidden": 8, "embedding": 8, "layers": 2, "epochs": 8, "batch_size": 8, "learning_rate": 0.03}
TUNED = {**SMALL_NET, "preset": "balanced", "epochs": 2, "batch_size": 8}
CONTENTS = {"pictures": picture_run_dir, "sentences": text_run_dir}


def published(folder: Path) -> TrainedModel:
    """A row, in no database, of the bundle in `folder`."""
    manifest = json.loads((folder / "model.json").read_text())
    return TrainedModel(
        task_type=manifest["task"],
        task_name="Try it",
        model_name=manifest["model"],
        classes=manifest["classes"],
        score_name="accuracy",
        score_value=manifest["accuracy"],
        score_low=manifest["accuracy_interval"][0],
        score_high=manifest["accuracy_interval"][1],
        manifest=manifest,
        report=json.loads((folder / "report.json").read_text()),
    )


def code_of_a_training(make: Any, tmp_path: Path, **values: Any) -> tuple[Path, dict[str, Any]]:
    """The folder that was downloaded, and the report of the model."""
    # Of fewer validation samples Flash tells no interval.
    job, _ = start(make(tmp_path / "run", data_split=0.6, **values))
    train(job)
    bundle = job.folder / "bundle"
    write_files(code_files(published(bundle), lambda name: (bundle / name).open("rb")), tmp_path / "code")
    return tmp_path / "code", json.loads((bundle / "report.json").read_text())


def ran(command: list[str], folder: Path, **environment: Any) -> str:
    """What a Python says that cannot import Flash."""
    names = ("PATH", "HOME", "TORCH_HOME")
    kept = {name: os.environ[name] for name in names if name in os.environ} | {"OMP_NUM_THREADS": "1"}
    done = subprocess.run(
        [sys.executable, "-P", *command],
        cwd=folder,
        env=kept | {name: str(value) for name, value in environment.items()},
        capture_output=True,
        text=True,
        timeout=900,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def check(folder: Path, report: dict[str, Any], **environment: Any) -> None:
    """Script and notebook reach an accuracy within the interval of Flash, on the same samples."""
    refused = subprocess.run([sys.executable, "-P", "-c", "import training"], cwd=folder, capture_output=True)
    assert refused.returncode == 1
    said = ran(["-c", RUN_BOTH], folder, PYTHONPATH=folder, **environment)
    found = re.findall(r"^accuracy ([\d.]+) on (\d+)", said, re.MULTILINE)
    assert [int(count) for _, count in found] == [report["val_count"]] * 2, said
    assert "not quite the same" not in said
    low, high = report["accuracy_interval"]
    assert all(low <= float(accuracy) <= high for accuracy, _ in found), said
    for name in ("model.pt", "model.onnx", "of_the_script.onnx"):
        assert (folder / name).stat().st_size > 1000


@pytest.mark.usefixtures("with_weights")
@pytest.mark.parametrize(
    "values",
    [
        SMALL_NET,
        {**SMALL_NET, "optimizer": "sgd", "learning_rate": 0.05, "epochs": 5, "class_weights": True},
        {"model": "wavelets"},
        TUNED,
        {**TUNED, "preset": "best", "model": "mobilenet_v3_small", "epochs": 1},
        {**TUNED, "pretrained": False, "learning_rate": 0.003, "epochs": 3, "early_stopping": 2},
    ],
    ids=["head", "head by batches", "wavelets", "all layers", "all layers, best", "from scratch"],
)
def test_code_of_pictures_is_as_good(tmp_path: Path, weights_dir: Path, values: dict[str, Any]) -> None:
    folder, report = code_of_a_training(partial(picture_run_dir, count=12), tmp_path, **values)
    check(folder, report, DATA=tmp_path / "run" / "data", WEIGHTS=weights_dir / "mobilenet_v3_small.pth")


@pytest.mark.parametrize(
    "values",
    [
        {"model": "bag_of_ngrams"},
        {"model": "bag_of_ngrams", "language": "zh", "class_weights": True},
        {"model": "bag_of_ngrams", "language": "th"},
        {"model": "bag_of_ngrams", "optimizer": "adam", "learning_rate": 0.05, "epochs": 4},
        {"model": "lstm", **SMALL_READER},
        {"model": "gru", **SMALL_READER, "networks": 2, "weight_averaging": True},
    ],
    ids=["n-grams", "Chinese", "Thai", "n-grams by batches", "LSTM", "two GRUs"],
)
def test_code_of_sentences_is_as_good(tmp_path: Path, values: dict[str, Any]) -> None:
    folder, report = code_of_a_training(text_run_dir, tmp_path, **values)
    check(folder, report, DATA=tmp_path / "run" / "data" / "data.csv")


@pytest.mark.parametrize(
    ("values", "few"),
    [
        ({"preset": "quick"}, 0),
        ({"preset": "quick", "optimizer": "sgd", "learning_rate": 0.5, "epochs": 5}, 0),
        ({"preset": "balanced", "epochs": 6, "batch_size": 8, "backbone_rate": 1.0}, 0),
        ({"preset": "balanced"}, 24),
    ],
    ids=["frozen", "frozen, by batches", "upper layers", "few examples"],
)
def test_code_of_an_encoder_is_as_good(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, values: dict[str, Any], few: int
) -> None:
    encoder = tmp_path / "weights" / FOLDER
    write_encoder(encoder)
    monkeypatch.setenv("FLASH_WEIGHTS_DIR", os.fspath(encoder.parent))
    monkeypatch.setattr(fit, "_FEW", few)
    monkeypatch.setattr("modelstore.kinds.sentences.code._FEW", few)
    folder, report = code_of_a_training(text_run_dir, tmp_path, model="minilm", **values)
    check(folder, report, DATA=tmp_path / "run" / "data" / "data.csv", ENCODER=encoder)
