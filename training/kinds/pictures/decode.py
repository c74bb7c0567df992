"""Decodes every picture once, with all cores, to uint8 arrays."""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from training.kinds.pictures.pixels.picture import UnreadablePicture
from training.kinds.pictures.preprocess import PicturePreprocess

CHUNK = 128
Decoded = tuple[int, NDArray[np.uint8], list[tuple[int, str]]]


def decode_in_chunks(
    paths: Sequence[Path], preprocess: PicturePreprocess, threads: int, start: int = 0
) -> Iterator[Decoded]:
    """Chunks: index of the first, uint8 [n, S, S, 3], [(index, reason) of unreadable ones, left black].

    The next chunk is decoded while the caller works on the current one; Pillow lets go of the interpreter lock.
    """
    starts = range(start, len(paths), CHUNK)

    def load(index: int) -> NDArray[np.uint8] | str:
        try:
            return preprocess.load(paths[index])
        except UnreadablePicture as error:
            return error.reason

    with ThreadPoolExecutor(threads, thread_name_prefix="decode") as pool:
        pending = [pool.map(load, range(first, min(first + CHUNK, len(paths)))) for first in starts[:1]]
        for number, first in enumerate(starts):
            pending += [
                pool.map(load, range(s, min(s + CHUNK, len(paths)))) for s in starts[number + 1 :][:1]
            ]
            yield first, *_stacked(first, list(pending.pop(0)), preprocess.crop)


def _stacked(
    first: int, loaded: list[NDArray[np.uint8] | str], side: int
) -> tuple[NDArray[np.uint8], list[tuple[int, str]]]:
    pixels = np.zeros((len(loaded), side, side, 3), np.uint8)
    unreadable = []
    for offset, item in enumerate(loaded):
        if isinstance(item, str):
            unreadable.append((first + offset, item))
        else:
            pixels[offset] = item
    return pixels, unreadable
