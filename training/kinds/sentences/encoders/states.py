"""What the layers that do not learn make of each token: computed once, kept in memory or in a file without a name."""

import os
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from training.engine.device import mixed_precision
from training.kinds.sentences.encoders.bert import Bert, mean_state, presence
from training.kinds.sentences.preprocess import pad

_IN_MEMORY_BYTES = 1024**3
_TOKENS_AT_ONCE = 4_096
_LENGTH_STEP = 8


class TokenStates:
    """States float16 [all tokens, W] after the first `layers` of `bert`, of `rows` one after another."""

    def __init__(
        self,
        bert: Bert,
        rows: Sequence[Sequence[int]],
        layers: int,
        device: torch.device,
        folder: Path,
        tell: Callable[[float], None],
    ) -> None:
        self.lengths = np.array([len(row) for row in rows], np.int64)
        self._rows = rows
        self._starts = np.concatenate([[0], self.lengths.cumsum()])
        self._states = _room((int(self._starts[-1]), bert.shape.width), folder)
        self._device = device
        done = 0
        for places in batches_of(self.lengths, np.arange(len(rows))):
            ids = torch.from_numpy(pad([rows[place] for place in places])).to(device)
            with torch.no_grad(), mixed_precision(device):
                found = bert(ids, layers).to(torch.float16).cpu().numpy()
            for place, states in zip(places, found, strict=True):
                start, length = self._starts[place], self.lengths[place]
                self._states[start : start + length] = states[:length]
            done += len(places)
            tell(done / len(rows))

    def of(self, places: NDArray[np.int64]) -> tuple[Tensor, Tensor]:
        """States float32 [B, T, W] and ids int64 [B, T] of some rows, on the device; what is padding means nothing."""
        # On a GPU few lengths, each of which is recorded once: padding changes nothing.
        step = _LENGTH_STEP if self._device.type == "cuda" else 1
        ids = pad([self._rows[place] for place in places], step)
        tokens = self._starts[places][:, None] + np.arange(ids.shape[1])
        states = torch.from_numpy(self._states[tokens.clip(max=len(self._states) - 1)])
        return states.to(self._device).float(), torch.from_numpy(ids).to(self._device)


def batches_of(lengths: NDArray[np.int64], places: NDArray[np.int64]) -> list[NDArray[np.int64]]:
    """`places` in batches of about as many tokens, those of similar lengths together."""
    ordered = places[np.argsort(lengths[places], kind="stable")]
    found, start = [], 0
    while start < len(ordered):
        end = start + 1
        while end < len(ordered) and (end - start + 1) * lengths[ordered[end]] <= _TOKENS_AT_ONCE:
            end += 1
        found.append(ordered[start:end])
        start = end
    return found


@torch.no_grad()
def embeddings(
    states: TokenStates, layers: Sequence[torch.nn.Module], width: int, device: torch.device
) -> Tensor:
    """What all layers make of each row: the mean of its tokens' states, float32 [N, W] in main memory."""
    found = torch.empty(len(states.lengths), width)
    for places in batches_of(states.lengths, np.arange(len(states.lengths))):
        hidden, ids = states.of(places)
        present = presence(ids)
        with mixed_precision(device):
            for layer in layers:
                hidden = layer(hidden, present)
        found[torch.from_numpy(places)] = mean_state(hidden.float(), ids).cpu()
    return found


def _room(shape: tuple[int, int], folder: Path) -> NDArray[np.float16]:
    size = shape[0] * shape[1] * 2
    if size <= _IN_MEMORY_BYTES:
        return np.empty(shape, np.float16)
    # The name is gone at once: whatever ends the training, nothing stays.
    with tempfile.TemporaryFile(dir=folder) as file:
        # A disk that is full says so here; later it would kill the process.
        os.posix_fallocate(file.fileno(), 0, size)
        return np.memmap(file, np.float16, "w+", shape=shape)
