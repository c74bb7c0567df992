"""Which steps are recorded, and that a recorded step gets the new inputs; on a pretended GPU."""

from collections.abc import Sequence

import pytest
import torch
from torch import Tensor

from tests.training.pretend_gpu import PretendGraph
from training.engine import step_graphs
from training.engine.step_graphs import StepGraphs


class Steps:
    """Sums up what the steps were given; how often the work was recorded, and its sum."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.graphs, self.recorded, self.sum = StepGraphs(), 0, torch.zeros(())
        monkeypatch.setattr(step_graphs, "record", self._record)

    def _record(self, work, pool):
        self.recorded += 1
        return PretendGraph(work, pool)

    def work(self, inputs: Sequence[Tensor]) -> None:
        self.sum += inputs[0].sum()

    def run(self, value: float, size: int = 3, kind: object = None) -> None:
        self.graphs.run(kind, [torch.full((size,), value)], self.work)


@pytest.fixture
def steps(monkeypatch):
    return Steps(monkeypatch)


def test_a_step_is_recorded_when_it_comes_again_and_learns_from_its_own_batch(steps):
    for value in range(1, 7):
        steps.run(value)
    assert float(steps.sum) == 3 * sum(range(1, 7))
    assert steps.recorded == 1


def test_other_shapes_and_other_kinds_are_steps_of_their_own(steps):
    for _ in range(3):
        steps.run(1.0)
        steps.run(1.0, size=2)
        steps.run(1.0, kind=160)
    assert steps.recorded == 3
    assert float(steps.sum) == 3 * (3 + 2 + 3)


def test_what_comes_rarely_is_not_recorded(steps):
    for size in range(1, 50):
        steps.run(1.0, size)
        steps.run(1.0, size)
    assert steps.recorded == 0


def test_where_recording_fails_the_steps_go_on(steps, monkeypatch, capsys):
    def fail(work, pool):
        raise RuntimeError("operation not permitted when stream is capturing")

    monkeypatch.setattr(step_graphs, "record", fail)
    for _ in range(5):
        steps.run(1.0)
    assert float(steps.sum) == 15
    assert capsys.readouterr().err.count("Traceback") == 1, "tried once"


def test_a_gpu_out_of_memory_is_not_hidden(steps, monkeypatch):
    def fail(work, pool):
        raise torch.OutOfMemoryError("CUDA out of memory")

    monkeypatch.setattr(step_graphs, "record", fail)
    steps.run(1.0)
    steps.run(1.0)
    with pytest.raises(torch.OutOfMemoryError):
        steps.run(1.0)
