"""Preset Quick beside an encoder: the encoder stays as it came, and only where it adds something."""

import pytest
import torch

from tests.training.datasets import start, text_run_dir, told
from training.bundle.manifest import Manifest
from training.kinds.sentences.blended import adds
from training.kinds.sentences.encoders import choosing
from training.kinds.sentences.encoders import fit as encoder_fit
from training.targets.target import target_of
from training.train import train

TARGET = target_of("textclassification", "one_label")
LABELS = torch.arange(300) % 3


def trained(folder, **values):
    """The bundle's model, what was logged, and how many epochs were told."""
    run, stream = start(text_run_dir(folder, **values))
    train(run)
    manifest = Manifest.read(run.folder / "bundle")
    return manifest, [event["message"] for event in told(stream, "log")], len(told(stream, "epoch"))


def logits(seed: int, right: float) -> torch.Tensor:
    noise = torch.randn(len(LABELS), 3, generator=torch.Generator().manual_seed(seed))
    return noise + right * torch.nn.functional.one_hot(LABELS, 3)


def test_two_models_that_know_different_things_add_up_and_noise_adds_nothing():
    ngrams, encoder = logits(1, 1.5), logits(2, 1.5)
    assert adds(ngrams + encoder, ngrams, LABELS, TARGET)
    assert not adds(ngrams + 0.05 * logits(3, 0.0), ngrams, LABELS, TARGET)
    assert not adds(ngrams, 3 * ngrams, LABELS, TARGET), "only the scale differs"


def test_the_default_of_quick_takes_the_encoder_where_it_is_there(tmp_path, encoder_folder):
    manifest, _, _ = trained(tmp_path)
    assert manifest.model == "minilm"
    assert manifest.config["freeze"] is True


def test_an_encoder_that_adds_nothing_is_left_out(tmp_path, encoder_folder, monkeypatch):
    monkeypatch.setattr(encoder_fit, "_ENOUGH_TO_VOTE", 1)
    monkeypatch.setattr(encoder_fit, "adds", lambda *_: False)
    manifest, logs, epochs = trained(tmp_path)
    assert manifest.model == "bag_of_ngrams"
    assert any("encoder adds nothing to the n-grams" in line for line in logs)
    assert epochs > 0
    assert not (tmp_path / "bundle" / "model.onnx").stat().st_size > 1_000_000


def test_one_that_the_user_lets_learn_stays(tmp_path, encoder_folder, monkeypatch):
    monkeypatch.setattr(encoder_fit, "adds", lambda *_: False)
    manifest, _, _ = trained(tmp_path, model="minilm", preset="balanced", epochs=1)
    assert manifest.model == "minilm"


def test_of_more_sentences_than_quick_may_read_the_ngrams_learn(tmp_path, encoder_folder, monkeypatch):
    monkeypatch.setattr(choosing, "_QUICK_PIECES", 10)
    manifest, logs, _ = trained(tmp_path)
    assert manifest.model == "bag_of_ngrams"
    assert any("Preset Balanced reads all" in line for line in logs)


@pytest.mark.parametrize(
    "values", [{"preset": "balanced", "epochs": 1}, {"preset": "balanced", "freeze": True}]
)
def test_other_presets_read_all_whatever_it_takes(tmp_path, encoder_folder, monkeypatch, values):
    monkeypatch.setattr(choosing, "_QUICK_PIECES", 10)
    assert trained(tmp_path, **values)[0].model == "minilm"


@pytest.mark.parametrize("kept", [True, False])
def test_the_curves_end_with_the_model_as_it_answers(tmp_path, encoder_folder, monkeypatch, kept):
    monkeypatch.setattr(encoder_fit, "_ENOUGH_TO_VOTE", 1)
    monkeypatch.setattr(encoder_fit, "adds", lambda *_: kept)
    run, stream = start(text_run_dir(tmp_path))
    train(run)
    (result,) = told(stream, "result")
    last = told(stream, "epoch")[-1]
    assert last["val_accuracy"] == pytest.approx(result["accuracy"])
    assert last["epoch"] == len(told(stream, "epoch"))
