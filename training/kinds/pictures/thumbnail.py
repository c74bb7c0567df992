"""A small picture to look at."""

import io
from pathlib import Path
from typing import BinaryIO

from PIL import Image, ImageOps

from training.kinds.pictures.preprocess import FORMATS

SIDE = 128


def thumbnail(source: Path | BinaryIO, side: int = SIDE) -> bytes | None:
    """The picture upright, at most `side` pixels wide and high, as a JPEG without anything else in it."""
    try:
        with Image.open(source, formats=FORMATS) as picture:
            picture.draft("RGB", (side, side))
            upright = ImageOps.exif_transpose(picture)
            upright.thumbnail((side, side))
            layer = upright.convert("RGBA")
            paper = Image.new("RGBA", layer.size, "white")
            buffer = io.BytesIO()
            Image.alpha_composite(paper, layer).convert("RGB").save(buffer, "JPEG", quality=80)
            return buffer.getvalue()
    except MemoryError:
        raise
    except Exception:  # damaged EXIF blocks, rare modes: there is no picture of this one then
        return None
