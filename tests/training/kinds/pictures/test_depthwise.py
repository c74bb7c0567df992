"""The kernels for depthwise convolutions, their CUDA compiled for the processor."""

from pathlib import Path

import pytest
import torch
from torch import nn

from tests.training.kinds.pictures.cuda_on_cpu import kernel_on_cpu
from training.kinds.pictures import depthwise
from training.kinds.pictures.depthwise import Kernels, agree, kernel_source, use_fast_depthwise
from training.kinds.pictures.vision import PictureClassifier

_PLACE_BY_PLACE = ("T*", "float*", "T*", *["int"] * 6)
_TYPES = {
    "convolve": _PLACE_BY_PLACE,
    "input_gradient": _PLACE_BY_PLACE,
    "weight_gradient": ("T*", "T*", "float*", *["int"] * 7),
}


def _kernels(folder: Path, dtype: torch.dtype, side: int, stride: int, source: str = "") -> Kernels:
    source = source or kernel_source(dtype, side, stride)
    return Kernels({n: kernel_on_cpu(source, n, t, folder) for n, t in _TYPES.items()}, side, stride)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("dtype", "side", "stride"),
    [(torch.float32, 3, 1), (torch.float32, 5, 2), (torch.bfloat16, 3, 2), (torch.bfloat16, 7, 1)],
)
def test_the_kernels_give_what_pytorch_gives(
    tmp_path: Path, dtype: torch.dtype, side: int, stride: int
) -> None:
    assert agree(_kernels(tmp_path, dtype, side, stride), dtype, side, stride, torch.device("cpu"))


@pytest.mark.slow
def test_a_wrong_kernel_is_found_out(tmp_path: Path) -> None:
    source = kernel_source(torch.float32, 3, 1).replace("int b = w + P - j", "int b = w + P - j + 1")
    kernels = _kernels(tmp_path, torch.float32, 3, 1, source)
    assert not agree(kernels, torch.float32, 3, 1, torch.device("cpu"))


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


def test_where_no_kernel_can_be_compiled_the_network_does_without(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("NVRTC is not installed")

    monkeypatch.setattr(torch.cuda, "_compile_kernel", fail)
    depthwise.kernels_for.cache_clear()
    assert depthwise.kernels_for(torch.float32, 3, 1) is None
    depthwise.kernels_for.cache_clear()
    assert "NVRTC is not installed" in capsys.readouterr().err
