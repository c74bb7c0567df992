"""The one definition of how a picture becomes numbers, in training and in prediction."""

import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Self

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps, UnidentifiedImageError

FORMATS = ("JPEG", "PNG", "WEBP", "BMP")
_MAX_PIXELS = 100_000_000


class UnreadablePicture(ValueError):
    """The bytes are no picture that can be used; `reason` says why, `index` which of several."""

    def __init__(self, reason: str, index: int | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.index = index


@dataclass(frozen=True, slots=True)
class PicturePreprocess:
    """Scale the shorter side to `resize` pixels, keep the middle `crop` x `crop`; the graph normalises."""

    resize: int
    crop: int

    def load(self, source: bytes | Path | BinaryIO) -> NDArray[np.uint8]:
        """The picture as RGB, uint8 [crop, crop, 3], turned upright; raises UnreadablePicture."""
        opened = io.BytesIO(source) if isinstance(source, bytes) else source
        try:
            with Image.open(opened, formats=FORMATS) as picture:
                if picture.width * picture.height > _MAX_PIXELS:
                    raise UnreadablePicture(f"it has too many pixels ({picture.width} x {picture.height})")
                return self._pixels(picture)
        except UnreadablePicture:
            raise
        except UnidentifiedImageError as error:
            raise UnreadablePicture("it is not a JPEG, PNG, WebP or BMP picture") from error
        except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
            raise UnreadablePicture("it has too many pixels") from error
        except MemoryError:
            raise
        except Exception as error:  # Pillow's decoders raise nearly anything on damaged files
            raise UnreadablePicture("the file is damaged or cut short") from error

    def _pixels(self, picture: Image.Image) -> NDArray[np.uint8]:
        # A JPEG decoder can scale by powers of two for free; it never goes below the size asked for.
        picture.draft("RGB", (self.resize, self.resize))
        upright = _upright(picture)
        width, height = upright.size
        side = min(width, height) * self.crop / self.resize
        left, top = (width - side) / 2, (height - side) / 2
        box = (max(left, 0.0), max(top, 0.0), min(left + side, width), min(top + side, height))
        square = _rgb(upright).resize((self.crop, self.crop), Image.Resampling.BILINEAR, box=box)
        return np.asarray(square, dtype=np.uint8)

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
            raise UnreadablePicture(error.reason, index) from error

    def files(self) -> dict[str, str]:
        """Names and texts of the files that `from_json` needs: none."""
        return {}

    def to_json(self) -> dict[str, Any]:
        """What model.json says under "preprocess"."""
        return {"kind": "picture", "resize": self.resize, "crop": self.crop, "interpolation": "bilinear"}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """The preprocessing that model.json names."""
        return cls(int(data["resize"]), int(data["crop"]))


def from_json(data: Mapping[str, Any], folder: Path) -> PicturePreprocess:
    """The preprocessing that model.json in `folder` names; each kind has this function."""
    return PicturePreprocess.from_json(data)


def shorter_side(path: Path) -> int:
    """Of the picture as its header tells it, in pixels; 0 where that cannot be read."""
    try:
        with Image.open(path, formats=FORMATS) as picture:
            return min(picture.size)
    except Exception:  # `load` will say what is wrong with it
        return 0


def _upright(picture: Image.Image) -> Image.Image:
    picture.load()
    try:
        return ImageOps.exif_transpose(picture)
    except Exception:  # damaged EXIF blocks fail in many ways, the pixels are fine all the same
        return picture


def _rgb(picture: Image.Image) -> Image.Image:
    if picture.mode == "RGB":
        return picture
    if picture.mode.startswith("I"):
        # Pillow clips 16-bit grey to 255 when it converts; keep the upper eight bits instead.
        return Image.fromarray((np.asarray(picture).astype(np.uint32) >> 8).astype(np.uint8)).convert("RGB")
    if picture.mode in ("RGBA", "LA", "PA") or "transparency" in picture.info:
        layer = picture.convert("RGBA")
        paper = Image.new("RGBA", layer.size, "white")
        return Image.alpha_composite(paper, layer).convert("RGB")
    return picture.convert("RGB")
