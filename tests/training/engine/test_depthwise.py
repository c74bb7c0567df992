"""The kernels for depthwise convolutions, their CUDA compiled for the processor."""

from pathlib import Path

import pytest
import torch
from torch import nn

from tests.training.engine.cuda_on_cpu import kernel_on_cpu
from training.engine import depthwise
from training.engine.depthwise import Kernels, agree, compiled, kernel_source, use_fast_depthwise
from training.kinds.pictures.networks.vision import PictureClassifier

_PLACE_BY_PLACE = ("T*", "float*", "T*", *["int"] * 7)
_TYPES = {
    "convolve": _PLACE_BY_PLACE,
    "input_gradient": _PLACE_BY_PLACE,
    "weight_gradient": ("T*", "T*", "float*", *["int"] * 8),
}


def _kernels(folder: Path, dtype: torch.dtype, side: int, source: str = "") -> Kernels:
    source = source or kernel_source(dtype, side)
    return Kernels({name: kernel_on_cpu(source, name, types, folder) for name, types in _TYPES.items()})


@pytest.mark.slow
@pytest.mark.parametrize(("dtype", "side"), [(torch.float32, 3), (torch.float32, 5), (torch.bfloat16, 7)])
def test_the_kernels_give_what_pytorch_gives(tmp_path: Path, dtype: torch.dtype, side: int) -> None:
    assert agree(_kernels(tmp_path, dtype, side), dtype, side, torch.device("cpu"))


@pytest.mark.slow
def test_a_wrong_kernel_is_found_out(tmp_path: Path) -> None:
    source = kernel_source(torch.float32, 3).replace("int b = w + P - j", "int b = w + P - j + 1")
    assert not agree(_kernels(tmp_path, torch.float32, 3, source), torch.float32, 3, torch.device("cpu"))


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.float16])
def test_the_kernels_are_compiled_for_a_gpu(dtype: torch.dtype) -> None:
    assert compiled(kernel_source(dtype, 3), "sm_75").startswith(b"\x7fELF")


def test_the_compiler_says_what_is_wrong() -> None:
    with pytest.raises(RuntimeError, match="undefined_thing"):
        compiled('extern "C" __global__ void f() { undefined_thing(); }', "sm_75")


def test_only_what_the_kernels_can_do_is_given_to_them() -> None:
    network = nn.Sequential(
        nn.Conv2d(16, 16, 3, padding=1, groups=16),
        nn.Conv2d(16, 16, 3, padding=1),
        nn.Conv2d(16, 16, 3, groups=16),
        nn.Conv2d(12, 12, 3, padding=1, groups=12),
        nn.Conv2d(16, 16, 3, padding=2, dilation=2, groups=16),
    )
    use_fast_depthwise(network)
    assert [isinstance(conv, depthwise.DepthwiseConv2d) for conv in network] == [True, *[False] * 4]


def test_on_the_processor_nothing_changes() -> None:
    torch.manual_seed(0)
    model = PictureClassifier("mobilenet_v2", 3).eval()
    pixels = torch.randint(0, 256, (2, 64, 64, 3), dtype=torch.uint8)
    before, names = model(pixels), list(model.state_dict())
    use_fast_depthwise(model)
    assert torch.equal(model(pixels), before)
    assert list(model.state_dict()) == names
    assert sum(isinstance(module, depthwise.DepthwiseConv2d) for module in model.modules()) == 17


def test_where_no_kernel_can_be_compiled_the_network_does_without(capsys: pytest.CaptureFixture[str]) -> None:
    # There is no GPU here.
    assert depthwise._kernels_for.__wrapped__(torch.float32, 3) is None
    assert "Traceback" in capsys.readouterr().err
