"""The lower blocks of a picture network, which stay as they came, apart from the upper ones, which learn."""

import copy
import io
import warnings
from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor, nn

from training.engine.parallel_session import spread_over_cores

_OPSET = 17
_RESNET_BLOCKS = (("conv1", "bn1", "relu", "maxpool"), ("layer1",), ("layer2",), ("layer3",), ("layer4",))


def split_network(network: nn.Module, share: float) -> tuple[nn.Sequential, nn.Module]:
    """The first `share` of the blocks, and the network that goes on from what they give; both share all layers.

    The first is empty where a network has no blocks in a row.
    """
    children = dict(network.named_children())
    if isinstance(features := children.get("features"), nn.Sequential):
        cut = round(share * len(features))
        return features[:cut], _with_other_children(network, {"features": features[cut:]})
    if "layer4" in children:
        cut = round(share * len(_RESNET_BLOCKS))
        names = [name for block in _RESNET_BLOCKS[:cut] for name in block]
        lower = nn.Sequential(*(children[name] for name in names))
        return lower, _with_other_children(network, {name: nn.Identity() for name in names})
    return nn.Sequential(), network


def _with_other_children(network: nn.Module, children: dict[str, nn.Module]) -> nn.Module:
    """A copy of `network` whose forward pass uses these children; all other parts are the same objects."""
    twin = copy.copy(network)
    twin._modules = {**network._modules, **children}
    return twin


def fixed_function(lower: nn.Sequential, device: torch.device, threads: int) -> Callable[[Tensor], Tensor]:
    """`lower` as a function of normalised pictures [B, 3, S, S], by whatever runs it fastest on this device.

    On CPUs that is onnxruntime, several times faster than eager PyTorch in single precision.
    """
    lower.requires_grad_(False).eval()
    if not len(lower):
        return lambda pictures: pictures
    if device.type != "cpu":
        return torch.no_grad()(lower)
    run = spread_over_cores(_graph(lower), threads)

    def by_onnx(pictures: Tensor) -> Tensor:
        found = torch.from_numpy(run(np.ascontiguousarray(pictures.numpy())))
        return found.contiguous(memory_format=torch.channels_last)

    return by_onnx


def _graph(lower: nn.Sequential) -> bytes:
    buffer = io.BytesIO()
    with warnings.catch_warnings(), torch.no_grad():
        warnings.simplefilter("ignore")
        torch.onnx.export(
            lower,
            (torch.zeros(2, 3, 64, 64),),
            buffer,  # type: ignore[arg-type]  # it takes files, whatever its signature says
            input_names=["pictures"],
            output_names=["found"],
            dynamic_axes={name: {0: "batch", 2: "height", 3: "width"} for name in ("pictures", "found")},
            opset_version=_OPSET,
            dynamo=False,
        )
    return buffer.getvalue()
