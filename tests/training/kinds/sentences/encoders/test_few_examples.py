"""Trainings from a few examples of each class: all layers of the encoder learn from how the classes differ."""

from itertools import islice

import numpy as np
import pytest
import torch
from tokenizers import Tokenizer

from tests.training.datasets import sentences, start, text_run_dir, told
from tests.training.kinds.sentences.encoders.conftest import interrupt_after_two_epochs
from training.bundle.manifest import MEASURED_ONNX_FILE, Manifest, verify
from training.bundle.onnx_classifier import OnnxClassifier
from training.kinds.sentences.encoders import contrast, fit
from training.kinds.sentences.encoders.files import _load
from training.kinds.sentences.encoders.specs import ENCODERS
from training.kinds.sentences.encoders.states import embed
from training.kinds.sentences.preprocess import TextPreprocess
from training.restore import load_classifier
from training.train import train

CPU = torch.device("cpu")
VALUES = {"model": "minilm", "preset": "balanced", "epochs": 6}


def trained(folder, **values):
    run, stream = start(text_run_dir(folder, **(VALUES | values)))
    train(run)
    return run.folder / "bundle", stream


def weights(folder):
    state = torch.load(folder / "model.pt", weights_only=True)["state_dict"]
    return {name: tensor.float() if tensor.is_floating_point() else tensor for name, tensor in state.items()}


def test_all_layers_learn_and_trainer_onnx_and_pt_agree(tmp_path, encoder_folder):
    before = _load(encoder_folder, ENCODERS["minilm"], [])[0].state_dict()
    folder, stream = trained(tmp_path)
    verify(folder, Manifest.read(folder))
    after = weights(folder)
    changed = {name for name, tensor in before.items() if not torch.equal(tensor, after[f"encoder.{name}"])}
    assert {name.split(".")[1] for name in changed if name.startswith("layers")} == {"0", "1", "2"}
    assert torch.equal(before["words.weight"], after["encoder.words.weight"])
    assert any("all layers of the encoder learn" in event["message"] for event in told(stream, "log"))
    shares = [event["progress"] for event in told(stream, "progress")]
    assert shares == sorted(shares)
    classifier, inputs = OnnxClassifier(folder), [text for text, _ in sentences()]
    preprocess = TextPreprocess.from_json(classifier.manifest.preprocess, folder)
    from_pt = load_classifier(folder / "model.pt")
    with torch.no_grad():
        expected = np.concatenate([from_pt(torch.from_numpy(preprocess.encode([s]))).numpy() for s in inputs])
    assert np.abs(classifier.predict(inputs) - expected).max() < 1e-4


def test_the_encoder_that_was_measured_has_not_seen_the_validation_part(tmp_path, encoder_folder):
    folder, _ = trained(tmp_path)
    texts = [text for text, _ in sentences()]
    deployed = OnnxClassifier(folder).predict(texts)
    (folder / "model.onnx").write_bytes((folder / MEASURED_ONNX_FILE).read_bytes())
    assert np.abs(OnnxClassifier(folder).predict(texts) - deployed).max() > 1e-4


def test_where_few_were_measured_the_encoder_decides_alone(tmp_path, encoder_folder, monkeypatch):
    folder, _ = trained(tmp_path / "one")
    assert not weights(folder)["ngrams.weight"].any()
    monkeypatch.setattr(fit, "_ENOUGH_TO_VOTE", 1)
    assert weights(trained(tmp_path / "other")[0])["ngrams.weight"].any()


def test_many_examples_teach_the_last_layers_alone(tmp_path, encoder_folder, monkeypatch):
    monkeypatch.setattr(fit, "_FEW", 0)
    _, stream = trained(tmp_path)
    assert not any("all layers" in event["message"] for event in told(stream, "log"))


def test_an_interrupted_training_goes_on_to_the_same_model(tmp_path, encoder_folder, monkeypatch):
    expected = weights(trained(tmp_path / "whole")[0])
    folder = text_run_dir(tmp_path / "parts", **VALUES)
    interrupt_after_two_epochs(folder, monkeypatch)
    run, _ = start(folder)
    train(run)
    found = weights(folder / "bundle")
    assert all(torch.equal(found[name], expected[name]) for name in expected)


def test_contrast_moves_classes_apart(encoder_folder, monkeypatch):
    # Random weights have more to learn than a real encoder's.
    monkeypatch.setattr(contrast, "_RATE", 3e-3)
    encoder, rows, labels = of_two_classes(encoder_folder)
    before = apart(encoder, rows, labels)
    contrast.contrast(encoder, rows, labels, seed=1, device=CPU, tell=lambda _: None)
    assert apart(encoder, rows, labels) > before + 0.3


def test_contrast_tells_how_far_it_is_and_can_be_stopped(encoder_folder):
    shares = []

    def tell(share):
        shares.append(share)
        if share >= 0.5:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        contrast.contrast(*of_two_classes(encoder_folder), seed=1, device=CPU, tell=tell)
    assert shares == sorted(shares) and shares[0] == 0.0 and shares[-1] == 0.5


def test_of_many_examples_each_batch_has_pairs_and_all_take_turns():
    labels = np.repeat(np.arange(50), 6)
    batches = list(islice(contrast._batches(labels, np.random.default_rng(1)), 5))
    seen = np.concatenate(batches)
    assert all(len(batch) == 64 for batch in batches)
    assert np.bincount(seen[:300]).tolist() == [1] * 300
    for batch in batches:
        assert (np.bincount(labels[batch])[np.unique(labels[batch])] % 2 == 0).all()


def test_a_class_with_one_example_is_no_obstacle(encoder_folder):
    encoder, rows, labels = of_two_classes(encoder_folder)
    labels[0] = 2
    contrast.contrast(encoder, rows, labels, seed=1, device=CPU, tell=lambda _: None)
    assert torch.isfinite(embed(encoder, rows, CPU)).all()


def of_two_classes(encoder_folder):
    encoder, text = _load(encoder_folder, ENCODERS["minilm"], [])
    tokenizer = Tokenizer.from_str(text)
    texts, names = zip(*sentences(), strict=True)
    rows = [tokenizer.encode(text).ids[:32] for text in texts]
    return encoder.eval(), rows, np.unique(names, return_inverse=True)[1].astype(np.int64)


def apart(encoder, rows, labels):
    """Mean cosine of sentences of one class less that of sentences of two."""
    unit = torch.nn.functional.normalize(embed(encoder, rows, CPU, half=False), dim=1)
    cosines, alike = (unit @ unit.T).numpy(), labels[:, None] == labels[None, :]
    return cosines[alike & ~np.eye(len(labels), dtype=bool)].mean() - cosines[~alike].mean()
