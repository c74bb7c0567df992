"""Trainings of an encoder from RUN_DIR to bundle."""

import dataclasses
import errno
import shutil

import numpy as np
import onnx
import pytest
import torch

from tests.training.datasets import sentences, start, text_run_dir, told
from tests.training.kinds.sentences.encoders.conftest import interrupt_after_two_epochs
from tests.training.tiny_encoder import write_encoder
from training.bundle.manifest import Manifest, verify
from training.bundle.onnx_classifier import OnnxClassifier
from training.ground.errors import TrainingFailed
from training.ground.recipe import resolve
from training.kinds.sentences.catalog import without_encoder
from training.kinds.sentences.encoders import fit, states
from training.kinds.sentences.encoders.files import _load
from training.kinds.sentences.encoders.specs import ENCODERS
from training.kinds.sentences.preprocess import TextPreprocess
from training.restore import load_classifier
from training.train import train

TEXT = "textclassification"
SMALL = {"model": "minilm", "preset": "balanced", "epochs": 6, "batch_size": 8, "backbone_rate": 1.0}


@pytest.fixture(autouse=True)
def many_examples(monkeypatch):
    """The sentences of the tests count as many; of a few, all layers learn (test_few_examples)."""
    monkeypatch.setattr(fit, "_FEW", 0)


def trained(folder, **values):
    run, stream = start(text_run_dir(folder, **{"model": "minilm", **values}))
    train(run)
    return run.folder / "bundle", stream


@pytest.mark.parametrize("values", [{"preset": "quick"}, SMALL, SMALL | {"preset": "best"}], ids=str)
def test_it_learns_and_trainer_onnx_and_pt_agree(tmp_path, encoder_folder, values):
    folder, stream = trained(tmp_path, **values)
    assert told(stream, "result")[0]["accuracy"] >= 0.75
    assert not [e for e in told(stream, "warning") if "encoder" in e["message"].lower()]
    verify(folder, Manifest.read(folder))
    classifier = OnnxClassifier(folder)
    assert classifier.manifest.model == "minilm"
    inputs = [s for s, _ in sentences()] + ["", "something never seen", "rain " * 500, "今天 [PAD]"]
    preprocess = TextPreprocess.from_json(classifier.manifest.preprocess, folder)
    from_pt = load_classifier(folder / "model.pt")
    with torch.no_grad():
        expected = np.concatenate([from_pt(torch.from_numpy(preprocess.encode([s]))).numpy() for s in inputs])
    assert np.abs(classifier.predict(inputs) - expected).max() < 1e-4


def weights(folder):
    state = torch.load(folder / "model.pt", weights_only=True)["state_dict"]
    return {name: tensor.float() if tensor.is_floating_point() else tensor for name, tensor in state.items()}


def test_only_the_last_layers_learn(tmp_path, encoder_folder):
    before = _load(encoder_folder, ENCODERS["minilm"], [])[0].state_dict()
    folder, _ = trained(tmp_path, **SMALL)
    after = weights(folder)
    changed = {name for name, tensor in before.items() if not torch.equal(tensor, after[f"encoder.{name}"])}
    assert {name.split(".")[1] for name in changed} == {"2"}
    assert not torch.equal(before["layers.2.inner.weight"], after["encoder.layers.2.inner.weight"])


def test_nothing_of_the_encoder_learns_in_a_quick_training(tmp_path, encoder_folder):
    before = _load(encoder_folder, ENCODERS["minilm"], [])[0].state_dict()
    after = weights(trained(tmp_path)[0])
    assert all(torch.equal(tensor, after[f"encoder.{name}"]) for name, tensor in before.items())


def test_layers_take_16_bits_and_the_head_32(tmp_path, encoder_folder):
    folder, _ = trained(tmp_path, **SMALL)
    state = torch.load(folder / "model.pt", weights_only=True)["state_dict"]
    assert (
        state["encoder.words.weight"].dtype == state["encoder.layers.1.inner.weight"].dtype == torch.float16
    )
    assert state["encoder.layers.2.inner.weight"].dtype == torch.float16
    assert state["head.weight"].dtype == torch.float32
    graph = onnx.load(folder / "model.onnx").graph
    kinds = [tensor.data_type for tensor in graph.initializer if len(tensor.dims) == 2]
    assert kinds.count(onnx.TensorProto.FLOAT16) > kinds.count(onnx.TensorProto.FLOAT)


def test_the_same_seed_gives_the_same_model(tmp_path, encoder_folder):
    one, other = (weights(trained(tmp_path / name, **SMALL)[0]) for name in ("one", "other"))
    assert all(torch.equal(one[name], other[name]) for name in one)


def test_states_in_a_file_say_the_same_and_leave_nothing(tmp_path, encoder_folder, monkeypatch):
    expected = weights(trained(tmp_path / "memory", **SMALL)[0])
    monkeypatch.setattr(states, "_IN_MEMORY_BYTES", 0)
    folder, _ = trained(tmp_path / "file", **SMALL)
    found = weights(folder)
    assert all(torch.equal(found[name], expected[name]) for name in expected)
    assert {path.name for path in folder.parent.iterdir()} == {
        "bundle",
        "config.json",
        "data",
        "checkpoint",
        "early",
    }


def test_a_disk_that_is_too_small_for_the_states_is_told(tmp_path, encoder_folder, monkeypatch):
    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(states, "_IN_MEMORY_BYTES", 0)
    monkeypatch.setattr(states.os, "posix_fallocate", full)
    with pytest.raises(TrainingFailed) as failure:
        trained(tmp_path, **SMALL)
    assert failure.value.code == "disk_full"


def test_an_interrupted_training_goes_on_to_the_same_model(tmp_path, encoder_folder, monkeypatch):
    expected = weights(trained(tmp_path / "whole", **SMALL)[0])
    folder = text_run_dir(tmp_path / "parts", **SMALL)
    interrupt_after_two_epochs(folder, monkeypatch)
    run, stream = start(folder)
    train(run)
    assert any("Continued" in event["message"] for event in told(stream, "log"))
    found = weights(folder / "bundle")
    assert all(torch.equal(found[name], expected[name]) for name in expected)


@pytest.mark.parametrize(("preset", "instead"), [("quick", "bag_of_ngrams"), ("balanced", "lstm")])
def test_without_weights_something_else_is_trained_and_said(tmp_path, monkeypatch, preset, instead):
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.setenv("HF_HOME", str(tmp_path))
    small = {"hidden": 16, "embedding": 12, "epochs": 1} if preset == "balanced" else {}
    folder, stream = trained(tmp_path / "run", preset=preset, **small)
    assert Manifest.read(folder).model == instead
    (warning,) = [e["message"] for e in told(stream, "warning") if "MiniLM" in e["message"]]
    title = {"lstm": "LSTM", "bag_of_ngrams": "Bag of n-grams"}[instead]
    assert f"so the {title} was trained instead" in warning


def test_what_the_user_chose_stays_without_weights():
    chosen = resolve(TEXT, {"preset": "balanced", "model": "minilm", "epochs": 5, "batch_size": 64})
    changed = without_encoder(chosen)
    usual = resolve(TEXT, {"preset": "balanced", "model": "lstm"})
    assert changed == dataclasses.replace(usual, epochs=5, batch_size=64)


@pytest.mark.parametrize("form", [{}, {"num_hidden_layers": 2}], ids=["same", "other"])
def test_a_later_training_starts_from_the_layers_of_the_earlier_one(tmp_path, encoder_folder, form):
    earlier, _ = trained(tmp_path / "earlier", **SMALL)
    folder = text_run_dir(tmp_path / "later", **(SMALL | {"backbone_rate": 1e-9}))
    shutil.copytree(earlier, folder / "previous")
    write_encoder(encoder_folder, **form)
    run, stream = start(folder)
    train(run)
    messages = [event["message"] for event in told(stream, "log")]
    assert any("of another form" in message for message in messages) == bool(form)
    before, after = (weights(one)["encoder.layers.0.inner.weight"] for one in (earlier, folder / "bundle"))
    assert torch.equal(before, after)
    if not form:
        before, after = (
            weights(one)["encoder.layers.2.inner.weight"] for one in (earlier, folder / "bundle")
        )
        assert torch.allclose(before, after, atol=1e-5)
