"""What training does on a GPU, on one that is pretended: everything lies where it is computed with."""

import json
import math
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import torch

from tests.training.datasets import picture_run_dir, start, text_run_dir, told
from tests.training.pretend_gpu import PretendGpu, PretendGraph, is_there
from training.engine import step_graphs
from training.engine.loop import Training
from training.ground.errors import Interrupted
from training.kinds.pictures import fine_tuning
from training.kinds.pictures.learner import PictureLearner
from training.train import train


@pytest.fixture
def pretend_gpu(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """This thread has a GPU like an A10G."""
    autocast, free = torch.autocast, 20 << 30
    pretended = {
        "is_available": lambda: True,
        "device_count": lambda: 1,
        "get_device_name": lambda device=None: "NVIDIA A10G",
        "get_device_capability": lambda device=None: (8, 6),
        "is_bf16_supported": lambda including_emulation=True: True,
        "mem_get_info": lambda device=None: (free, free),
        "max_memory_allocated": lambda device=None: 1 << 20,
        "get_rng_state": lambda device="cuda": torch.zeros(16, dtype=torch.uint8),
        "set_rng_state": lambda state, device="cuda": None,
    }
    for name, function in pretended.items():
        monkeypatch.setattr(torch.cuda, name, function)
    monkeypatch.setattr(step_graphs, "record", PretendGraph)
    monkeypatch.setattr(torch.nn.RNNBase, "flatten_parameters", lambda self: None)
    monkeypatch.setattr(torch.Tensor, "pin_memory", lambda self: self)
    monkeypatch.setattr(torch, "autocast", lambda kind, dtype: autocast("cpu", dtype=dtype))
    # Not every processor has oneDNN's kernels for a recurrent network in half precision; plain ones always do.
    before = torch._C._get_mkldnn_enabled()
    torch._C._set_mkldnn_enabled(False)
    with PretendGpu():
        yield
    torch._C._set_mkldnn_enabled(before)


def trained_on_gpu(folder: Path) -> tuple[dict[str, Any], list[str]]:
    """Train in `folder`; the report and the lines of the log."""
    run, stream = start(folder)
    train(run)
    report = json.loads((folder / "bundle/report.json").read_text())
    assert report["device"] == "NVIDIA A10G"
    assert math.isfinite(told(stream, "epoch")[-1]["val_loss"])
    return report, [event["message"] for event in told(stream, "log")]


def tiny_network(folder: Path, preset: str = "balanced") -> Path:
    """RUN_DIR of a training of all layers, all of them on the GPU."""
    values = {"epochs": 2, "batch_size": 8, "learning_rate": 1e-4, "frozen_share": 0.3, "class_weights": True}
    return picture_run_dir(folder, preset=preset, model="mobilenet_v3_small", **values)


def after_each_step(patch: pytest.MonkeyPatch, look: Callable[[Training], None]) -> None:
    """Let `look` see the training after each of its steps."""
    step = Training._step

    def watched(self: Training, batch: Any, steps: int) -> None:
        step(self, batch, steps)
        look(self)

    patch.setattr(Training, "_step", watched)


@pytest.mark.usefixtures("pretend_gpu")
def test_the_pretended_gpu_refuses_what_a_gpu_would():
    here, there = torch.ones(3), torch.ones(3, device="cuda")
    assert is_there(there)
    assert is_there((there * 2).sum())
    assert not is_there(there.cpu())
    with pytest.raises(RuntimeError, match="same device"):
        here + there
    with pytest.raises(RuntimeError, match="same device"):
        here[torch.zeros(1, dtype=torch.long, device="cuda")]
    with pytest.raises(TypeError, match="numpy"):
        there.numpy()
    layer = torch.nn.Linear(3, 1).to("cuda")
    layer(there).sum().backward()
    assert is_there(layer.weight.grad)
    with pytest.raises(RuntimeError, match="same device"):
        layer(here)


@pytest.mark.usefixtures("with_weights", "pretend_gpu")
def test_features_and_head(tmp_path):
    folder = picture_run_dir(tmp_path, preset="quick", model="mobilenet_v3_small")
    trained_on_gpu(folder)


@pytest.mark.usefixtures("with_weights", "pretend_gpu")
@pytest.mark.parametrize("surpasses", [True, False])
def test_all_layers(tmp_path, monkeypatch, surpasses):
    evaluate = PictureLearner.evaluate
    monkeypatch.setattr(PictureLearner, "evaluate", lambda self: (evaluate(self)[0], 1.0))
    monkeypatch.setattr(fine_tuning, "surpasses", lambda *_: surpasses)
    report, log = trained_on_gpu(tiny_network(tmp_path, "best"))
    assert report["best_epoch"] == (2 if surpasses else 0)
    assert "The training used up to 1 MB of the GPU's memory." in log


@pytest.mark.usefixtures("with_weights", "pretend_gpu")
def test_pictures_that_do_not_fit_into_the_gpu(tmp_path, monkeypatch):
    monkeypatch.setattr(torch.cuda, "mem_get_info", lambda device: (1 << 10, 1 << 30))
    trained_on_gpu(tiny_network(tmp_path))


@pytest.mark.usefixtures("with_weights", "pretend_gpu")
def test_a_gpu_without_bfloat16(tmp_path, monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda including_emulation: False)
    factors: list[torch.Tensor | None] = []
    after_each_step(monkeypatch, lambda training: factors.append(training.scale.factor))
    trained_on_gpu(tiny_network(tmp_path))
    assert factors
    assert all(factor is not None and is_there(factor) for factor in factors)


@pytest.mark.usefixtures("pretend_gpu")
@pytest.mark.parametrize("model", ["lstm", "gru"])
def test_sentences(tmp_path, model):
    trained_on_gpu(text_run_dir(tmp_path, preset="best", model=model, epochs=3))


@pytest.mark.usefixtures("with_weights", "pretend_gpu")
def test_an_interrupted_training_goes_on(tmp_path):
    folder = tiny_network(tmp_path)
    run, _ = start(folder)
    with pytest.MonkeyPatch.context() as patch:
        after_each_step(patch, lambda training: training.control.interrupt())
        with pytest.raises(Interrupted):
            train(run)
    _, log = trained_on_gpu(folder)
    assert "Continued from the checkpoint in epoch 1." in log
