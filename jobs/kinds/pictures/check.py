"""Whether the bytes of one picture can be used, and its thumbnail."""

import base64
import io
import threading
from dataclasses import dataclass

from PIL import Image, ImageOps, UnidentifiedImageError

from jobs.uploads.detection import other_kind, picture_format
from training.ground.limits import Limits

FORMATS = ("JPEG", "PNG", "WEBP", "BMP")
SUFFIX_OF = {"JPEG": "jpg", "MPO": "jpg", "PNG": "png", "WEBP": "webp", "BMP": "bmp"}
THUMBNAIL = 96
# Each of a JPEG's scans costs a pass over all of it; honest ones have about ten.
_MOST_SCANS = 100
# Pictures that unfold to this many pixels take turns, so that memory holds one of them at a time.
_LARGE = 8_000_000
_one_large_picture = threading.Lock()
_READABLE = "Save it as JPEG, PNG, WebP or BMP."


@dataclass(frozen=True, slots=True)
class Verdict:
    """`reason` is None for a good picture; `format` is Pillow's name; `data_uri` the thumbnail, if asked for."""

    reason: str | None
    format: str = ""
    data_uri: str | None = None


def check_picture(data: bytes, limits: Limits, *, decode: bool, thumbnail: bool) -> Verdict:
    """Reads the header and, with `decode`, every pixel; never raises on bad bytes."""
    kind = picture_format(data[:64])
    if kind not in FORMATS:
        return Verdict(_not_readable(data, kind))
    try:
        with Image.open(io.BytesIO(data), formats=FORMATS) as picture:
            reason = _header_reason(picture, data, limits)
            if reason is not None:
                return Verdict(reason)
            name = picture.format or kind
            if not (decode or thumbnail):
                return Verdict(None, name)
            return Verdict(None, name, _decoded(picture, thumbnail))
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        return Verdict(f"it has too many pixels. {_smaller(limits)}")
    except MemoryError:
        raise
    except UnidentifiedImageError:
        return Verdict(f"it is damaged: its header cannot be read. {_READABLE}")
    except Exception:  # Pillow's decoders raise nearly anything on damaged files
        return Verdict("it is damaged or cut short. Replace or leave out this picture.")


def _header_reason(picture: Image.Image, data: bytes, limits: Limits) -> str | None:
    if picture.width * picture.height > limits.max_picture_pixels:
        return f"it has {picture.width:,} x {picture.height:,} pixels. {_smaller(limits)}"
    # Phones write JPEGs with a second picture inside (MPO); the first one counts.
    if picture.format in ("PNG", "WEBP") and getattr(picture, "n_frames", 1) > 1:
        return "it is an animation. Save one frame of it as a picture."
    if picture.format in ("JPEG", "MPO") and data.count(b"\xff\xda") > _MOST_SCANS:
        return f"it is made of very many scans. {_READABLE}"
    return None


def _decoded(picture: Image.Image, thumbnail: bool) -> str | None:
    """Decodes every pixel, JPEGs at an eighth of the size; returns the thumbnail as a data URI."""
    picture.draft("RGB", (THUMBNAIL, THUMBNAIL))
    if picture.width * picture.height > _LARGE:
        with _one_large_picture:
            picture.load()
            return _thumbnail(picture) if thumbnail else None
    picture.load()
    return _thumbnail(picture) if thumbnail else None


def _thumbnail(picture: Image.Image) -> str | None:
    try:
        return _small_jpeg(picture)
    except (ValueError, OSError):  # rare modes that Pillow cannot scale; the picture itself is fine
        return None


def _small_jpeg(picture: Image.Image) -> str:
    picture.thumbnail((THUMBNAIL, THUMBNAIL))
    try:
        upright = ImageOps.exif_transpose(picture)
    except Exception:  # damaged EXIF blocks fail in many ways, the pixels are fine all the same
        upright = picture
    buffer = io.BytesIO()
    _rgb(upright).save(buffer, "JPEG", quality=75)
    return "data:image/jpeg;base64," + base64.b64encode(buffer.getvalue()).decode("ascii")


def _rgb(picture: Image.Image) -> Image.Image:
    """On white where it is transparent; without EXIF, so without the place where it was taken."""
    if picture.mode in ("RGBA", "LA", "PA") or "transparency" in picture.info:
        layer = picture.convert("RGBA")
        return Image.alpha_composite(Image.new("RGBA", layer.size, "white"), layer).convert("RGB")
    if picture.mode.startswith("I"):  # 16-bit grey, which Pillow would clip
        return picture.convert("I").point(lambda value: value * (1 / 256)).convert("L").convert("RGB")
    plain = picture.convert("RGB")
    plain.info = {}
    return plain


def _not_readable(data: bytes, kind: str | None) -> str:
    if not data:
        return "it is empty. Replace or leave out this picture."
    if kind is not None:
        return f"it is {kind}, which is not supported. {_READABLE}"
    other = other_kind(data[:512])
    return f"it is {other[0]}, not a picture. {_READABLE}" if other else f"it is not a picture. {_READABLE}"


def _smaller(limits: Limits) -> str:
    return f"At most {limits.max_picture_pixels / 1e6:g} million are allowed: save a smaller copy."
