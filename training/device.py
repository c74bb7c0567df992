"""Which device trains, and in which precision."""

import contextlib
from typing import Any

import torch


def choose_device(wanted: str) -> torch.device:
    """`auto` takes the GPU where there is one."""
    if wanted != "auto":
        return torch.device(wanted)
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def describe(device: torch.device) -> str:
    """The device's name for the report."""
    return torch.cuda.get_device_name(device) if device.type == "cuda" else "CPU"


def mixed_precision(device: torch.device) -> Any:
    """bf16 arithmetic where the device is built for it; evaluation stays in single precision."""
    if _has_fast_bf16(device):
        return torch.autocast(device.type, dtype=torch.bfloat16)
    return contextlib.nullcontext()


def _has_fast_bf16(device: torch.device) -> bool:
    if device.type == "cuda":
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    return device.type == "cpu" and any(_cpu_has(feature) for feature in ("amx_tile", "avx512_bf16"))


def _cpu_has(feature: str) -> bool:
    # Private in this version of PyTorch; without it the slower precision is used.
    check = getattr(torch.cpu, f"_is_{feature}_supported", None)
    return check is not None and bool(check())
