"""The square of a picture that a model sees, with squares of it hidden or all but what mattered faded."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from training.kinds.pictures.preprocess import PicturePreprocess

Pixels = NDArray[np.uint8]


def seen_square(picture: bytes, preprocess: Mapping[str, Any]) -> Pixels:
    """What the model of this preprocessing sees of an encoded picture, uint8 [S, S, 3]; raises UnreadablePicture."""
    known = PicturePreprocess.from_json(preprocess)
    return replace(known, crop=known.resize).load(picture)


def hidden_squares(pixels: Pixels, count: int, share: float) -> Iterator[list[Pixels]]:
    """`count` rows of `count` copies, each with another square of `share` of the side in the mean colour."""
    side = len(pixels)
    size = round(side * share)
    starts = [round(at * (side - size) / max(count - 1, 1)) for at in range(count)]
    mean = pixels.mean((0, 1)).astype(np.uint8)
    for top in starts:
        row = []
        for left in starts:
            copy = pixels.copy()
            copy[top : top + size, left : left + size] = mean
            row.append(copy)
        yield row


def spotlight(pixels: Pixels, grid: Sequence[Sequence[float]], nothing: float) -> Pixels:
    """The picture as it is where the grid's weights are high, pale and grey where they are not."""
    weights = np.maximum(np.asarray(grid, np.float32), 0)
    heat = weights / max(float(weights.max()), nothing)
    side = len(pixels)
    smooth = np.asarray(Image.fromarray(heat).resize((side, side), Image.Resampling.BICUBIC))
    share = np.clip(smooth, 0, 1)[..., None]
    grey = (pixels @ np.array([0.299, 0.587, 0.114], np.float32))[..., None]
    mixed = share * pixels + (1 - share) * (150 + 0.35 * grey)
    return np.asarray(mixed.clip(0, 255), np.uint8)
