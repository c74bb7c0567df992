"""Training in 16-bit floats: which ones a device gets, and a loss that is scaled where they are float16."""

import json

import pytest
import torch

from tests.training.datasets import picture_run_dir, start, told
from training.engine import device as devices
from training.engine import loop, loss_scale
from training.engine.device import half_precision, mixed_precision
from training.engine.loss_scale import LossScale
from training.engine.optimizers import Group, Optimizer
from training.train import train

CPU, GPU = torch.device("cpu"), torch.device("cuda")


@pytest.mark.parametrize(
    ("name", "capability", "bf16", "kind"),
    [
        ("NVIDIA A10G", (8, 6), True, torch.bfloat16),
        ("Tesla T4", (7, 5), False, torch.float16),
        ("Tesla V100-SXM2-16GB", (7, 0), False, torch.float16),
        ("NVIDIA GeForce GTX 1660", (7, 5), False, None),
        ("Tesla P100-PCIE-16GB", (6, 0), False, None),
    ],
)
def test_a_gpu_gets_the_floats_it_is_built_for(monkeypatch, name, capability, bf16, kind):
    monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda including_emulation=True: bf16)
    monkeypatch.setattr(torch.cuda, "get_device_capability", lambda device: capability)
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda device: name)
    assert half_precision(GPU) is kind


@pytest.fixture
def float16(monkeypatch):
    """This machine's processor trains in float16, as a T4 does."""
    for module in (devices, loop):
        monkeypatch.setattr(module, "half_precision", lambda device: torch.float16)


def gradient(layer: torch.nn.Module, scale: torch.Tensor | None) -> torch.Tensor:
    layer.zero_grad()
    with mixed_precision(CPU):
        out = layer(torch.ones(1, 4))
    torch.autograd.backward((out.float() * 1e-8).sum(), scale)
    return layer.weight.grad


@pytest.mark.usefixtures("float16")
def test_gradients_too_small_for_float16_are_kept():
    layer, scale = torch.nn.Linear(4, 2), LossScale(CPU, wanted=True)
    assert not gradient(layer, None).any()
    gradient(layer, scale.factor)
    assert not scale.take_back(list(layer.parameters()))
    assert layer.weight.grad.flatten().tolist() == pytest.approx([1e-8] * 8, rel=0.01)


@pytest.mark.parametrize("kind", ["sgd", "adam", "adamw"])
def test_a_step_that_overflows_is_left_out(kind):
    weight = torch.nn.Parameter(torch.ones(3))
    optimizer, scale = Optimizer(kind, [Group([weight])], 0.1), LossScale(CPU, wanted=True)
    before = float(scale.factor)

    def step(value: float) -> None:
        weight.grad = torch.tensor([1.0, value, 1.0])
        optimizer.step(0.1, scale.take_back([weight]))

    step(float("inf"))
    assert weight.tolist() == [1, 1, 1]
    assert float(scale.factor) == before / 2
    assert not any(float(step) for state in optimizer.state_dict() for step in state.get("step", []))
    step(1.0)
    assert max(weight.tolist()) < 1


def test_the_factor_grows_after_many_good_steps_and_is_continued(monkeypatch):
    monkeypatch.setattr(loss_scale, "_STEPS_TO_GROW", 3)
    weight = torch.nn.Parameter(torch.ones(1))

    def steps(scale: LossScale, count: int) -> LossScale:
        for _ in range(count):
            weight.grad = torch.ones(1)
            scale.take_back([weight])
        return scale

    first = steps(LossScale(CPU, wanted=True), 2)
    second = LossScale(CPU, wanted=True)
    second.load_state_dict(first.state_dict())
    assert float(steps(second, 1).factor) == 2 * loss_scale._FIRST


def test_in_single_precision_nothing_is_scaled():
    scale = LossScale(CPU, wanted=False)
    assert scale.factor is None
    assert scale.take_back([torch.nn.Parameter(torch.ones(1))]) is None


@pytest.mark.usefixtures("with_weights", "float16")
def test_pictures_are_learned_in_float16(tmp_path):
    values = {"model": "mobilenet_v3_small", "epochs": 2, "batch_size": 8, "frozen_share": 0.0}
    run, stream = start(picture_run_dir(tmp_path, preset="balanced", **values))
    train(run)
    losses = [event["train_loss"] for event in told(stream, "epoch")]
    assert all(loss == loss for loss in losses), losses
    assert json.loads((run.folder / "bundle/report.json").read_text())["accuracy"] > 0.5
