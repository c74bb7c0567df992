"""Training all layers of a picture network, and when the head alone is the better model."""

import json

import numpy as np
import pytest
import torch
from PIL import Image

from tests.training.datasets import COLOURS, encoded, picture, told
from tests.training.kinds.pictures.test_picture_runs import BYTES, trained
from training.bundle.manifest import MEASURED_TENSORS_FILE, Manifest
from training.bundle.onnx_classifier import OnnxClassifier
from training.kinds.pictures import fine_tuning
from training.kinds.pictures.learner import PictureLearner
from training.restore import load_classifier
from training.targets.one_label import ONE_LABEL


@pytest.mark.usefixtures("with_weights")
def test_it_predicts_with_the_mirror_image_in_every_form(tmp_path, monkeypatch):
    # Better than the head alone, which would predict without.
    monkeypatch.setattr(PictureLearner, "evaluate", lambda self: (0.0, 1.0))
    monkeypatch.setattr(fine_tuning, "surpasses", lambda *_: True)
    folder, _ = trained(tmp_path, preset="best", epochs=1, batch_size=8, count=4)
    classifier, from_pt = OnnxClassifier(folder), load_classifier(folder / "model.pt")
    mirrored = [
        encoded(picture(c, 100 + n).transpose(Image.Transpose.FLIP_LEFT_RIGHT))
        for n, c in enumerate(COLOURS.values())
    ]
    assert np.abs(classifier.predict(BYTES) - classifier.predict(mirrored)).max() < 1e-3
    pixels = torch.from_numpy(np.stack([classifier._preprocess.load(data) for data in BYTES]))
    with torch.no_grad():
        assert np.abs(classifier.predict(BYTES) - from_pt(pixels).numpy()).max() < 1e-3


@pytest.mark.usefixtures("with_weights")
def test_fine_tuning_starts_from_the_head(tmp_path):
    # The statistics of these random weights fit no picture, so all blocks take those of the batches.
    values = {"epochs": 1, "batch_size": 8, "frozen_share": 0.0, "learning_rate": 1e-5}
    folder, stream = trained(tmp_path, preset="balanced", **values)
    assert [event["epoch"] for event in told(stream, "epoch")] == [0, 1]
    classifier, from_pt = OnnxClassifier(folder), load_classifier(folder / "model.pt")
    pixels = torch.from_numpy(np.stack([classifier._preprocess.load(data) for data in BYTES]))
    with torch.no_grad():
        assert np.abs(classifier.predict(BYTES) - from_pt(pixels).numpy()).max() < 1e-3


@pytest.mark.usefixtures("with_weights")
@pytest.mark.parametrize("preset", ["balanced", "best"])
def test_where_training_all_layers_gains_nothing_the_head_learns_from_all_pictures(
    tmp_path, monkeypatch, preset
):
    monkeypatch.setattr(PictureLearner, "evaluate", lambda self: (9.0, 0.0))
    folder, stream = trained(tmp_path, preset=preset, epochs=1, batch_size=8)
    report = json.loads((folder / "report.json").read_text())
    assert report["best_epoch"] == 0
    assert (report["train_count"], report["deployed_train_count"]) == (18, 24)
    assert any(
        "no better than training the last layer alone" in event["message"] for event in told(stream, "log")
    )
    manifest = Manifest.read(folder)
    assert MEASURED_TENSORS_FILE in manifest.files
    # Its accuracy is that of the early model, which is the head as it was measured.
    assert told(stream, "early")[0]["accuracy"] == pytest.approx(manifest.accuracy)


@pytest.mark.usefixtures("with_weights")
def test_a_network_that_is_right_by_luck_does_not_replace_the_head(tmp_path, monkeypatch):
    with monkeypatch.context() as patch:
        # Every picture right, and not one of them with certainty.
        patch.setattr(PictureLearner, "evaluate", lambda self: (0.0, 1.0))
        patch.setattr(PictureLearner, "probabilities", lambda self: np.full((6, 3), 1 / 3, np.float32))
        folder, _ = trained(tmp_path / "network", preset="best", epochs=1, batch_size=8)
    report = json.loads((folder / "report.json").read_text())
    assert (report["best_epoch"], report["deployed_train_count"]) == (0, 24)
    # The network is again as it came.
    monkeypatch.setattr(PictureLearner, "evaluate", lambda self: (9.0, 0.0))
    alone, _ = trained(tmp_path / "head", preset="best", epochs=1, batch_size=8)
    after, expected = (
        load_classifier(bundle / "model.pt").model.network.state_dict() for bundle in (folder, alone)
    )
    assert all(torch.equal(after[name], tensor) for name, tensor in expected.items())


def test_few_pictures_more_do_not_outweigh_worse_probabilities():
    truth = np.arange(400) % 2
    sure = np.where(truth[:, None] == np.arange(2), 0.97, 0.03).astype(np.float32)
    sure[:10] = sure[:10, ::-1]
    unsure = np.where(truth[:, None] == np.arange(2), 0.6, 0.4).astype(np.float32)
    unsure[::2] = 0.5 + (unsure[::2] - 0.5) / 20
    loss = float(-np.log(sure[np.arange(400), truth]).mean())
    assert not fine_tuning.surpasses(ONE_LABEL, truth, unsure, loss)
    # Smoothed labels make a network less sure than it is; that is mended before it is judged.
    smoothed = sure**0.3 / (sure**0.3).sum(1, keepdims=True)
    assert fine_tuning.surpasses(ONE_LABEL, truth, smoothed, 1.05 * loss)
