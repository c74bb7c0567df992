"""Random crops, flips and colours for whole batches, on the device where they are used."""

import math

import torch
from torch import Tensor
from torch.nn import functional

# Share of the area that a crop keeps at least, rotation in degrees, strength of brightness and contrast.
_STRENGTHS = {"standard": (0.5, 0.0, 0.2), "strong": (0.3, 10.0, 0.4)}
_ASPECT = 4 / 3


def augment(
    pictures: Tensor, strength: str, side: int | None = None, generator: torch.Generator | None = None
) -> Tensor:
    """Each of the normalised pictures [B, 3, S, S] cropped, flipped and coloured anew; `none` does not.

    They come out with `side` pixels to a side, without one as large as they were.
    """
    side = side or pictures.shape[3]
    if strength == "none":
        return pictures if side == pictures.shape[3] else functional.interpolate(pictures, side, mode="area")
    smallest, degrees, colour = _STRENGTHS[strength]
    count, device = len(pictures), pictures.device

    def uniform(low: float, high: float) -> Tensor:
        return torch.rand(count, device=device, generator=generator) * (high - low) + low

    area, aspect = uniform(smallest, 1.0), uniform(-math.log(_ASPECT), math.log(_ASPECT)).exp()
    width, height = (area * aspect).sqrt().clamp(max=1.0), (area / aspect).sqrt().clamp(max=1.0)
    left, top = uniform(-1.0, 1.0) * (1 - width), uniform(-1.0, 1.0) * (1 - height)
    flip = uniform(0.0, 1.0).lt(0.5).float() * 2 - 1
    angle = uniform(-degrees, degrees) * math.pi / 180
    cos, sin = angle.cos(), angle.sin()
    turn = torch.stack(
        [
            torch.stack([width * flip * cos, -height * sin, left], 1),
            torch.stack([width * flip * sin, height * cos, top], 1),
        ],
        1,
    )
    grid = functional.affine_grid(turn, [count, 3, side, side], align_corners=False)
    cropped = functional.grid_sample(pictures, grid, padding_mode="reflection", align_corners=False)
    contrast, brightness = uniform(1 - colour, 1 + colour), uniform(-colour, colour)
    mean = cropped.mean((1, 2, 3), keepdim=True)
    return (cropped - mean) * contrast.view(-1, 1, 1, 1) + mean + brightness.view(-1, 1, 1, 1)
