"""The optimizers, the solver and the schedule compute what PyTorch's own compute."""

import math
from dataclasses import replace

import pytest
import torch

from tests.tasks import Task
from training.engine.lbfgs import Lbfgs
from training.engine.optimizers import Group, Optimizer
from training.engine.schedule import Schedule
from training.ground.hyperparameters import ReduceLROnPlateau, StepLR
from training.ground.recipe import resolve

CONFIG = resolve(Task.TEXT, {"model": "lstm", "learning_rate": 0.1, "epochs": 10})


def losses_of(layer: torch.nn.Linear, step) -> list[float]:
    inputs, labels = torch.randn(20, 5), torch.randint(0, 3, (20,))
    found = []
    for _ in range(8):
        layer.zero_grad()
        loss = torch.nn.functional.cross_entropy(layer(inputs), labels)
        torch.autograd.backward(loss)
        step()
        found.append(float(loss.detach()))
    return found


@pytest.mark.slow  # the reference imports torch's compiler
@pytest.mark.parametrize("kind", ["sgd", "adam", "adamw"])
def test_an_optimizer_equals_that_of_pytorch(kind):
    ours, theirs = torch.nn.Linear(5, 3), torch.nn.Linear(5, 3)
    theirs.load_state_dict(ours.state_dict())
    optimizer = Optimizer(kind, [Group(list(ours.parameters()))], weight_decay=0.01)
    options = {"sgd": {"momentum": 0.9, "nesterov": True}}.get(kind, {})
    name = {"sgd": "SGD", "adam": "Adam", "adamw": "AdamW"}[kind]
    reference = getattr(torch.optim, name)(theirs.parameters(), lr=0.05, weight_decay=0.01, **options)
    torch.manual_seed(0)
    first = losses_of(ours, lambda: optimizer.step(0.05))
    torch.manual_seed(0)
    assert first == pytest.approx(losses_of(theirs, reference.step), abs=1e-5)


def test_groups_learn_at_their_own_rates():
    fast, slow = torch.nn.Parameter(torch.ones(3)), torch.nn.Parameter(torch.ones(3))
    optimizer = Optimizer("sgd", [Group([fast]), Group([slow], rate_scale=0.1)])
    torch.autograd.backward((fast + slow).sum())
    optimizer.step(1.0)
    assert float((1 - slow.detach()).sum()) == pytest.approx(0.1 * float((1 - fast.detach()).sum()))


def test_gradients_are_clipped_by_their_common_norm():
    parameters = [torch.nn.Parameter(torch.zeros(2)) for _ in range(2)]
    for parameter in parameters:
        parameter.grad = torch.full((2,), 10.0)
    Optimizer("sgd", [Group(parameters)]).clip(1.0)
    assert math.hypot(*(float(p.grad.norm()) for p in parameters)) == pytest.approx(1.0, abs=1e-4)


def test_the_solver_finds_the_minimum_of_a_quadratic():
    scale = torch.tensor([1.0, 10.0, 100.0])
    solver = Lbfgs(lambda x: (float((scale * (x - 1) ** 2).sum()), 2 * scale * (x - 1)), torch.zeros(3))
    for _ in range(60):
        if not solver.converged:
            solver.step()
    assert solver.point.tolist() == pytest.approx([1, 1, 1], abs=1e-2)


def test_step_lr_is_that_of_pytorch():
    schedule = Schedule(replace(CONFIG, schedule="constant", step_lr=StepLR(step_size=2, gamma=0.5)))
    assert [schedule.rate(epoch + 0.5) for epoch in range(6)] == pytest.approx(
        [0.1, 0.1, 0.05, 0.05, 0.025, 0.025]
    )


def test_the_plateau_lowers_the_rate_after_patience():
    plateau = ReduceLROnPlateau(factor=0.1, patience=2, min_lr=0.002)
    schedule = Schedule(replace(CONFIG, schedule="constant", reduce_lr_on_plateau=plateau))
    rates = []
    for loss in [1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0]:
        schedule.after_epoch(loss)
        rates.append(schedule.rate(1.0))
    assert rates == pytest.approx([0.1, 0.1, 0.1, 0.01, 0.01, 0.01, 0.002, 0.002])


def test_cosine_warms_up_and_ends_at_zero():
    schedule = Schedule(CONFIG)
    assert schedule.rate(0.0) < schedule.rate(0.5) < schedule.rate(1.0) == pytest.approx(0.1)
    assert schedule.rate(10.0) == pytest.approx(0.0)
