"""Whether the bytes of one picture can be used, and its thumbnail."""

import base64
from dataclasses import dataclass

import numpy as np
from PIL import Image

from jobs.uploads.detection import other_kind
from training.ground.limits import Limits
from training.ground.picture_formats import (
    HEAD_BYTES,
    NAMES,
    OTHER_SUFFIXES,
    READ,
    picture_format,
    video_name,
)
from training.kinds.pictures.pixels.picture import Header, Picture, UnreadablePicture
from training.kinds.pictures.pixels.picture_jpeg import jpeg_markers
from training.kinds.pictures.thumbnail import as_jpeg, small

SUFFIX_OF = {format.name: format.suffixes[0].removeprefix(".") for format in READ}
THUMBNAIL = 96
# Each of a JPEG's scans costs a pass over all of it; honest ones have about ten.
_MOST_SCANS = 100
_SAVE_AS = "Save it as JPEG or PNG."
# Points of a picture that are looked at, along each side.
_POINTS = 48
# Of 255: below these there is nothing to see.
_BLANK, _BLACK, _DARK = 4, 24, 8


@dataclass(frozen=True, slots=True)
class Verdict:
    """`reason` is None for a good picture; `format` is its name; `data_uri` the thumbnail, if asked for.

    `remarks` are what is odd about a good one: keys of REMARKS.
    """

    reason: str | None
    format: str = ""
    data_uri: str | None = None
    remarks: tuple[str, ...] = ()


def check_picture(data: bytes, limits: Limits, *, decode: bool, thumbnail: bool, suffix: str = "") -> Verdict:
    """Reads the header and, with `decode`, every pixel; never raises on bad bytes.

    `suffix`, of the file's name, names formats that cannot be told by their first bytes.
    """
    kind = picture_format(data[:HEAD_BYTES])
    if kind not in NAMES:
        return Verdict(_not_readable(data, kind, suffix))
    try:
        picture = Picture(data)
    except UnreadablePicture as error:
        damaged = f"it is damaged: its header cannot be read. {_SAVE_AS}"
        return Verdict(damaged if error.is_damage else f"{error.reason}. {_SAVE_AS}")
    reason = _header_reason(picture.header, data, limits)
    if reason is not None:
        return Verdict(reason)
    remarks = ("frames",) if picture.header.has_more else ()
    if not (decode or thumbnail):
        return Verdict(None, picture.format, None, remarks)
    try:
        return _decoded(picture, thumbnail, remarks)
    except UnreadablePicture as error:
        if error.is_damage:
            return Verdict("it is damaged or cut short. Replace or leave out this picture.")
        return Verdict(f"{error.reason}. {_SAVE_AS}")


def _header_reason(header: Header, data: bytes, limits: Limits) -> str | None:
    if header.is_too_large(limits.max_picture_pixels):
        return f"it has {header.width:,} x {header.height:,} pixels. {_smaller(limits)}"
    if header.format in ("PNG", "WebP") and header.has_more:
        return "it is an animation. Save one frame of it as a picture."
    if header.format == "JPEG" and _has_too_many_scans(data):
        return f"it is made of very many scans. {_SAVE_AS}"
    return None


def _has_too_many_scans(data: bytes) -> bool:
    # The bytes of a film behind a photo may look like scans: then they are counted one by one.
    if data.count(b"\xff\xda") <= _MOST_SCANS:
        return False
    return sum(marker == 0xDA for marker, _ in jpeg_markers(data)) > _MOST_SCANS


def _decoded(picture: Picture, thumbnail: bool, remarks: tuple[str, ...]) -> Verdict:
    """Decodes every pixel, JPEGs at an eighth of the size."""
    seen: list[Image.Image] = []

    def scale(upright: Image.Image) -> Image.Image:
        points = min(_POINTS, upright.width), min(_POINTS, upright.height)
        seen.append(upright.resize(points, Image.Resampling.NEAREST).convert("RGB"))
        return small(upright, THUMBNAIL) if thumbnail else seen[0]

    found = picture.pixels(scale, THUMBNAIL)
    address = None
    if thumbnail:
        address = "data:image/jpeg;base64," + base64.b64encode(as_jpeg(found, quality=75)).decode("ascii")
    return Verdict(None, picture.format, address, remarks + _looks(seen[0], picture))


def _looks(points: Image.Image, picture: Picture) -> tuple[str, ...]:
    """What is odd about a few points of a picture (mode RGB)."""
    found = ["cut"] if picture.was_cut else []
    values = np.asarray(points)
    # A picture of one row is all that it can be.
    if min(points.size) > 1:
        if values.max() <= _BLACK and values.mean() <= _DARK:
            found.append("black")
        elif np.ptp(values[..., 1]) <= _BLANK and np.ptp(values, axis=(0, 1)).max() <= _BLANK:
            found.append("blank")
    return tuple(found)


def _not_readable(data: bytes, kind: str | None, suffix: str) -> str:
    if not data:
        return "it is empty. Replace or leave out this picture."
    if kind is not None:
        return f"it is {kind}, which cannot be read here. {_SAVE_AS}"
    video = video_name(data[:HEAD_BYTES])
    if video is not None:
        return f"it is {video}, not a picture. Save frames of it as pictures."
    other = other_kind(data[:512])
    if other is None and suffix in OTHER_SUFFIXES:
        return f"it is {OTHER_SUFFIXES[suffix]}, which cannot be read here. {_SAVE_AS}"
    return f"it is {other[0]}, not a picture. {_SAVE_AS}" if other else f"it is not a picture. {_SAVE_AS}"


def _smaller(limits: Limits) -> str:
    return f"At most {limits.max_picture_pixels / 1e6:g} million are allowed: save a smaller copy."
