"""Sends every picture through the frozen backbone once, by whatever runs it fastest on this device."""

import functools
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from training.engine.depthwise import use_fast_depthwise
from training.engine.parallel_session import spread_over_cores
from training.kinds.pictures.networks.vision import PictureClassifier

Extract = Callable[[NDArray[np.uint8]], NDArray[np.float32]]
_AT_ONCE_GPU = 256


def feature_extractor(model: PictureClassifier, graph: Any, device: torch.device, threads: int) -> Extract:
    """A function from uint8 [n, S, S, 3] to features float32 [n, F], in single precision.

    On CPUs it is onnxruntime (several times faster than eager PyTorch) with `graph` of `backbone_graph`; on GPUs
    PyTorch with channels last.
    """
    if device.type == "cpu":
        # Features that are known already are not asked for again.
        make = functools.cache(lambda: spread_over_cores(graph.SerializeToString(), threads))
        return lambda pixels: make()(pixels)
    use_fast_depthwise(model)
    model = model.to(device).eval().to(memory_format=torch.channels_last)

    @torch.no_grad()
    def by_torch(pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
        parts = []
        for start in range(0, len(pixels), _AT_ONCE_GPU):
            batch = torch.from_numpy(pixels[start : start + _AT_ONCE_GPU]).to(device, non_blocking=True)
            parts.append(model.features(batch).cpu())
        return torch.cat(parts).numpy()

    return by_torch
