"""From the bytes of a picture to its pixels in sRGB: the one way for checks, training, prediction and bundles.

Stands alone: it is copied into bundles.
"""

import io
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any, BinaryIO, Self

from PIL import Image

from training.ground.picture_formats import HEAD_BYTES, JPEG_FACTOR, NAMES, picture_format, video_name
from training.kinds.pictures.pixels.picture_colours import NEWEST, flattened, in_srgb
from training.kinds.pictures.pixels.picture_jpeg import END, is_whole_but_for_its_end, misses_rows

# Larger pictures are not decoded; for JPEGs see JPEG_FACTOR.
MOST_PIXELS = 100_000_000
# Decoded pictures that are in memory at the same time, in bytes; a larger one is alone.
_ROOM = 256 * 1024**2
# From so many pixels on, transparent pictures are made smaller before they are put on white.
_LARGE = 16_000_000
_ORIENTATION = 0x0112
_EXTRA_SAMPLES = 338
_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
# Each format is opened by its own decoder and by no other, whatever else is installed.
_DECODERS = {
    "JPEG": ("PIL.JpegImagePlugin", "jpeg_factory"),
    "PNG": ("PIL.PngImagePlugin", "PngImageFile"),
    "WebP": ("PIL.WebPImagePlugin", "WebPImageFile"),
    "GIF": ("PIL.GifImagePlugin", "GifImageFile"),
    "BMP": ("PIL.BmpImagePlugin", "BmpImageFile"),
    "AVIF": ("PIL.AvifImagePlugin", "AvifImageFile"),
    "HEIC": ("pillow_heif", "HeifImageFile"),
    "TIFF": ("PIL.TiffImagePlugin", "TiffImageFile"),
    "JPEG 2000": ("PIL.Jpeg2KImagePlugin", "Jpeg2KImageFile"),
    "PPM": ("PIL.PpmImagePlugin", "PpmImageFile"),
    "DICOM": ("training.kinds.pictures.pixels.picture_dicom", "DicomImageFile"),
}
_PACKAGES = {"pillow_heif": "pillow-heif", "pydicom": "pydicom"}

Scale = Callable[[Image.Image], Image.Image]
Source = bytes | Path | BinaryIO


class UnreadablePicture(ValueError):
    """The bytes are no picture that can be used; `reason` says why, `index` which of several.

    `is_damage`: it is of a format that is read, but its bytes are not as they should be.
    """

    def __init__(self, reason: str, index: int | None = None, *, is_damage: bool = False) -> None:
        super().__init__(reason)
        self.reason = reason
        self.index = index
        self.is_damage = is_damage


@dataclass(frozen=True, slots=True)
class Header:
    """What a picture says of itself: `width` and `height` in pixels as stored; `has_more`: frames or pages."""

    format: str
    width: int
    height: int
    has_more: bool

    @property
    def pixels(self) -> int:
        """Of one frame."""
        return self.width * self.height

    def is_too_large(self, most: int) -> bool:
        """Whether it has more than `most` pixels, or a JPEG more than several times that."""
        return self.pixels > most * (JPEG_FACTOR if self.format == "JPEG" else 1)


class Picture:
    """An opened picture of which only the header was read. To be closed, or used in a `with` statement."""

    def __init__(self, source: Source) -> None:
        """Raises UnreadablePicture."""
        self._owned = isinstance(source, Path)
        self._file: BinaryIO = _opened(source)
        try:
            head = self._file.read(HEAD_BYTES)
            self._file.seek(0)
            self.format = _known(head)
            self._image = self._open(self._file)
        except BaseException:
            self.close()
            raise
        image = self._image
        self.header = Header(self.format, image.width, image.height, _has_more(image, self.format))
        # Filled by `pixels`: whether a JPEG's end was missing.
        self.was_cut = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Closes the file where it was opened here."""
        if self._owned:
            self._file.close()

    def pixels(self, scale: Scale, at_least: int = 0, reading: int = NEWEST) -> Image.Image:
        """The picture upright and in sRGB (mode RGB), after `scale`; raises UnreadablePicture.

        With `at_least`, it may be decoded at any size with no side shorter than that. `reading` is the version of the
        rules for colours, see picture_colours.
        """
        if self.header.is_too_large(MOST_PIXELS):
            size = f"{self.header.width} x {self.header.height}"
            raise UnreadablePicture(f"it has too many pixels ({size})")
        with _readable():
            self._draft(at_least)
            with _room.taken(self._bytes()):
                return self._pixels(scale, at_least, reading)

    def _pixels(self, scale: Scale, at_least: int, reading: int) -> Image.Image:
        deep = _has_sixteen_bits(self._image)
        self._load(at_least)
        image = self._image
        profile = image.info.get("icc_profile")
        if self.format == "TIFF" and image.mode == "RGBA" and not _says_alpha(image):
            image = Image.merge("RGBA", [*image.split()[:3], Image.new("L", image.size, 255)])
        if image.width * image.height > _LARGE and at_least and image.mode in ("RGBA", "LA"):
            image = image.reduce(max(1, min(image.size) // (2 * at_least)))
        flat = flattened(image, self._low_bytes if deep else None, profile, reading)
        return in_srgb(scale(_upright(flat, self._image)), profile, reading)

    def _open(self, file: BinaryIO) -> Image.Image:
        module, name = _DECODERS[self.format]
        try:
            decoder = getattr(import_module(module), name)
        except ImportError as error:
            raise UnreadablePicture(_missing(self.format, error)) from error
        with _readable():
            image: Image.Image = decoder(file, "")
            return image

    def _draft(self, at_least: int) -> None:
        # A JPEG decoder can scale by powers of two for free; it never goes below the size asked for.
        if at_least and self.format == "JPEG":
            self._image.draft("RGB", (at_least, at_least))

    def _bytes(self) -> int:
        """About what decoding it takes."""
        width, height = self._image.size
        # Coefficients of all scans of a progressive JPEG are kept at full size.
        kept = 3 * self.header.pixels if self._image.info.get("progressive") else 0
        return 4 * width * height + kept

    def _load(self, at_least: int) -> None:
        try:
            self._image.load()
        except OSError:
            if self.format != "JPEG":
                raise
            self._load_without_end(at_least)

    def _load_without_end(self, at_least: int) -> None:
        """A JPEG of which only the last few bytes are missing, as browsers show it; raises OSError for others."""
        self._file.seek(0)
        data = self._file.read()
        if not is_whole_but_for_its_end(data):
            raise OSError("cut short")
        self._image = self._open(io.BytesIO(data + END))
        self._draft(at_least)
        self._image.load()
        if misses_rows(self._image, self.header.height):
            raise OSError("cut short")
        self.was_cut = True

    def _low_bytes(self) -> Image.Image | None:
        """The lower eight bits of a colour picture with sixteen, which Pillow reads only the upper eight of."""
        self._file.seek(0)
        again = self._open(self._file)
        tiles: Any = getattr(again, "tile", [])
        if not tiles:
            return None
        again.tile = [_with_low_bytes(tile) for tile in tiles]  # type: ignore[attr-defined]
        again.load()
        return again


def read_header(source: Source) -> Header:
    """Without decoding; raises UnreadablePicture."""
    with Picture(source) as picture:
        return picture.header


def _opened(source: Source) -> BinaryIO:
    if isinstance(source, bytes):
        return io.BytesIO(source)
    return source.open("rb") if isinstance(source, Path) else source


def _known(head: bytes) -> str:
    name = picture_format(head)
    if name in NAMES:
        assert name is not None
        return name
    if not head:
        raise UnreadablePicture("it is empty")
    name = name or video_name(head)
    raise UnreadablePicture(f"it is {name}, which cannot be read here" if name else "it is not a picture")


def _missing(format: str, error: ImportError) -> str:
    package = _PACKAGES.get(error.name or "", error.name)
    return f"it is {format}, and the Python package {package}, which reads that, is not installed"


def _has_more(image: Image.Image, format: str) -> bool:
    # Phones and cameras put a second picture behind a JPEG (MPO) or beside a HEIC; the first one counts.
    if format in ("JPEG", "HEIC", "AVIF"):
        return False
    try:
        return bool(getattr(image, "is_animated", False))
    except Exception:  # a damaged later frame does not matter
        return False


def _upright(flat: Image.Image, original: Image.Image) -> Image.Image:
    """Turned as the EXIF block, or the XMP block, of `original` says; HEIC comes turned already."""
    try:
        turn = _TURNS.get(original.getexif().get(_ORIENTATION, 1))
    except Exception:  # damaged EXIF blocks fail in many ways, the pixels are fine all the same
        turn = None
    return flat if turn is None else flat.transpose(turn)


def _has_sixteen_bits(image: Image.Image) -> bool:
    """Whether it is a colour picture with more than the eight bits a colour that Pillow keeps."""
    tiles: Any = getattr(image, "tile", ())
    return image.mode in ("RGB", "RGBA", "RGBX") and any(";16" in str(tile.args) for tile in tiles)


def _says_alpha(image: Image.Image) -> bool:
    """Whether a TIFF calls its fourth band alpha; satellites' pictures have infrared there."""
    tags: Any = getattr(image, "tag_v2", {})
    return any(kind in (1, 2) for kind in tags.get(_EXTRA_SAMPLES, ()))


def _with_low_bytes(tile: Any) -> Any:
    def swapped(mode: Any) -> Any:
        if not isinstance(mode, str) or ";16" not in mode:
            return mode
        return mode.replace(";16L", ";16B") if mode.endswith(";16L") else re.sub(";16[BN]$", ";16L", mode)

    args = tile.args
    return tile._replace(args=tuple(map(swapped, args)) if isinstance(args, tuple) else swapped(args))


@contextmanager
def _readable() -> Iterator[None]:
    """Whatever decoders raise on damaged files becomes UnreadablePicture; they raise nearly anything."""
    try:
        yield
    except (UnreadablePicture, MemoryError):
        raise
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise UnreadablePicture("it has too many pixels") from error
    except Exception as error:
        raise UnreadablePicture("the file is damaged or cut short", is_damage=True) from error


class _Room:
    """Memory for decoded pictures: threads wait until there is enough; one picture always fits."""

    def __init__(self, most: int) -> None:
        self._most, self._used = most, 0
        self._freed = threading.Condition()

    @contextmanager
    def taken(self, size: int) -> Iterator[None]:
        with self._freed:
            self._freed.wait_for(lambda: not self._used or self._used + size <= self._most)
            self._used += size
        try:
            yield
        finally:
            with self._freed:
                self._used -= size
                self._freed.notify_all()


_room = _Room(_ROOM)
