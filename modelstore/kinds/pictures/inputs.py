"""Pictures to predict, see `modelstore.prediction.contract`: encoded, as JPEG, PNG, WebP or BMP."""

import base64
import binascii
from collections.abc import Sequence
from io import BytesIO
from pathlib import Path
from types import MappingProxyType
from typing import Any

from modelstore.prediction.inputs import (
    InputsInvalid,
    InputTooLarge,
    InputUnreadable,
    InputUnsupported,
    refused,
    type_words,
)
from training.ground.limits import MIB, Limits

JSON_SCHEMA = MappingProxyType(
    {
        "type": "string",
        "description": "A picture in base64, or a data: address of it.",
        "examples": ["data:image/png;base64,iVBORw0KGgo..."],
    }
)
FILES = "image"
FILES_HELP = "One or more pictures: repeat the field for more."
NO_FILES = ""


def check_json(value: Any, index: int) -> None:
    """Base64."""
    if not isinstance(value, str):
        sentence = f"is {type_words(value)}; this model takes pictures in base64, as strings."
        raise refused(InputsInvalid, index, sentence)


def max_file_bytes(limits: Limits) -> int:
    """Of one picture."""
    return limits.max_picture_bytes


def from_arguments(arguments: Sequence[str]) -> tuple[list[str], list[Any]]:
    """Names of files."""
    return list(arguments), [Path(path).read_bytes() for path in arguments]


def from_json(value: str, index: int, limits: Limits) -> bytes:
    """Base64 or a data: address of it."""
    if value.startswith("data:"):
        head, _, value = value.partition(",")
        if not head.endswith(";base64"):
            raise refused(InputsInvalid, index, "is a data: URL without `;base64`.")
    if len(value) > limits.max_picture_bytes * 3 // 2:
        most = limits.max_picture_bytes / MIB
        raise refused(InputTooLarge, index, f"is larger than the {most:.3g} MB a picture may have.")
    try:
        return base64.b64decode("".join(value.split()), validate=True)
    except (binascii.Error, ValueError) as error:
        raise refused(InputsInvalid, index, "is not a picture in base64.") from error


def check(value: Any, index: int, name: str, limits: Limits) -> None:
    """Its size in bytes and pixels, and that it begins like a picture."""
    if not isinstance(value, bytes):
        raise refused(InputsInvalid, index, "is text, but this model classifies pictures.", name)
    if not value:
        raise refused(InputsInvalid, index, "is an empty file.", name)
    if len(value) > limits.max_picture_bytes:
        most = limits.max_picture_bytes / MIB
        raise refused(InputTooLarge, index, f"is larger than the {most:.3g} MB a picture may have.", name)
    if not _is_picture(value):
        raise refused(InputUnsupported, index, "is not a JPEG, PNG, WebP or BMP picture.", name)
    _check_size(value, index, name, limits)


def _is_picture(value: bytes) -> bool:
    if value[:4] == b"RIFF":
        return value[8:12] == b"WEBP"
    return value.startswith((b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"BM"))


def _check_size(value: bytes, index: int, name: str, limits: Limits) -> None:
    """Reads the header only; damage further on shows when the model's preprocessing decodes the pixels."""
    too_many = f"has more than the {limits.max_picture_pixels:,} pixels a picture may have."
    if (size := _jpeg_size(value)) is not None:
        if size[0] * size[1] > limits.max_picture_pixels:
            raise refused(InputTooLarge, index, too_many, name)
        return
    from PIL import Image  # here, so that the web starts light

    from training.kinds.pictures.preprocess import FORMATS

    try:
        with Image.open(BytesIO(value), formats=FORMATS) as picture:
            pixels, frames = picture.width * picture.height, getattr(picture, "n_frames", 1)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise refused(InputTooLarge, index, too_many, name) from error
    except MemoryError:
        raise
    except Exception as error:  # Pillow raises nearly anything on damaged headers
        raise refused(
            InputUnreadable, index, "cannot be read: the file is damaged or cut short.", name
        ) from error
    if pixels > limits.max_picture_pixels:
        raise refused(InputTooLarge, index, too_many, name)
    if frames > 1:
        raise refused(
            InputTooLarge, index, f"is an animation of {frames} frames; send a single picture.", name
        )


def _jpeg_size(value: bytes) -> tuple[int, int] | None:
    """Width and height of an ordinary JPEG, a hundred times as fast as by Pillow; None: ask Pillow."""
    if not value.startswith(b"\xff\xd8\xff"):
        return None
    at, end, found = 2, len(value) - 9, None
    while at < end and value[at] == 0xFF:
        marker, length = value[at + 1], int.from_bytes(value[at + 2 : at + 4])
        if marker == _JPEG_SCAN:
            return found
        if marker in _JPEG_FRAMES:
            if found is not None:
                return None
            height, width = int.from_bytes(value[at + 5 : at + 7]), int.from_bytes(value[at + 7 : at + 9])
            found = (width, height) if width and height else None
        # Several pictures in one file, or nothing that stands before the picture's data.
        if value[at + 4 : at + 8] == b"MPF\0" or not 0xC0 <= marker <= 0xFE or length < 2:
            return None
        at += 2 + length
    return None


# Baseline, extended and progressive; the rare others are Pillow's business.
_JPEG_FRAMES = {0xC0, 0xC1, 0xC2}
_JPEG_SCAN = 0xDA
