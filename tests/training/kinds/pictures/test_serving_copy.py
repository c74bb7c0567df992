"""The copy for serving is kept only where it answers as the model does."""

import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from tests.training.datasets import picture_run_dir, start
from training.bundle import onnx_classifier
from training.bundle.manifest import ONNX_FILE, SERVING_COPY_FILE, Manifest, verify
from training.bundle.onnx_classifier import OnnxClassifier, served_file
from training.kinds.pictures import serving_copy
from training.train import train

SMALL = {
    "model": "mobilenet_v3_small",
    "preset": "quick",
    "pretrained": True,
    "data_split": 0.5,
    "serving_copy": True,
}


def one_trained(folder: Path, **more: Any) -> Path:
    run, _ = start(picture_run_dir(folder, **SMALL | more))
    train(run)
    return run.folder / "bundle"


@pytest.fixture
def enough(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(serving_copy, "_LEAST_COMPARED", 6)


@pytest.mark.usefixtures("with_weights", "enough")
@pytest.mark.slow
def test_a_copy_that_agrees_is_in_the_bundle_and_answers(tmp_path: Path, monkeypatch: Any) -> None:
    # Random weights round badly; what is tested here is the way of the file, not how good networks round.
    monkeypatch.setattr(serving_copy, "LEAST_AGREEMENT", 0.0)
    monkeypatch.setattr(serving_copy, "MOST_SCORE_LOST", 1.0)
    monkeypatch.setattr(onnx_classifier, "quick_with_integers", lambda: True)
    folder = one_trained(tmp_path)
    manifest = Manifest.read(folder)
    verify(folder, manifest)
    assert served_file(manifest.files) == SERVING_COPY_FILE
    found = json.loads((folder / "report.json").read_text())["serving_copy"]
    assert found["kept"]
    assert found["count"] >= 6
    assert 0 <= found["agreement"] <= 1
    assert (folder / SERVING_COPY_FILE).stat().st_size < (folder / ONNX_FILE).stat().st_size
    whole, copy = OnnxClassifier(folder), OnnxClassifier(folder, copy=True)
    buffer = io.BytesIO()
    Image.new("RGB", (40, 30), "red").save(buffer, "PNG")
    one, other = whole.predict([buffer.getvalue()]), copy.predict([buffer.getvalue()])
    assert one.shape == other.shape
    assert other.sum() == pytest.approx(1, abs=1e-4)
    assert not np.array_equal(one, other)


@pytest.mark.usefixtures("with_weights", "enough")
@pytest.mark.slow
def test_a_copy_that_does_not_agree_is_left_out_and_told(tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.setattr(serving_copy, "LEAST_AGREEMENT", 1.01)
    folder = one_trained(tmp_path)
    assert not (folder / SERVING_COPY_FILE).exists()
    assert SERVING_COPY_FILE not in Manifest.read(folder).files
    assert json.loads((folder / "report.json").read_text())["serving_copy"]["kept"] is False


@pytest.mark.usefixtures("with_weights", "enough")
@pytest.mark.slow
def test_a_failure_costs_the_copy_alone(tmp_path: Path, monkeypatch: Any, capfd: Any) -> None:
    monkeypatch.setattr(serving_copy, "quantize_static", lambda *_, **__: 1 / 0)
    folder = one_trained(tmp_path)
    verify(folder, Manifest.read(folder))
    assert not (folder / SERVING_COPY_FILE).exists()
    assert "ZeroDivisionError" in capfd.readouterr().err


def test_a_copy_is_served_where_the_processor_is_made_for_it(monkeypatch: Any) -> None:
    both: dict[str, Any] = {ONNX_FILE: {}, SERVING_COPY_FILE: {}}
    monkeypatch.setattr(onnx_classifier, "quick_with_integers", lambda: True)
    assert (served_file(both), served_file({ONNX_FILE: {}})) == (SERVING_COPY_FILE, ONNX_FILE)
    monkeypatch.setattr(onnx_classifier, "quick_with_integers", lambda: False)
    assert served_file(both) == ONNX_FILE
