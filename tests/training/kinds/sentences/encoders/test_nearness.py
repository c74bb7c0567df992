"""What is far from all that an encoder learned from gets less sure answers."""

import numpy as np
import pytest
import torch

from tests.training.kinds.sentences.test_left_out import sentences, trained
from training.bundle.onnx_classifier import OnnxClassifier
from training.kinds.sentences.encoders.nearness import LEAST, find_centres, looked_at, nearness
from training.kinds.sentences.preprocess import TextPreprocess
from training.restore import load_classifier


def clusters(each=40):
    """Sentences of two classes, the first of which lies around two directions."""
    directions = torch.eye(6)[[0, 1, 2]].repeat_interleave(each, 0)
    return 5 * (directions + 0.02 * torch.randn(len(directions), 6)), np.repeat([0, 0, 1], each)


def test_what_is_learned_from_is_near_and_other_directions_are_far():
    embeddings, labels = clusters()
    centres = find_centres(embeddings, labels)
    assert centres.norm(dim=1).numpy() == pytest.approx(1, abs=1e-3)
    assert nearness(embeddings, centres).min() > 0.99
    # The length says nothing.
    assert nearness(0.1 * torch.eye(6)[:3], centres).min() > 0.99
    assert nearness(torch.eye(6)[3:], centres).max() < 0.2
    assert nearness(-torch.eye(6)[:1], centres).item() == pytest.approx(LEAST)


def test_centres_lose_nothing_in_16_bits_and_are_few():
    embeddings, labels = clusters(200)
    centres = find_centres(embeddings, labels)
    assert torch.equal(centres.half().float(), centres)
    assert len(centres) == 16
    many = torch.randn(5000, 6)
    assert len(find_centres(many, np.arange(5000))) == 5000


def test_a_class_of_one_sentence_has_one_centre():
    embeddings, labels = clusters()
    centres = find_centres(torch.cat([embeddings, 9 * torch.eye(6)[5:]]), np.append(labels, 2))
    assert centres[-1].tolist() == [0, 0, 0, 0, 0, 1]


def test_the_same_few_sentences_of_each_class_are_looked_at():
    labels = np.random.default_rng(1).permutation(np.repeat([0, 1, 2], [500, 64, 3]))
    part = np.flatnonzero(np.arange(len(labels)) % 10 > 0)
    found = looked_at(part, labels, 7)
    counts = np.bincount(labels[part], minlength=3)
    assert np.bincount(labels[found], minlength=3).tolist() == np.minimum(counts, 64).tolist()
    assert np.isin(found, part).all() and (np.diff(found) > 0).all()
    assert np.array_equal(found, looked_at(part, labels, 7))
    assert not np.array_equal(found, looked_at(part, labels, 8))


def test_a_model_of_few_classes_has_no_centres(tmp_path, encoder_folder):
    few = [(text, topic) for text, topic in sentences() if topic in ("food", "people")]
    folder, _ = trained(tmp_path, few, model="minilm", preset="quick")
    assert "centres" not in torch.load(folder / "model.pt", weights_only=True)["state_dict"]


def test_trainer_onnx_and_pt_agree_near_and_far(tmp_path, encoder_folder):
    folder, _ = trained(tmp_path, sentences(), model="minilm", preset="balanced", epochs=2)
    classifier = OnnxClassifier(folder)
    inputs = ["the rain and the snow", "on the", "", "zebra [PAD] 今天", "cake " * 300]
    preprocess = TextPreprocess.from_json(classifier.manifest.preprocess, folder)
    from_pt = load_classifier(folder / "model.pt")
    with torch.no_grad():
        expected = np.concatenate([from_pt(torch.from_numpy(preprocess.encode([s]))).numpy() for s in inputs])
    assert np.abs(classifier.predict(inputs) - expected).max() < 1e-4
    assert torch.load(folder / "model.pt", weights_only=True)["state_dict"]["centres"].dtype == torch.float16


def test_a_model_of_before_has_no_centres_and_works(tmp_path, encoder_folder):
    folder, _ = trained(tmp_path, sentences(), model="minilm", preset="quick")
    kept = torch.load(folder / "model.pt", weights_only=True)
    ids = torch.tensor([[2, 9, 10, 3]])
    now = load_classifier(folder / "model.pt")(ids)
    del kept["state_dict"]["centres"]
    torch.save(kept, folder / "before.pt")
    before = load_classifier(folder / "before.pt")(ids)
    assert now.argmax() == before.argmax()
    assert now.max() < before.max()
