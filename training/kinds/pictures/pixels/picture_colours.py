"""The pixels of a decoded picture as eight bits of grey or colour, on white, and in sRGB.

Stands alone: it is copied into bundles. `reading` is the version of these rules that a model was trained with:
1 knew no colour profiles, took the upper eight of sixteen bits, and put every transparent picture on white.
"""

import io
from collections.abc import Callable
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageCms

NEWEST = 2
_TRANSPARENT = ("RGBA", "LA", "PA", "La", "RGBa")
# Where the upper two of sixteen bits are never used, fewer bits were stored in sixteen.
_QUARTER = 1 << 14
# An alpha channel that is nowhere more than this hides the whole picture: it was not meant.
_INVISIBLE = 8
_MOST_PROFILE_BYTES = 4 * 1024**2
# Of 255: a profile that changes no colour by more than this is sRGB.
_SAME_COLOUR = 2
_WHITE_IS_ZERO = 262

Again = Callable[[], Image.Image | None]


def flattened(
    picture: Image.Image, low_bytes: Again | None, profile: bytes | None, reading: int
) -> Image.Image:
    """Mode L or RGB, or, where a profile will be needed, CMYK or LAB; transparent places become white.

    `low_bytes`, of a picture with sixteen bits a colour, decodes it once more to the lower eight of them.
    """
    mode = picture.mode
    if mode in ("RGB", "RGBX", "L") and "transparency" not in picture.info:
        seen = _whole_range(picture, low_bytes) if reading > 1 and low_bytes else picture
        return seen if seen.mode != "RGBX" else seen.convert("RGB")
    if mode[0] == "I" or (mode == "F" and reading > 1):
        return Image.fromarray(_eight_bits(picture, reading))
    if mode in _TRANSPARENT or "transparency" in picture.info:
        if reading > 1 and mode == "RGBA" and low_bytes:
            picture = _whole_range(picture, low_bytes)
        return _on_white(picture, reading)
    if reading > 1 and (mode == "LAB" or (mode == "CMYK" and profile)):
        return picture
    return picture.convert("L" if mode == "1" else "RGB")


def in_srgb(picture: Image.Image, profile: bytes | None, reading: int) -> Image.Image:
    """Mode RGB; the colours as `profile` means them. A profile that cannot be used is ignored."""
    if reading > 1 and (profile or picture.mode == "LAB"):
        if picture.mode == "L" and profile and _space(profile) == "RGB":
            picture = picture.convert("RGB")
        transform = _transform(profile or b"", picture.mode)
        if transform is not None:
            converted = ImageCms.applyTransform(picture, transform)
            assert converted is not None
            return converted
    return picture if picture.mode == "RGB" else picture.convert("RGB")


def _eight_bits(picture: Image.Image, reading: int) -> NDArray[np.uint8]:
    """Of grey with more than eight bits; Pillow would clip it at 255."""
    values = np.asarray(picture)
    if reading == 1:
        return (values.astype(np.uint32) >> 8).astype(np.uint8)
    grey = _from_floats(values) if values.dtype.kind == "f" else scaled(values)
    tags: Any = getattr(picture, "tag_v2", {})
    inverted = picture.mode.startswith("I;16") and tags.get(_WHITE_IS_ZERO) == 0
    return 255 - grey if inverted else grey


def scaled(values: NDArray[Any], bits: int = 16) -> NDArray[np.uint8]:
    """Whole numbers as eight bits, by the range that is really used: twelve bits stored in sixteen become white, too.

    A picture that reaches a quarter of the range of `bits` keeps it, so that dark pictures stay dark.
    """
    low, high = int(values.min()), int(values.max())
    if low < 0:
        return ((values.astype(np.float32) - low) * (255 / (high - low))).round().astype(np.uint8)
    top = (1 << bits) - 1 if high >= 1 << (bits - 2) else 0
    top = max(top, (1 << high.bit_length()) - 1, 255)
    if top == 0xFFFF:
        return (values >> 8).astype(np.uint8)
    if top > 0xFFFF:
        return (values * (255 / top)).astype(np.uint8)
    table = (np.arange(top + 1) * (255 / top)).round().astype(np.uint8)
    return np.asarray(table[values])


def _from_floats(values: NDArray[Any]) -> NDArray[np.uint8]:
    """Shares of white or numbers up to 255 as they are meant, other numbers stretched over the range."""
    values = np.nan_to_num(values.astype(np.float32), nan=0.0, posinf=0.0, neginf=0.0)
    low, high = float(values.min()), float(values.max())
    if low < 0 or high > 255:
        values = (values - low) / max(high - low, 1e-12)
        high = 1.0
    return (values * (255 if high <= 1 else 1)).round().astype(np.uint8)


def _whole_range(picture: Image.Image, low_bytes: Again) -> Image.Image:
    """A colour picture of sixteen bits whose upper two are never used, with what the others say."""
    high = np.asarray(picture)
    if high[..., :3].max() >= _QUARTER >> 8:
        return picture
    lower = low_bytes()
    if lower is None or lower.mode != picture.mode:
        return picture
    values = (high.astype(np.uint16) << 8) | np.asarray(lower)
    parts = [scaled(values[..., :3]), *([scaled(values[..., 3:])] if picture.mode == "RGBA" else [])]
    return Image.fromarray(np.concatenate(parts, axis=2))


def _on_white(picture: Image.Image, reading: int) -> Image.Image:
    layer = picture.convert("RGBA")
    alpha = np.asarray(layer.getchannel("A"))
    least, most = alpha.min(), alpha.max()
    if least == 255:
        return layer.convert("RGB")
    if reading > 1 and most <= _INVISIBLE:
        colours = layer.convert("RGB")
        if np.ptp(np.asarray(colours).reshape(-1, 3), axis=0).any():
            return colours
    return Image.alpha_composite(Image.new("RGBA", layer.size, "white"), layer).convert("RGB")


@lru_cache(maxsize=64)
def _transform(profile: bytes, mode: str) -> ImageCms.ImageCmsTransform | None:
    """From `profile` (none: CIE Lab) to sRGB; None where it is sRGB itself or of no use for this mode."""
    if len(profile) > _MOST_PROFILE_BYTES:
        return None
    try:
        srgb = ImageCms.createProfile("sRGB")
        if profile:
            source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        else:
            source = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB"))
        made = ImageCms.buildTransform(source, srgb, mode, "RGB")
        return None if mode in ("RGB", "L") and _changes_nothing(made, mode) else made
    except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
        return None


@lru_cache(maxsize=64)
def _space(profile: bytes) -> str:
    """ "RGB", "GRAY", "CMYK", as the profile's header says."""
    return profile[16:20].decode("latin-1").strip()


def _changes_nothing(transform: ImageCms.ImageCmsTransform, mode: str) -> bool:
    steps = np.linspace(0, 255, 9).astype(np.uint8)
    if mode == "L":
        probe = Image.fromarray(steps[None])
    else:
        probe = Image.fromarray(np.stack(np.meshgrid(steps, steps, steps), -1).reshape(9, 81, 3))
    seen = ImageCms.applyTransform(probe, transform)
    assert seen is not None
    return bool(np.abs(np.asarray(seen, int) - np.asarray(probe.convert("RGB"), int)).max() <= _SAME_COLOUR)
