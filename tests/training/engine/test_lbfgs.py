"""The minimum is found, in fewer steps where it is known how each direction bends."""

import torch

from training.engine.lbfgs import Descent, Lbfgs

BENDS = torch.logspace(-2, 4, 40, dtype=torch.float64)
WANTED = torch.linspace(-1, 1, 40, dtype=torch.float64)


def bowl(point):
    off = point - WANTED
    return float((BENDS * off**2).sum() / 2) + 1.0, BENDS * off


def steps_to(descent: Descent, most: int = 500) -> tuple[int, torch.Tensor]:
    solver = Lbfgs(bowl, torch.zeros(40, dtype=torch.float64), descent)
    steps = 0
    while not solver.converged and steps < most:
        solver.step()
        steps += 1
    return steps, solver.point


def test_a_scale_saves_steps():
    plain, point = steps_to(Descent(tolerance=1e-12))
    scaled, other = steps_to(Descent(tolerance=1e-12, scale=1 / BENDS))
    assert torch.allclose(other, WANTED, atol=1e-3)
    assert (other - WANTED).abs().max() <= (point - WANTED).abs().max()
    assert scaled < plain / 2


def test_it_ends_where_little_is_gained():
    assert steps_to(Descent(tolerance=0.1))[0] < steps_to(Descent())[0]
