"""Graphs are written another way for integers, and answer the same."""

from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from numpy.typing import NDArray
from onnx import helper
from torch import nn

from training.kinds.pictures.networks.integer_graph import before_convolutions, normalised_in_rows

_SIDE = 12


class _Network(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.mean, self.scale = torch.tensor([10.0, 20.0, 30.0]), torch.tensor([0.5, 0.25, 0.125])
        self.first = nn.Conv2d(3, 4, 3, padding=1)

    def forward(self, pixels: torch.Tensor) -> torch.Tensor:
        found = (pixels.permute(0, 3, 1, 2).float() - self.mean.view(1, 3, 1, 1)) * self.scale.view(
            1, 3, 1, 1
        )
        return self.first(found).relu().mean((2, 3))


@pytest.fixture
def exported(tmp_path: Path) -> onnx.ModelProto:
    torch.onnx.export(
        _Network().eval(),
        (torch.zeros(1, _SIDE, _SIDE, 3, dtype=torch.uint8),),
        str(tmp_path / "model.onnx"),
        input_names=["pixels"],
        output_names=["found"],
        dynamic_axes={"pixels": {0: "batch"}, "found": {0: "batch"}},
        opset_version=17,
        dynamo=False,
    )
    return onnx.load(str(tmp_path / "model.onnx"))


def answers(model: onnx.ModelProto, pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
    onnx.checker.check_model(model, full_check=True)
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    return np.asarray(session.run(None, {"pixels": pixels})[0])


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_rows_are_normalised_to_the_same_numbers(exported: onnx.ModelProto) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (3, _SIDE, _SIDE, 3), np.uint8)
    before = answers(exported, pixels)
    changed = normalised_in_rows(exported)
    assert [node.op_type for node in before_convolutions(changed)][-1] == "Transpose"
    np.testing.assert_allclose(answers(changed, pixels), before, rtol=1e-5, atol=1e-4)


def test_a_graph_of_another_form_stays_as_it_is() -> None:
    nodes = [helper.make_node("Cast", ["pixels"], ["x"], to=1), helper.make_node("Conv", ["x", "w"], ["y"])]
    model = helper.make_model(helper.make_graph(nodes, "other", [], []))
    before = model.SerializeToString()
    assert normalised_in_rows(model).SerializeToString() == before
