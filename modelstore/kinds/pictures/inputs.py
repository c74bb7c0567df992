"""Pictures to predict, see `modelstore.prediction.contract`: encoded."""

import base64
import binascii
from collections.abc import Sequence
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
from training.ground.picture_formats import HEAD_BYTES, JPEG_FACTOR, NAMES, picture_format, video_name

JSON_SCHEMA = MappingProxyType(
    {
        "type": "string",
        "description": "A picture in base64, or a data: address of it.",
        "examples": ["data:image/png;base64,iVBORw0KGgo..."],
    }
)
COST = ("pixels", "max_pixels_per_request")
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
    if picture_format(value[:HEAD_BYTES]) not in NAMES and not value.startswith(b"BM"):
        raise refused(InputUnsupported, index, f"{_what(value[:HEAD_BYTES])}. Save it as JPEG or PNG.", name)
    _check_size(value, index, name, limits)


def _what(head: bytes) -> str:
    kind = picture_format(head) or video_name(head)
    return f"is {kind}, which cannot be read here" if kind else "is not a picture"


def _check_size(value: bytes, index: int, name: str, limits: Limits) -> None:
    """Reads the header only; damage further on shows when the model's preprocessing decodes the pixels."""
    most = limits.max_picture_pixels
    too_many = f"has more than the {most:,} pixels a picture may have."
    if (size := _jpeg_size(value)) is not None:
        if size[0] * size[1] > most * JPEG_FACTOR:
            raise refused(InputTooLarge, index, too_many, name)
        return
    from training.kinds.pictures.pixels.picture import (
        UnreadablePicture,
        read_header,
    )  # here, so that the web starts light

    try:
        header = read_header(value)
    except UnreadablePicture as error:
        reason = "the file is damaged or cut short" if error.is_damage else error.reason
        raise refused(InputUnreadable, index, f"cannot be read: {reason}.", name) from error
    if header.is_too_large(most):
        raise refused(InputTooLarge, index, too_many, name)
    if header.format in ("PNG", "WebP") and header.has_more:
        raise refused(InputTooLarge, index, "is an animation; send a single picture.", name)


def cost(value: bytes) -> int:
    """Pixels; fewer of a JPEG that is decoded at a fraction of its size, which one in many passes is not."""
    if (size := _jpeg_size(value)) is not None:
        return size[0] * size[1] // (1 if _is_progressive(value) else JPEG_FACTOR)
    from training.kinds.pictures.pixels.picture import UnreadablePicture, read_header

    try:
        return read_header(value).pixels
    except UnreadablePicture:
        return 0


def _is_progressive(value: bytes) -> bool:
    at = 2
    while value[at + 1] != _JPEG_SCAN:
        if value[at + 1] in _JPEG_FRAMES:
            return value[at + 1] == _JPEG_PROGRESSIVE
        at += 2 + int.from_bytes(value[at + 2 : at + 4])
    return False


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
_JPEG_PROGRESSIVE = 0xC2
_JPEG_SCAN = 0xDA
