"""Exports a picture model: the backbone by PyTorch's exporter, the head and softmax added as nodes."""

import contextlib
import io
import warnings
from collections.abc import Iterator

import onnx
import torch
from onnx import TensorProto, helper, numpy_helper
from torch import Tensor, nn

from training.kinds.pictures.networks.vision import PictureClassifier

OPSET = 17
_FEATURES = "features"


class _Backbone(nn.Module):
    def __init__(self, model: PictureClassifier) -> None:
        super().__init__()
        self.model = model

    def forward(self, pixels: Tensor) -> Tensor:
        return self.model.features(pixels)


def backbone_graph(model: PictureClassifier, side: int) -> onnx.ModelProto:
    """`pixels` uint8 [B, S, S, 3] to `features` float32 [B, F], with normalisation, for any B."""
    example = torch.zeros(2, side, side, 3, dtype=torch.uint8)
    buffer = io.BytesIO()
    # The exporter through TorchScript is several times faster than the newer one; torch is pinned, so its
    # announced end does not surprise us.
    with warnings.catch_warnings(), torch.no_grad(), _attention_in_plain_operators():
        warnings.simplefilter("ignore")
        torch.onnx.export(
            _Backbone(model).eval(),
            (example,),
            buffer,  # type: ignore[arg-type]  # it takes files, whatever its signature says
            input_names=["pixels"],
            output_names=[_FEATURES],
            dynamic_axes={"pixels": {0: "batch"}, _FEATURES: {0: "batch"}},
            opset_version=OPSET,
            dynamo=False,
        )
    return onnx.load_from_string(buffer.getvalue())


@contextlib.contextmanager
def _attention_in_plain_operators() -> Iterator[None]:
    """The exporter knows no fused attention."""
    fused = torch.backends.mha.get_fastpath_enabled()
    torch.backends.mha.set_fastpath_enabled(False)
    try:
        yield
    finally:
        torch.backends.mha.set_fastpath_enabled(fused)


def with_head(backbone: onnx.ModelProto, head: nn.Linear) -> onnx.ModelProto:
    """The backbone followed by `head` and softmax; the output is `probabilities` [B, C]."""
    model = onnx.ModelProto()
    model.CopyFrom(backbone)
    graph = model.graph
    weights = {"head.weight": head.weight, "head.bias": head.bias}
    graph.initializer.extend(
        numpy_helper.from_array(tensor.detach().cpu().float().contiguous().numpy(), name)
        for name, tensor in weights.items()
    )
    graph.node.append(helper.make_node("Gemm", [_FEATURES, *weights], ["logits"], transB=1))
    graph.node.append(helper.make_node("Softmax", ["logits"], ["probabilities"], axis=1))
    del graph.output[:]
    shape: list[str | int | None] = ["batch", head.out_features]
    graph.output.append(helper.make_tensor_value_info("probabilities", TensorProto.FLOAT, shape))
    return model
