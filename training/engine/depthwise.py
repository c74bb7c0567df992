"""Depthwise convolutions on a GPU by kernels of our own: cuDNN's take seconds to get ready (decision 064)."""

import functools
import sys
import threading
import traceback
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.cuda._utils import _cuda_load_module
from torch.nn import functional

_SOURCE = Path(__file__).with_suffix(".cu")
_TYPES = {torch.float32: 0, torch.bfloat16: 1, torch.float16: 2}
_NAMES = ("convolve", "input_gradient", "weight_gradient")
# Channels that a thread works on, threads of a block, and places that a block of `weight_gradient` takes side by side.
_CHANNELS, _THREADS, _SIDE_BY_SIDE = 8, 256, 32
# Blocks that keep a GPU busy while each still has some places to sum up.
_BLOCKS, _LEAST_PLACES = 2_048, 4 * _SIDE_BY_SIDE
# By how many deviations of the right answer rounding may move ours.
_TOLERANCE = {torch.float32: 1e-5, torch.bfloat16: 0.03, torch.float16: 0.004}


class DepthwiseConv2d(nn.Conv2d):
    """A depthwise nn.Conv2d that works by our kernels on a GPU, and everywhere else as it did."""

    def forward(self, input: Tensor) -> Tensor:
        """[B, C, H, W] to [B, C, H / stride, W / stride], in half precision under autocast."""
        if not input.is_cuda:
            return super().forward(input)
        if torch.is_autocast_enabled("cuda"):
            input = input.to(torch.get_autocast_dtype("cuda"))
        side, stride = self.kernel_size[0], self.stride[0]
        kernels = kernels_for(input.dtype, side)
        if kernels is None:
            return super().forward(input)
        found: Tensor = _Depthwise.apply(input, self.weight, kernels, stride)
        return found if self.bias is None else found + self.bias.to(found.dtype).view(1, -1, 1, 1)


def use_fast_depthwise(network: nn.Module) -> None:
    """Let the depthwise convolutions of `network` use our kernels where they can; its tensors and names stay."""
    for module in network.modules():
        if type(module) is nn.Conv2d and _is_ours(module):
            module.__class__ = DepthwiseConv2d


def compile_meanwhile(network: nn.Module, dtypes: Iterable[torch.dtype]) -> None:
    """Begin to compile what `network` will need, in threads of their own."""
    sides = {
        conv.kernel_size[0] for conv in network.modules() if isinstance(conv, nn.Conv2d) and _is_ours(conv)
    }
    for dtype in dtypes:
        for side in sides:
            threading.Thread(target=kernels_for, args=(dtype, side), name="compile", daemon=True).start()


def _is_ours(conv: nn.Conv2d) -> bool:
    side, stride = conv.kernel_size[0], conv.stride[0]
    return (
        conv.groups == conv.in_channels == conv.out_channels > 1
        and conv.in_channels % _CHANNELS == 0
        and side in (3, 5, 7)
        and stride in (1, 2)
        and conv.kernel_size == (side, side)
        and conv.stride == (stride, stride)
        and conv.padding == (side // 2, side // 2)
        and conv.dilation == (1, 1)
        and conv.padding_mode == "zeros"
    )


class Kernels:
    """The three kernels, by name; each is called with (grid, block, arguments)."""

    def __init__(self, kernels: Mapping[str, Any]) -> None:
        self._kernels = kernels

    def convolve(self, x: Tensor, weight: Tensor, stride: int) -> Tensor:
        """What conv2d gives for x [N, C, H, W], which lies in channels last."""
        count, channels, height, width = x.shape
        rows, columns = ((size - 1) // stride + 1 for size in (height, width))
        shape = count, channels, rows, columns
        out = torch.empty(shape, dtype=x.dtype, device=x.device, memory_format=torch.channels_last)
        self._place_by_place("convolve", x, weight, out, (stride, height, width, channels, rows, columns))
        return out

    def input_gradient(self, slope: Tensor, weight: Tensor, x: Tensor, stride: int) -> Tensor:
        """The gradient of x from that of the output; both lie in channels last."""
        out = torch.empty_like(x, memory_format=torch.channels_last)
        _, channels, height, width = x.shape
        sizes = stride, height, width, channels, *slope.shape[2:]
        self._place_by_place("input_gradient", slope, weight, out, sizes)
        return out

    def weight_gradient(self, slope: Tensor, x: Tensor, weight: Tensor, stride: int) -> Tensor:
        """The gradient of the weight, summed up in a fixed order."""
        _, channels, height, width = x.shape
        count, _, rows, columns = slope.shape
        side = weight.shape[2]
        tiles, places = -(-channels // (_CHANNELS * _CHANNELS)), count * rows * columns
        each = max(_LEAST_PLACES, -(-places * tiles * side // _BLOCKS))
        blocks = -(-places // each)
        parts = torch.empty((blocks, side**2, channels), device=x.device)
        sizes = [stride, height, width, channels, rows, columns, places, each]
        grid = blocks, tiles, side
        self._kernels["weight_gradient"](grid, (_THREADS, 1, 1), [x, slope, parts, *sizes])
        return parts.sum(0).t().reshape(weight.shape).to(weight.dtype)

    def _place_by_place(
        self, name: str, read: Tensor, weight: Tensor, out: Tensor, sizes: tuple[int, ...]
    ) -> None:
        # [C, 1, K, K] as float32 [K * K, C].
        taps = weight.detach().reshape(len(weight), -1).t().float().contiguous()
        threads = out.numel() // _CHANNELS
        grid = -(-threads // _THREADS), 1, 1
        self._kernels[name](grid, (_THREADS, 1, 1), [read, taps, out, *sizes, threads])


class _Depthwise(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, weight: Tensor, kernels: Kernels, stride: int) -> Tensor:
        x = x.contiguous(memory_format=torch.channels_last)
        ctx.save_for_backward(x, weight)
        ctx.kernels, ctx.stride = kernels, stride
        return kernels.convolve(x, weight, stride)

    @staticmethod
    def backward(ctx: Any, slope: Tensor) -> Any:
        x, weight = ctx.saved_tensors
        slope = slope.to(x.dtype).contiguous(memory_format=torch.channels_last)
        wanted, kernels, stride = ctx.needs_input_grad, ctx.kernels, ctx.stride
        of_input = kernels.input_gradient(slope, weight, x, stride) if wanted[0] else None
        of_weight = kernels.weight_gradient(slope, x, weight, stride) if wanted[1] else None
        return of_input, of_weight, None, None


def kernels_for(dtype: torch.dtype, side: int) -> Kernels | None:
    """The kernels for this GPU, compiled and checked against the processor; None where that cannot be."""
    with _lock_of(dtype, side):
        return _kernels_for(dtype, side)


@functools.cache
def _lock_of(dtype: torch.dtype, side: int) -> threading.Lock:
    return threading.Lock()


@functools.cache
def _kernels_for(dtype: torch.dtype, side: int) -> Kernels | None:
    if dtype not in _TYPES:
        return None
    try:
        # Opens the GPU for this thread.
        torch.cuda.synchronize()
        major, minor = torch.cuda.get_device_capability()
        code = compiled(kernel_source(dtype, side), f"sm_{major}{minor}")
        # Not a public function: whatever a version of PyTorch makes of it, networks work without, if slower.
        kernels = Kernels(_cuda_load_module(code, list(_NAMES)))  # type: ignore[arg-type]
        return kernels if agree(kernels, dtype, side, torch.device("cuda")) else None
    except Exception:
        traceback.print_exc(file=sys.stderr)
        return None


def compiled(source: str, architecture: str) -> bytes:
    """CUDA as machine code for an architecture such as sm_90; raises RuntimeError with the compiler's words."""
    from cuda.bindings import nvrtc

    def checked(status: Any, *found: Any) -> Any:
        if status != nvrtc.nvrtcResult.NVRTC_SUCCESS:
            raise RuntimeError(f"NVRTC: {status.name}. {log()}")
        return found[0] if found else None

    def log() -> str:
        words: bytes = b" " * nvrtc.nvrtcGetProgramLogSize(program)[1]
        nvrtc.nvrtcGetProgramLog(program, words)
        return words.decode(errors="replace")

    program = nvrtc.nvrtcCreateProgram(source.encode(), b"depthwise.cu", 0, [], [])[1]
    try:
        checked(*nvrtc.nvrtcCompileProgram(program, 1, [f"--gpu-architecture={architecture}".encode()]))
        code: bytes = b" " * checked(*nvrtc.nvrtcGetCUBINSize(program))
        checked(*nvrtc.nvrtcGetCUBIN(program, code))
    finally:
        nvrtc.nvrtcDestroyProgram(program)
    return code


def kernel_source(dtype: torch.dtype, side: int) -> str:
    """The kernels' CUDA for one type and side."""
    return f"#define K {side}\n#define TYPE {_TYPES[dtype]}\n{_SOURCE.read_text()}"


def agree(kernels: Kernels, dtype: torch.dtype, side: int, device: torch.device) -> bool:
    """Whether the kernels give what PyTorch gives on the processor, but for rounding, on small examples."""
    return all(_agree(kernels, dtype, side, stride, device) for stride in (1, 2))


def _agree(kernels: Kernels, dtype: torch.dtype, side: int, stride: int, device: torch.device) -> bool:
    draw = torch.Generator().manual_seed(1)
    x = torch.randn(2, 72, 9, 10, generator=draw).to(dtype).contiguous(memory_format=torch.channels_last)
    weight = torch.randn(72, 1, side, side, generator=draw)
    exact, learns = x.double().requires_grad_(), weight.double().requires_grad_()
    out = functional.conv2d(exact, learns, stride=stride, padding=side // 2, groups=72)
    slope = torch.randn(out.shape, generator=draw).to(dtype).contiguous(memory_format=torch.channels_last)
    wanted = (out.detach(), *torch.autograd.grad(out, (exact, learns), slope.double()))
    there = [tensor.to(device) for tensor in (x, weight, slope)]
    found = (
        kernels.convolve(there[0], there[1], stride),
        kernels.input_gradient(there[2], there[1], there[0], stride),
        kernels.weight_gradient(there[2], there[0], there[1], stride),
    )
    return all(
        float((ours.cpu().double() - right).abs().max()) <= _TOLERANCE[dtype] * float(right.std())
        for ours, right in zip(found, wanted, strict=True)
    )
