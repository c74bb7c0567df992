"""What can be used before the training has ended, and how it ends when its owner has seen enough."""

import json
import os
import signal

import pytest

from tests.training.datasets import picture_run_dir, start, text_run_dir, told
from training.bundle.manifest import Manifest, verify
from training.ground.control import Control
from training.ground.errors import TrainingFailed
from training.train import train


def test_the_ngrams_of_a_network_are_a_model_of_their_own(tmp_path):
    run, stream = start(text_run_dir(tmp_path / "run", model="lstm", epochs=1))
    train(run)
    early, final = Manifest.read(run.folder / "early"), Manifest.read(run.folder / "bundle")
    verify(run.folder / "early", early)
    assert (early.model, final.model) == ("bag_of_ngrams", "lstm")
    assert early.classes == final.classes
    assert [event["accuracy"] for event in told(stream, "early")] == [early.accuracy]
    report = json.loads((run.folder / "early" / "report.json").read_text())
    assert report["early"] is True
    assert report["log_loss"] > 0


def test_it_is_told_before_the_first_epoch(tmp_path):
    run, stream = start(text_run_dir(tmp_path / "run", model="gru", epochs=1))
    train(run)
    kinds = [json.loads(line)["event"] for line in stream.getvalue().splitlines()]
    assert kinds.index("early") < kinds.index("epoch")


def test_a_quick_training_has_no_earlier_model(tmp_path):
    run, stream = start(text_run_dir(tmp_path / "run"))
    train(run)
    assert not told(stream, "early")
    assert not (run.folder / "early").exists()


def test_the_head_of_a_network_is_a_model_of_its_own(tmp_path, with_weights):
    values = {"model": "mobilenet_v3_small", "preset": "balanced", "epochs": 1, "batch_size": 8}
    run, stream = start(picture_run_dir(tmp_path / "run", **values))
    train(run)
    verify(run.folder / "early", Manifest.read(run.folder / "early"))
    (accuracy,) = [event["accuracy"] for event in told(stream, "early")]
    assert accuracy == pytest.approx(told(stream, "epoch")[0]["val_accuracy"])


def test_an_early_model_that_cannot_be_written_costs_nothing(tmp_path, monkeypatch):
    run, stream = start(text_run_dir(tmp_path / "run", model="lstm", epochs=1))
    (run.folder / "early.tmp").write_text("a file where a folder should be")
    train(run)
    assert not told(stream, "early")
    assert (run.folder / "bundle" / "model.json").exists()


def test_whoever_has_seen_enough_gets_the_best_epoch_so_far(tmp_path, monkeypatch):
    run, stream = start(text_run_dir(tmp_path / "run", model="lstm", epochs=200, early_stopping=0))
    tell = run.events.epoch

    def enough(figures, epochs):
        tell(figures, epochs)
        run.control.finish()

    monkeypatch.setattr(run.events, "epoch", enough)
    train(run)
    assert len(told(stream, "epoch")) == 1
    assert any(event["message"].startswith("The training was stopped") for event in told(stream, "warning"))
    assert (run.folder / "bundle" / "model.json").exists()


def test_sigusr1_only_asks():
    control = Control()
    before = signal.getsignal(signal.SIGUSR1)
    try:
        control.catch_sigusr1()
        os.kill(os.getpid(), signal.SIGUSR1)
        assert control.out_of_time
        assert not control.interrupted
        control.check()
    finally:
        signal.signal(signal.SIGUSR1, before)


def test_before_the_first_epoch_there_is_nothing_to_keep(tmp_path):
    control = Control()
    control.finish()
    run, _ = start(text_run_dir(tmp_path / "run", model="lstm", epochs=3), control)
    with pytest.raises(TrainingFailed, match="The training was stopped before the first epoch"):
        train(run)
    assert (run.folder / "early" / "model.json").exists()
