"""Hands out batches of decoded pictures on the device that trains."""

from collections import deque
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

_RESIDENT_SHARE = 0.5


class PictureFeed:
    """Batches of `pixels`, uint8 [N, S, S, 3], on `device`.

    All pictures lie in the GPU's memory when they take no more than half of what is free. Otherwise, and when
    they are mapped from disk, the next batch of the plan is read while the device works on the current one.
    """

    def __init__(self, pixels: NDArray[np.uint8], device: torch.device) -> None:
        self._pixels, self._device = pixels, device
        self._resident = _resident(pixels, device)
        self._reads_ahead = self._resident is None and (
            device.type == "cuda" or isinstance(pixels, np.memmap)
        )
        self._plan: deque[Tensor] = deque()
        self._ahead: tuple[Tensor, Future[Tensor]] | None = None
        self._reader = ThreadPoolExecutor(1, thread_name_prefix="feed")

    @property
    def side(self) -> int:
        """S."""
        return int(self._pixels.shape[1])

    @property
    def index_device(self) -> torch.device:
        """Where the indices for `take` and `next` are looked for."""
        return torch.device("cpu") if self._resident is None else self._device

    def plan(self, batches: Sequence[Tensor]) -> None:
        """These batches of indices [B] will be asked for by `next`, in this order; the first may be left out."""
        self._plan, self._ahead = deque(batches), None

    def next(self, indices: Tensor) -> Tensor:
        """The pictures [B, S, S, 3] of a batch of the plan."""
        while self._plan and self._plan[0] is not indices:
            self._plan.popleft()
        if not self._reads_ahead or not self._plan:
            return self.take(indices)
        self._plan.popleft()
        ahead, self._ahead = self._ahead, None
        batch = ahead[1].result() if ahead and ahead[0] is indices else self._read(indices)
        if self._plan:
            self._ahead = self._plan[0], self._reader.submit(self._read, self._plan[0])
        return batch.to(self._device, non_blocking=True)

    def take(self, indices: Tensor) -> Tensor:
        """The pictures [B, S, S, 3] at `indices` [B]."""
        if self._resident is not None:
            return self._resident[indices]
        return self._read(indices).to(self._device, non_blocking=True)

    def _read(self, indices: Tensor) -> Tensor:
        batch = torch.from_numpy(self._pixels[indices.numpy()])
        return batch.pin_memory() if self._device.type == "cuda" else batch


def _resident(pixels: NDArray[np.uint8], device: torch.device) -> Tensor | None:
    if device.type == "cuda" and pixels.nbytes < _RESIDENT_SHARE * torch.cuda.mem_get_info(device)[0]:
        return torch.from_numpy(pixels).to(device)
    return None
