"""One picture, stored in the many ways that cameras, phones, scanners, microscopes and programs store it."""

import io
import struct
from collections.abc import Callable
from typing import Any

import numpy as np
import pillow_heif
from PIL import Image, ImageCms, ImageDraw, ImageFilter
from pydicom.dataset import FileDataset, FileMetaDataset
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian

from tests.training.datasets import encoded

WIDTH, HEIGHT = 240, 160
_ORIENTATION = 0x0112
_TURNED_BACK = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    6: Image.Transpose.ROTATE_90,
    8: Image.Transpose.ROTATE_270,
}
# With little loss; fewer colours than pixels would be another picture.
_FINE: dict[str, dict[str, Any]] = {
    "JPEG": {"quality": 95, "subsampling": 0},
    "AVIF": {"quality": 95, "subsampling": "4:4:4"},
    "WEBP": {"lossless": True},
    "PNG": {},
}
# As cameras and phones store: one value of colour for four pixels.
_HALF: dict[str, dict[str, Any]] = {
    "JPEG": {"quality": 95, "subsampling": "4:2:0"},
    "AVIF": {"quality": 95, "subsampling": "4:2:0"},
    "WEBP": {"quality": 95},
}
# Chromaticities of red, green, blue and white, and the exponent.
DISPLAY_P3 = ([(0.68, 0.32), (0.265, 0.69), (0.15, 0.06), (0.3127, 0.329)], 2.2)
ADOBE_RGB = ([(0.64, 0.33), (0.21, 0.71), (0.15, 0.06), (0.3127, 0.329)], 2.2)


def subject(grey: bool = False) -> Image.Image:
    """A red disc on a ground that gets brighter to the right, asymmetric in both directions, 240 x 160."""
    image = drawn((205, 60, 50), 0)
    return image.convert("L") if grey else image


def drawn(colour: tuple[int, int, int], number: int) -> Image.Image:
    """A soft disc of `colour`; where it is, and the ground, change a little with `number`."""
    across = np.linspace(60, 150, WIDTH)[None, :, None]
    down = np.linspace(0, 40, HEIGHT)[:, None, None]
    grain = np.random.default_rng(number).normal(0, 12, (HEIGHT, WIDTH, 3))
    ground = across + down + np.array([number % 5, 10, 20 - number % 7]) + grain
    image = Image.fromarray(ground.clip(0, 255).astype(np.uint8))
    left, top = 90 + number * 7 % 30 - 15 * (number > 0), 30 + number * 5 % 20
    ImageDraw.Draw(image).ellipse((left, top, left + 80, top + 80), fill=colour)
    return image.filter(ImageFilter.GaussianBlur(1))


def halved() -> Image.Image:
    """The subject with one colour for each two by two pixels, and the brightness of each."""
    bands = np.asarray(subject().convert("YCbCr")).astype(float)
    colours = bands[..., 1:].reshape(HEIGHT // 2, 2, WIDTH // 2, 2, 2).mean((1, 3))
    bands[..., 1:] = colours.repeat(2, 0).repeat(2, 1)
    return Image.fromarray(bands.round().astype(np.uint8), "YCbCr").convert("RGB")


def _turned(kind: str, orientation: int, ways: dict[str, dict[str, Any]] = _FINE) -> bytes:
    exif = Image.Exif()
    exif[_ORIENTATION] = orientation
    stored = subject().transpose(_TURNED_BACK[orientation])
    return encoded(stored, kind, exif=exif, **ways[kind])


def _turned_by_xmp() -> bytes:
    note = b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:Description tiff:Orientation="3"/></x:xmpmeta>'
    return encoded(subject().transpose(_TURNED_BACK[3]), "JPEG", **_FINE["JPEG"], xmp=note)


def heic(image: Image.Image, chroma: int = 444, **options: Any) -> bytes:
    """As phones store it."""
    buffer = io.BytesIO()
    pillow_heif.from_pillow(image).save(buffer, quality=95, chroma=chroma, **options)
    return buffer.getvalue()


def _heic_turned(chroma: int = 444) -> bytes:
    exif = Image.Exif()
    exif[_ORIENTATION] = 6
    return heic(subject().transpose(_TURNED_BACK[6]), chroma, exif=exif.tobytes())


def _mpo(ways: dict[str, dict[str, Any]] = _FINE) -> bytes:
    other = Image.new("RGB", (60, 40), "blue")
    return encoded(subject(), "MPO", save_all=True, append_images=[other], **ways["JPEG"])


def profile(primaries: list[tuple[float, float]], gamma: float) -> bytes:
    """A small ICC profile (version 2, matrix and curves), adapted to D50 as Bradford does it."""
    white, *_ = (np.array([x / y, 1, (1 - x - y) / y]) for x, y in primaries[3:])
    matrix = np.stack([np.array([x / y, 1, (1 - x - y) / y]) for x, y in primaries[:3]], axis=1)
    matrix = matrix * np.linalg.solve(matrix, white)
    cone = np.array([[0.8951, 0.2664, -0.1614], [-0.7502, 1.7135, 0.0367], [0.0389, -0.0685, 1.0296]])
    d50 = np.array([0.9642, 1, 0.8249])
    matrix = np.linalg.inv(cone) @ np.diag((cone @ d50) / (cone @ white)) @ cone @ matrix

    def numbers(values: Any) -> bytes:
        return b"XYZ \0\0\0\0" + b"".join(struct.pack(">i", round(float(value) * 65536)) for value in values)

    curve = b"curv\0\0\0\0" + struct.pack(">IH", 1, round(gamma * 256)) + b"\0\0"
    name = b"desc\0\0\0\0" + struct.pack(">I", 5) + b"wide\0" + b"\0" * 79
    tags = [(b"desc", name), (b"cprt", b"text\0\0\0\0none"), (b"wtpt", numbers(d50))]
    tags += [(f"{band}XYZ".encode(), numbers(matrix[:, at])) for at, band in enumerate("rgb")]
    tags += [(f"{band}TRC".encode(), curve) for band in "rgb"]
    table, body, start = struct.pack(">I", len(tags)), b"", 128 + 4 + 12 * len(tags)
    for tag, data in tags:
        table += tag + struct.pack(">II", start + len(body), len(data))
        body += data + b"\0" * (-len(data) % 4)
    head = struct.pack(">I4sI12s", start + len(body), b"none", 0x02100000, b"mntrRGB XYZ ")
    head += struct.pack(">6H", 2020, 1, 1, 0, 0, 0) + b"acsp" + b"\0" * 28 + numbers(d50)[8:]
    return head.ljust(128, b"\0") + table + body


def in_profile(image: Image.Image, icc: bytes) -> Image.Image:
    """The same colours, in the numbers of another profile."""
    source, target = ImageCms.createProfile("sRGB"), ImageCms.ImageCmsProfile(io.BytesIO(icc))
    found = ImageCms.profileToProfile(image, source, target)
    assert found is not None
    return found


def _with_profile(kind: str, icc: bytes, **options: Any) -> bytes:
    return encoded(in_profile(subject(), icc), kind, icc_profile=icc, **options)


def _with_alpha(alpha: int) -> Image.Image:
    image = subject()
    image.putalpha(alpha)
    return image


def deep_tiff(values: Any, order: str = "<") -> bytes:
    """An uncompressed TIFF of sixteen bits a band, of [H, W] or [H, W, bands]."""
    bands = values.shape[2] if values.ndim == 3 else 1
    data = values.astype(f"{order}u2").tobytes()
    tags = [(256, values.shape[1]), (257, values.shape[0]), (258, 16), (259, 1), (262, 2 if bands > 1 else 1)]
    tags += [(273, 0), (277, bands), (278, values.shape[0]), (279, len(data))]
    at = 8 + 2 + 12 * len(tags) + 4
    entries = b""
    for tag, value in tags:
        if tag == 258 and bands > 1:
            entries += struct.pack(f"{order}HHII", tag, 3, bands, at)
        else:
            value = at + 2 * bands if tag == 273 else value
            entries += struct.pack(f"{order}HHII", tag, 4, 1, value)
    head = (b"II*\0" if order == "<" else b"MM\0*") + struct.pack(f"{order}IH", 8, len(tags))
    return head + entries + b"\0" * 4 + struct.pack(f"{order}{bands}H", *[16] * bands) + data


def deep_png(values: Any) -> bytes:
    """A PNG of sixteen bits a colour, of [H, W, 3]."""
    import zlib

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    rows = b"".join(b"\0" + row.astype(">u2").tobytes() for row in values)
    header = struct.pack(">IIBBBBB", values.shape[1], values.shape[0], 16, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(rows))
        + chunk(b"IEND", b"")
    )


def dicom(values: Any, **elements: Any) -> bytes:
    """An uncompressed DICOM file of grey values [H, W], or frames [N, H, W], in sixteen bits."""
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID = CTImageStorage, "1.2.3"
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    data = FileDataset(None, {}, file_meta=meta, preamble=b"\0" * 128)
    data.SOPClassUID, data.SOPInstanceUID, data.Modality = CTImageStorage, "1.2.3", "CT"
    data.Rows, data.Columns = values.shape[-2:]
    if values.ndim == 3:
        data.NumberOfFrames = len(values)
    data.SamplesPerPixel, data.PhotometricInterpretation = 1, "MONOCHROME2"
    data.BitsAllocated, data.BitsStored, data.HighBit, data.PixelRepresentation = 16, 12, 11, 0
    data.PixelData = values.astype("<u2").tobytes()
    for name, value in elements.items():
        setattr(data, name, value)
    buffer = io.BytesIO()
    data.save_as(buffer, enforce_file_format=True)
    return buffer.getvalue()


def _cut() -> bytes:
    whole = encoded(subject(), "JPEG", **_FINE["JPEG"])
    return whole[:-2]


def _large() -> Image.Image:
    return subject().resize((4000, 2666), Image.Resampling.BICUBIC)


_GREY = np.asarray(subject(grey=True))
_COLOURS = np.asarray(subject())
COLOURED: dict[str, Callable[[], bytes]] = {
    "PNG": lambda: encoded(subject()),
    "JPEG": lambda: encoded(subject(), "JPEG", **_FINE["JPEG"]),
    "progressive JPEG": lambda: encoded(subject(), "JPEG", **_FINE["JPEG"], progressive=True),
    "JPEG turned by EXIF": lambda: _turned("JPEG", 6),
    "JPEG mirrored by EXIF": lambda: _turned("JPEG", 2),
    "JPEG turned by XMP": _turned_by_xmp,
    "PNG turned by EXIF": lambda: _turned("PNG", 8),
    "WebP turned by EXIF": lambda: _turned("WEBP", 3),
    "JPEG without its end": _cut,
    "JPEG with a film behind it": lambda: (
        encoded(subject(), "JPEG", **_FINE["JPEG"]) + b"\0\0\0\x18ftypmp42" + b"\xff\xda" * 900
    ),
    "MPO": _mpo,
    "large JPEG": lambda: encoded(_large(), "JPEG", **_FINE["JPEG"]),
    "CMYK JPEG": lambda: encoded(subject().convert("CMYK"), "JPEG", **_FINE["JPEG"]),
    "Display P3 JPEG": lambda: _with_profile("JPEG", profile(*DISPLAY_P3), **_FINE["JPEG"]),
    "Adobe RGB TIFF": lambda: _with_profile("TIFF", profile(*ADOBE_RGB)),
    "Display P3 PNG": lambda: _with_profile("PNG", profile(*DISPLAY_P3)),
    "JPEG with a broken profile": lambda: encoded(
        subject(), "JPEG", **_FINE["JPEG"], icc_profile=b"nonsense" * 40
    ),
    "WebP": lambda: encoded(subject(), "WEBP", lossless=True),
    "BMP": lambda: encoded(subject(), "BMP"),
    "PPM": lambda: encoded(subject(), "PPM"),
    "palette GIF": lambda: encoded(subject().quantize(256, dither=Image.Dither.NONE), "GIF"),
    "compressed TIFF": lambda: encoded(subject(), "TIFF", compression="tiff_lzw"),
    "16-bit TIFF": lambda: deep_tiff(_COLOURS.astype(int) * 257),
    "12 bits in a 16-bit TIFF": lambda: deep_tiff(_COLOURS.astype(int) * 4095 // 255, ">"),
    "16-bit PNG": lambda: deep_png(_COLOURS.astype(int) * 257),
    "12 bits in a 16-bit PNG": lambda: deep_png(_COLOURS.astype(int) * 4095 // 255),
    "HEIC": lambda: heic(subject()),
    "HEIC turned": _heic_turned,
    "AVIF": lambda: encoded(subject(), "AVIF", **_FINE["AVIF"]),
    "AVIF turned": lambda: _turned("AVIF", 6),
    "JPEG 2000": lambda: encoded(subject(), "JPEG2000"),
    "opaque RGBA PNG": lambda: encoded(_with_alpha(255)),
    "PNG with an alpha channel of nothing": lambda: encoded(_with_alpha(0)),
    "PNG with an unused colour key": lambda: encoded(subject(), transparency=(1, 2, 3)),
}
# Against a picture that has no more colours than they can hold.
HALVED: dict[str, Callable[[], bytes]] = {
    "PNG": lambda: encoded(halved()),
    "JPEG": lambda: encoded(subject(), "JPEG", **_HALF["JPEG"]),
    "JPEG, 4:2:2": lambda: encoded(subject(), "JPEG", quality=95, subsampling="4:2:2"),
    "progressive JPEG": lambda: encoded(subject(), "JPEG", **_HALF["JPEG"], progressive=True),
    "large JPEG": lambda: encoded(_large(), "JPEG", **_HALF["JPEG"]),
    "JPEG turned by EXIF": lambda: _turned("JPEG", 6, _HALF),
    "Display P3 JPEG": lambda: _with_profile("JPEG", profile(*DISPLAY_P3), **_HALF["JPEG"]),
    "MPO": lambda: _mpo(_HALF),
    "WebP": lambda: encoded(subject(), "WEBP", **_HALF["WEBP"]),
    "WebP turned by EXIF": lambda: _turned("WEBP", 3, _HALF),
    "large WebP": lambda: encoded(_large(), "WEBP", **_HALF["WEBP"]),
    "HEIC": lambda: heic(subject(), 420),
    "HEIC turned": lambda: _heic_turned(420),
    "large HEIC": lambda: heic(_large(), 420),
    "AVIF": lambda: encoded(subject(), "AVIF", **_HALF["AVIF"]),
    "AVIF turned": lambda: _turned("AVIF", 6, _HALF),
}
GREY: dict[str, Callable[[], bytes]] = {
    "PNG": lambda: encoded(subject(grey=True)),
    "PGM": lambda: encoded(subject(grey=True), "PPM"),
    "16-bit PNG": lambda: encoded(Image.fromarray(_GREY.astype(np.uint16) * 257)),
    "12 bits in a 16-bit PNG": lambda: encoded(
        Image.fromarray((_GREY.astype(np.uint32) * 4095 // 255).astype(np.uint16))
    ),
    "16-bit TIFF": lambda: encoded(Image.fromarray(_GREY.astype(np.uint16) * 257), "TIFF"),
    "float TIFF": lambda: encoded(Image.fromarray(_GREY.astype(np.float32) / 255), "TIFF"),
    "DICOM": lambda: dicom(_GREY.astype(int) * 16),
    "DICOM, negative": lambda: dicom(4095 - _GREY.astype(int) * 16, PhotometricInterpretation="MONOCHROME1"),
    "DICOM with a window": lambda: dicom(
        _GREY.astype(int) + 1000,
        RescaleSlope=1,
        RescaleIntercept=-1024,
        WindowCenter=103.5 + 0.5,
        WindowWidth=256,
    ),
}
