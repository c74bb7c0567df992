"""Long texts by windows: an encoder reads some tokens at a time, one window after another."""

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

# Of data sets with more tokens, texts are read less far: states of these take 6 GB, and reading them ten minutes on two
# cores.
_MOST_TOKENS = 8_000_000


class Windows:
    """`rows` of ids as `ids` of at most `size` each: the windows of a row one after another, in the rows' order."""

    def __init__(self, rows: Sequence[Sequence[int]], size: int) -> None:
        self.ids = [row[at : at + size] for row in rows for at in range(0, len(row), size)]
        self.counts = np.array([-(-len(row) // size) for row in rows], np.int64)
        self._first = np.concatenate([[0], self.counts.cumsum()])

    @property
    def lengths(self) -> NDArray[np.int64]:
        """How many ids each window has, [M]."""
        return np.array([len(window) for window in self.ids], np.int64)

    @property
    def owners(self) -> NDArray[np.int64]:
        """Which row each window is of, [M]."""
        return np.repeat(np.arange(len(self.counts)), self.counts)

    def of(self, places: NDArray[np.int64]) -> tuple[NDArray[np.int64], Tensor]:
        """The windows [M] of some rows, and which of them each row has: 1.0 or 0.0, float32 [B, M]."""
        counts = self.counts[places]
        owners = np.repeat(np.arange(len(places)), counts)
        within = np.arange(len(owners)) - np.repeat(counts.cumsum() - counts, counts)
        belongs = torch.from_numpy(owners == np.arange(len(places))[:, None])
        return self._first[places][owners] + within, belongs.float()


def windows_of(ids: Tensor, size: int) -> tuple[Tensor, Tensor | None]:
    """Ids [B, T], padded with 0, as windows [M, size] with a token at least, and which each row has, float32 [B, M].

    Rows of one window stay what they are: [B, T] and None.
    """
    count, length = ids.shape
    if length <= size:
        return ids, None
    each = -(-length // size)
    windows = functional.pad(ids, (0, each * size - length)).view(count * each, size)
    there = (windows != 0).any(1)
    belongs = torch.eye(count, device=ids.device).repeat_interleave(each, 1)
    return windows[there], belongs[:, there]


def length_read(lengths: NDArray[np.int64], window: int, limit: int) -> int:
    """How far texts of these `lengths` [N] are read, in whole windows up to `limit`, so that it takes no hours."""
    fitting = (
        length
        for length in range(limit, window, -window)
        if np.minimum(lengths, length).sum() <= _MOST_TOKENS
    )
    return next(fitting, window)


def what_is_read(rows: Sequence[Sequence[int]], window: int, length: int, ngrams: int) -> str:
    """A sentence for people, where some of `rows` are longer than a window; else "".

    The encoder reads up to `length` tokens of each, the n-grams that vote with it up to `ngrams`.
    """
    longer, cut = (sum(len(row) > most for row in rows) for most in (window, length))
    if not longer:
        return ""
    how = "reads where they begin"
    if length > window:
        how = "reads them part by part"
        how += f", {cut:,} of them up to the first {length:,} pieces" if cut else ", to their end"
    return (
        f"{longer:,} of the {len(rows):,} sentences are longer than the {window} pieces that the encoder reads at a "
        f"time: it {how}. The n-grams read up to {ngrams:,} pieces."
    )
