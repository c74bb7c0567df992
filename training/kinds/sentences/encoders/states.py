"""What the layers that do not learn make of each token: computed once, kept in memory or in a file without a name."""

import contextlib
import os
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from training.engine.device import mixed_precision
from training.kinds.sentences.encoders.bert import Bert, BertShape, pooled, presence
from training.kinds.sentences.encoders.windows import Windows
from training.kinds.sentences.preprocess import pad

_IN_MEMORY_BYTES = 1024**3
# What a CPU computes with stays near its cores; a GPU wants more to do at a time.
_TOKENS_ON_CPU, _TOKENS_ON_GPU = 1_024, 4_096
_LENGTH_STEP = 8


class TokenStates:
    """States float16 [all tokens, W] after the first `layers` of `bert`, of `rows` one after another.

    It reads a `window` of tokens at a time. `lengths` [N] are how many tokens each row has, `windows` [N] how many
    windows.
    """

    def __init__(
        self,
        bert: Bert,
        rows: Sequence[Sequence[int]],
        window: int,
        layers: int,
        device: torch.device,
        folder: Path,
        tell: Callable[[float], None],
    ) -> None:
        self.lengths = np.array([len(row) for row in rows], np.int64)
        self._windows = Windows(rows, window)
        self.windows, lengths = self._windows.counts, self._windows.lengths
        self._starts = np.concatenate([[0], lengths.cumsum()])
        self._states = _room((int(self._starts[-1]), bert.shape.width), folder)
        self._device = device
        for places, ids in _read(self._windows.ids, lengths, device, tell):
            with torch.no_grad(), mixed_precision(device):
                found = bert(ids, layers).to(torch.float16).cpu().numpy()
            for place, states in zip(places, found, strict=True):
                start, length = self._starts[place], lengths[place]
                self._states[start : start + length] = states[:length]

    def of(self, places: NDArray[np.int64]) -> tuple[Tensor, Tensor, Tensor]:
        """States float32 [M, T, W] and ids int64 [M, T] of the windows of some rows, and which belong to each [B, M].

        They are on the device; what is padding means nothing.
        """
        windows, belongs = self._windows.of(places)
        # On a GPU few lengths, each of which is recorded once: padding changes nothing.
        step = _LENGTH_STEP if self._device.type == "cuda" else 1
        ids = pad([self._windows.ids[window] for window in windows], step)
        tokens = self._starts[windows][:, None] + np.arange(ids.shape[1])
        states = torch.from_numpy(self._states[tokens.clip(max=len(self._states) - 1)])
        moved = (tensor.to(self._device) for tensor in (states, torch.from_numpy(ids), belongs))
        states, read, belongs = moved
        return states.float(), read, belongs


def batches_of(
    lengths: NDArray[np.int64], places: NDArray[np.int64], device: torch.device
) -> list[NDArray[np.int64]]:
    """`places` in batches of about as many tokens, those of similar lengths together."""
    at_once = _TOKENS_ON_GPU if device.type == "cuda" else _TOKENS_ON_CPU
    ordered = places[np.argsort(lengths[places], kind="stable")]
    found, start = [], 0
    while start < len(ordered):
        end = start + 1
        while end < len(ordered) and (end - start + 1) * lengths[ordered[end]] <= at_once:
            end += 1
        found.append(ordered[start:end])
        start = end
    return found


@torch.no_grad()
def embed(
    bert: Bert,
    rows: Sequence[Sequence[int]],
    device: torch.device,
    tell: Callable[[float], None] = lambda _: None,
    *,
    window: int | None = None,
    half: bool = True,
) -> Tensor:
    """What all of `bert` makes of each row (`pooled`), float32 [N, W] in main memory.

    It reads a `window` of tokens at a time, by default as many as it has places for. It computes in half precision
    where the device is built for it, unless not `half`.
    """
    windows = Windows(rows, window or bert.shape.places)
    lengths, owners = windows.lengths, torch.from_numpy(windows.owners)
    found = torch.zeros(len(rows), bert.shape.width)
    for places, ids in _read(windows.ids, lengths, device, tell):
        with mixed_precision(device) if half else contextlib.nullcontext():
            states = bert(ids)
        states = states.float()
        if bert.shape.pooling == "first":
            found[owners[torch.from_numpy(places)]] = states[:, 0].cpu()
            continue
        summed = (states * (ids != 0)[..., None]).sum(1).cpu()
        found.index_add_(0, owners[torch.from_numpy(places)], summed)
    return found if bert.shape.pooling == "first" else found / torch.tensor([[len(row)] for row in rows])


@torch.no_grad()
def embeddings(
    states: TokenStates,
    layers: Sequence[torch.nn.Module],
    shape: BertShape,
    device: torch.device,
    wanted: NDArray[np.int64] | None = None,
) -> Tensor:
    """What the last `layers` of an encoder make of each row (`pooled`), float32 [N, W] in main memory.

    Of rows that are not among those `wanted`, it is 0.
    """
    rows = np.arange(len(states.lengths)) if wanted is None else wanted
    found = torch.zeros(len(states.lengths), shape.width)
    for places in batches_of(states.lengths, rows, device):
        hidden, ids, belongs = states.of(places)
        present = presence(ids)
        with mixed_precision(device):
            for layer in layers:
                hidden = layer(hidden, present)
        found[torch.from_numpy(places)] = pooled(hidden.float(), ids, shape, belongs).cpu()
    return found


def _read(
    rows: Sequence[Sequence[int]],
    lengths: NDArray[np.int64],
    device: torch.device,
    tell: Callable[[float], None],
) -> Iterator[tuple[NDArray[np.int64], Tensor]]:
    """Places of some rows and their ids [B, T] on the device; tells which share of all is done."""
    done = 0
    for places in batches_of(lengths, np.arange(len(rows)), device):
        yield places, torch.from_numpy(pad([rows[place] for place in places])).to(device)
        done += len(places)
        tell(done / len(rows))


def _room(shape: tuple[int, int], folder: Path) -> NDArray[np.float16]:
    size = shape[0] * shape[1] * 2
    if size <= _IN_MEMORY_BYTES:
        return np.empty(shape, np.float16)
    # The name is gone at once: whatever ends the training, nothing stays.
    with tempfile.TemporaryFile(dir=folder) as file:
        # A disk that is full says so here; later it would kill the process.
        os.posix_fallocate(file.fileno(), 0, size)
        return np.memmap(file, np.float16, "w+", shape=shape)
