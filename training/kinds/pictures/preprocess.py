"""The one definition of how a picture becomes numbers, in training and in prediction."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from training.kinds.pictures.pixels.picture import Picture, Source, UnreadablePicture, read_header
from training.kinds.pictures.pixels.picture_colours import NEWEST

_LONG = 2


@dataclass(frozen=True, slots=True)
class PicturePreprocess:
    """Scale the shorter side to `resize` pixels, keep the middle `crop` x `crop`; the graph normalises.

    With `whole`, pictures more than twice as long as wide are squeezed into the square instead: what tells may be at
    their ends. `reading` is the version of the rules by which colours are read, see picture_colours.
    """

    resize: int
    crop: int
    whole: bool = False
    reading: int = NEWEST

    def load(self, source: Source) -> NDArray[np.uint8]:
        """The picture as RGB, uint8 [crop, crop, 3], turned upright; raises UnreadablePicture."""
        with Picture(source) as picture:
            return np.asarray(picture.pixels(self._square, self.resize, self.reading), dtype=np.uint8)

    def _square(self, upright: Image.Image) -> Image.Image:
        width, height = upright.size
        if self.whole and max(width, height) > _LONG * min(width, height):
            return upright.resize((self.crop, self.crop), Image.Resampling.BILINEAR)
        side = min(width, height) * self.crop / self.resize
        left, top = (width - side) / 2, (height - side) / 2
        box = (max(left, 0.0), max(top, 0.0), min(left + side, width), min(top + side, height))
        return upright.resize((self.crop, self.crop), Image.Resampling.BILINEAR, box=box)

    def batches(
        self, inputs: Sequence[bytes | str | Path], at_once: int
    ) -> Iterator[tuple[list[int], NDArray[np.uint8]]]:
        """Places in `inputs` (encoded pictures or their paths) and uint8 [n, crop, crop, 3], `at_once` at most.

        Raises UnreadablePicture with the `index` of the picture.
        """
        for start in range(0, len(inputs), at_once):
            places = list(range(start, min(start + at_once, len(inputs))))
            pictures = [self._load(place, inputs[place]) for place in places]
            # Most requests hold one picture: it is not copied.
            yield places, pictures[0][None] if len(pictures) == 1 else np.stack(pictures)

    def _load(self, index: int, source: bytes | str | Path) -> NDArray[np.uint8]:
        if isinstance(source, str):
            raise UnreadablePicture("it is text, not a picture", index)
        try:
            return self.load(source)
        except UnreadablePicture as error:
            raise UnreadablePicture(error.reason, index, is_damage=error.is_damage) from error

    def files(self) -> dict[str, str]:
        """Names and texts of the files that `from_json` needs: none."""
        return {}

    def to_json(self) -> dict[str, Any]:
        """What model.json says under "preprocess"."""
        return {
            "kind": "picture",
            "resize": self.resize,
            "crop": self.crop,
            "interpolation": "bilinear",
            "whole": self.whole,
            "reading": self.reading,
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """The preprocessing that model.json names."""
        known = (data["resize"], data["crop"], data.get("whole", False), data.get("reading", 1))
        return cls(int(known[0]), int(known[1]), bool(known[2]), int(known[3]))


def from_json(data: Mapping[str, Any], folder: Path) -> PicturePreprocess:
    """The preprocessing that model.json in `folder` names; each kind has this function."""
    return PicturePreprocess.from_json(data)


def shorter_side(path: Path) -> int:
    """Of the picture as its header tells it, in pixels; 0 where that cannot be read."""
    try:
        header = read_header(path)
    except (UnreadablePicture, OSError):  # `load` will say what is wrong with it
        return 0
    return min(header.width, header.height)
