"""What is done otherwise with very many sentences, with a few in their place."""

import json

import numpy as np
import pytest

from tests.training.datasets import start, text_run_dir, told
from training.bundle.manifest import Manifest, verify
from training.kinds.sentences import ngram_fit
from training.kinds.sentences.alike import marks
from training.train import train


@pytest.fixture(autouse=True)
def few_are_many(monkeypatch):
    monkeypatch.setattr(ngram_fit, "MANY", 20)
    monkeypatch.setattr("training.kinds.sentences.evidence.MOST_SIGNED", 20)
    monkeypatch.setattr(marks, "MOST_SIGNED", 20)


def trained(folder, **values):
    run, stream = start(text_run_dir(folder, **values))
    train(run)
    return run.folder / "bundle", stream


def test_they_are_learned(tmp_path):
    folder, stream = trained(tmp_path)
    verify(folder, Manifest.read(folder))
    report = json.loads((folder / "report.json").read_text())
    assert report["accuracy"] >= 0.9
    assert report["deployed_train_count"] == report["train_count"] + report["val_count"]
    assert not report["audit_notes"]
    # It goes no further than it tells.
    assert len(told(stream, "epoch")) < 12
    assert "optimum" in " ".join(event["message"] for event in told(stream, "log"))
    assert not len(np.load(folder / "marks.npz")["signed"])


def test_the_model_does_not_depend_on_the_cores(tmp_path):
    models = [
        (trained(tmp_path / name, threads=threads)[0] / "model.onnx").read_bytes()
        for name, threads in (("one", 1), ("same", 1), ("other", 3))
    ]
    assert models[0] == models[1] == models[2]


def test_they_are_learned_by_mini_batches(tmp_path):
    folder, _ = trained(tmp_path, optimizer="adam", learning_rate=0.05, epochs=4)
    assert json.loads((folder / "report.json").read_text())["accuracy"] >= 0.9


def test_networks_vote_with_them(tmp_path):
    folder, _ = trained(tmp_path, model="lstm", hidden=8, embedding=8, epochs=2)
    assert json.loads((folder / "report.json").read_text())["accuracy"] >= 0.9
