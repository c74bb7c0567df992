"""Which device trains, in which precision, and that it does the same every time."""

import contextlib
import os
from typing import Any

import torch

from training.engine.depthwise import kernels_for

# Of the kernels of depthwise convolutions.
_USUAL_SIDE = 3


def choose_device(wanted: str) -> torch.device:
    """`auto` takes the GPU where there is one."""
    if wanted != "auto":
        return torch.device(wanted)
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def describe(device: torch.device) -> str:
    """The device's name for the report."""
    return torch.cuda.get_device_name(device) if device.type == "cuda" else "CPU"


def wake_gpu() -> None:
    """Let the GPU, if there is one, load what convolutions need, so that the training to come need not wait."""
    if torch.cuda.is_available():
        some = torch.zeros(8, 8, 8, 8, device="cuda")
        torch.nn.functional.conv2d(some, some)
        for dtype in precisions(some.device):
            kernels_for(dtype, _USUAL_SIDE)


def make_repeatable(seed: int) -> None:
    """Random numbers from `seed`, and sums that a GPU adds up in the same order every time."""
    torch.manual_seed(seed)
    torch.backends.cudnn.deterministic = True
    # A fixed workspace, without which cuBLAS may sum otherwise from run to run; read when a GPU is first used.
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")


def mixed_precision(device: torch.device) -> Any:
    """Arithmetic in half precision where the device is built for it; evaluation stays in single precision."""
    kind = half_precision(device)
    return torch.autocast(device.type, dtype=kind) if kind else contextlib.nullcontext()


def precisions(device: torch.device) -> list[torch.dtype]:
    """The kinds of floats that a training computes with there."""
    half = half_precision(device)
    return [torch.float32] if half is None else [torch.float32, half]


def half_precision(device: torch.device) -> torch.dtype | None:
    """The 16-bit floats that the device is built for: bfloat16, float16 (which wants a LossScale), or none."""
    if device.type == "cuda":
        if torch.cuda.is_bf16_supported(including_emulation=False):
            return torch.bfloat16
        return torch.float16 if _has_tensor_cores(device) else None
    fast = device.type == "cpu" and any(_cpu_has(feature) for feature in ("amx_tile", "avx512_bf16"))
    return torch.bfloat16 if fast else None


def _has_tensor_cores(device: torch.device) -> bool:
    # Volta and Turing, such as the T4; but not the GTX 16 among them, whose float16 is known to give not-a-numbers.
    volta = torch.cuda.get_device_capability(device) >= (7, 0)
    return volta and "GTX 16" not in torch.cuda.get_device_name(device)


def _cpu_has(feature: str) -> bool:
    # Private in this version of PyTorch; without it the slower precision is used.
    check = getattr(torch.cpu, f"_is_{feature}_supported", None)
    return check is not None and bool(check())
