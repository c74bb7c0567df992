"""A small picture to look at."""

import io
from pathlib import Path
from typing import BinaryIO

from PIL import Image

from training.kinds.pictures.pixels.picture import Picture, UnreadablePicture

SIDE = 128


def thumbnail(source: Path | BinaryIO, side: int = SIDE) -> bytes | None:
    """The picture upright, at most `side` pixels wide and high, as a JPEG without anything else in it."""
    try:
        with Picture(source) as picture:
            return as_jpeg(picture.pixels(lambda upright: small(upright, side), side), quality=80)
    except (UnreadablePicture, OSError):  # there is no picture of this one then
        return None


def small(picture: Image.Image, side: int) -> Image.Image:
    """At most `side` pixels wide and high, in its proportions."""
    copy = picture.copy()
    copy.thumbnail((side, side))
    return copy


def as_jpeg(picture: Image.Image, quality: int) -> bytes:
    """Without EXIF, so without the place where it was taken."""
    picture.info = {}
    buffer = io.BytesIO()
    picture.save(buffer, "JPEG", quality=quality)
    return buffer.getvalue()
