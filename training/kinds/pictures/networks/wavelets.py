"""Filters that nobody had to train: a scattering network (Bruna & Mallat 2013), for want of ImageNet weights."""

import math
from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn import functional

_SCALES, _ANGLES, _RADIUS = 4, 8, 3
# Of the smallest wavelet, in pixels and radians a pixel; the others are the same filter on smaller pictures.
_WIDTH, _FREQUENCY, _SLANT = 0.8, 0.75 * math.pi, 0.5
# Light, and the two opponent colours.
_COLOURS = ((1 / 3, 1 / 3, 1 / 3), (0.5, -0.5, 0.0), (0.25, 0.25, -0.5))
# Below this a logarithm would tell the noise of one plain surface from that of another.
_FAINT = 1e-3


class WaveletNetwork(nn.Module):
    """Normalised pictures [B, 3, S, S] to features [B, width]; nothing in it learns.

    First how strongly each of 8 directions answers in each of 3 colours at each of 4 scales (the mean, the most, the
    mean of each quarter of the picture), then how these answers vary by direction at larger scales, also whichever way
    the picture is turned. Of all this the logarithm.
    """

    colours: Tensor
    blur: Tensor
    even: Tensor
    odd: Tensor
    of_colour: Tensor
    of_angle: Tensor
    of_turn: Tensor

    def __init__(self) -> None:
        super().__init__()
        row = torch.tensor([1.0, 4.0, 6.0, 4.0, 1.0]) / 16
        every, colours = torch.eye(_ANGLES), len(_COLOURS)
        fixed = {
            "colours": torch.tensor(_COLOURS),
            "blur": (row[:, None] * row)[None, None],
            "even": _wavelets(torch.cos),
            "odd": _wavelets(torch.sin),
            # Means over the answers: of a colour in all directions, of a direction in all colours, and of all pairs of
            # directions with the same angle between them.
            "of_colour": torch.eye(colours).repeat_interleave(_ANGLES, 1) / _ANGLES,
            "of_angle": every.repeat(1, colours) / colours,
            "of_turn": torch.cat([every.roll(-turn, 0) for turn in range(_ANGLES)], 1) / _ANGLES,
        }
        for name, tensor in fixed.items():
            self.register_buffer(name, tensor, persistent=False)
        first = colours * 6 + _SCALES * (colours * _ANGLES * 6 + colours * 2)
        self.width = first + math.comb(_SCALES, 2) * (_ANGLES**2 + _ANGLES) * 2

    def forward(self, pictures: Tensor) -> Tensor:
        """See the class."""
        image = _mixed(functional.avg_pool2d(pictures, 2), self.colours)
        found = [*_summary(image), _quarters(image)]
        for scale in range(_SCALES):
            answers = self._answers(image)
            found += [*_summary(answers), _quarters(answers), *_summary(_mixed(answers, self.of_colour))]
            smaller = _mixed(answers, self.of_angle)
            for _ in range(scale + 1, _SCALES):
                smaller = self._halved(smaller)
                pairs = self._answers(smaller)
                found += [*_summary(pairs), *_summary(_mixed(pairs, self.of_turn))]
            image = self._halved(image)
        return torch.log(torch.cat(found, 1).abs() + _FAINT)

    def _answers(self, image: Tensor) -> Tensor:
        """[B, C, H, W] to the modulus of each direction's complex wavelet, [B, C * 8, H, W]."""
        channels = int(image.shape[1])
        padded = functional.pad(image, [_RADIUS] * 4, mode="reflect")
        even, odd = (
            functional.conv2d(padded, wavelets.repeat(channels, 1, 1, 1), groups=channels)
            for wavelets in (self.even, self.odd)
        )
        return (even.square() + odd.square() + 1e-8).sqrt()

    def _halved(self, image: Tensor) -> Tensor:
        channels = int(image.shape[1])
        padded = functional.pad(image, [2] * 4, mode="reflect")
        return functional.conv2d(padded, self.blur.repeat(channels, 1, 1, 1), stride=2, groups=channels)


def _mixed(maps: Tensor, weights: Tensor) -> Tensor:
    return functional.conv2d(maps, weights[..., None, None])


def _summary(maps: Tensor) -> list[Tensor]:
    return [maps.mean((2, 3)), maps.amax((2, 3))]


def _quarters(maps: Tensor) -> Tensor:
    return functional.avg_pool2d(maps, int(maps.shape[3]) // 2).flatten(1)


def _wavelets(part: Callable[[Tensor], Tensor]) -> Tensor:
    """A part of each direction's Morlet wavelet, [8, 1, 7, 7]; plain surfaces give 0."""
    steps = torch.arange(-_RADIUS, _RADIUS + 1.0)
    y, x = torch.meshgrid(steps, steps, indexing="ij")
    found = []
    for number in range(_ANGLES):
        angle = math.pi * number / _ANGLES
        along = math.cos(angle) * x + math.sin(angle) * y
        across = math.cos(angle) * y - math.sin(angle) * x
        window = torch.exp(-(along**2 + (_SLANT * across) ** 2) / (2 * _WIDTH**2))
        wave = window * part(_FREQUENCY * along)
        found.append(2 * (wave - window * wave.sum() / window.sum()) / window.sum())
    return torch.stack(found)[:, None]
