"""Formats of pictures: the one list of what is read, and what a file is by its first bytes.

Stands alone: it is copied into bundles.
"""

import re
import struct
from dataclasses import dataclass

# So many of the first bytes tell all that can be told.
HEAD_BYTES = 1024
# A JPEG may have so many times the pixels of other pictures: it is decoded at a fraction of its size.
JPEG_FACTOR = 4


@dataclass(frozen=True, slots=True)
class Format:
    """A format that is read: its name, suffixes and media types, the usual ones first."""

    name: str
    suffixes: tuple[str, ...]
    media: tuple[str, ...]
    # Whether every present browser shows it.
    in_browsers: bool


READ = (
    Format("JPEG", (".jpg", ".jpeg", ".jpe", ".jfif", ".mpo"), ("image/jpeg",), True),
    Format("PNG", (".png", ".apng"), ("image/png",), True),
    Format("WebP", (".webp",), ("image/webp",), True),
    Format("GIF", (".gif",), ("image/gif",), True),
    Format("BMP", (".bmp", ".dib"), ("image/bmp",), True),
    Format("AVIF", (".avif", ".avifs"), ("image/avif",), True),
    Format("HEIC", (".heic", ".heif", ".hif", ".heics"), ("image/heic", "image/heif"), False),
    Format("TIFF", (".tif", ".tiff"), ("image/tiff",), False),
    Format("JPEG 2000", (".jp2", ".j2k", ".jpf", ".jpx", ".j2c", ".jpc"), ("image/jp2",), False),
    Format(
        "PPM",
        (".ppm", ".pgm", ".pbm", ".pnm", ".pfm"),
        ("image/x-portable-pixmap", "image/x-portable-graymap", "image/x-portable-bitmap"),
        False,
    ),
    Format("DICOM", (".dcm", ".dicom"), ("application/dicom",), False),
)
NAMES = frozenset(format.name for format in READ)
SUFFIXES = frozenset(suffix for format in READ for suffix in format.suffixes)
# Suffixes that name a picture which is not read.
OTHER_SUFFIXES = {
    ".svg": "SVG",
    ".eps": "EPS",
    ".psd": "PSD",
    ".ico": "ICO",
    ".tga": "TGA",
    ".jxl": "JPEG XL",
    ".exr": "OpenEXR",
    ".hdr": "Radiance HDR",
    ".pcx": "PCX",
    ".dds": "DDS",
    ".xcf": "XCF (GIMP)",
    **{
        f".{raw}": f"a raw photo ({raw.upper()})"
        for raw in ("cr2", "cr3", "nef", "arw", "dng", "raf", "orf", "rw2", "pef", "srw", "nrw", "x3f")
    },
}
LISTED = ", ".join(format.name for format in READ[:-1]) + f" or {READ[-1].name}"
# What a form's file field accepts.
ACCEPT = ",".join(
    [*(media for format in READ for media in format.media), *(s for format in READ for s in format.suffixes)]
)

_MAGIC: tuple[tuple[bytes, str], ...] = (
    (b"\xff\xd8\xff", "JPEG"),
    (b"\x89PNG\r\n\x1a\n", "PNG"),
    (b"GIF87a", "GIF"),
    (b"GIF89a", "GIF"),
    (b"\x00\x00\x00\x0cjP  ", "JPEG 2000"),
    (b"\xff\x4f\xff\x51", "JPEG 2000"),
    (b"\x00\x00\x00\x0cJXL \r\n\x87\n", "JPEG XL"),
    (b"\xff\x0a", "JPEG XL"),
    (b"8BPS", "PSD"),
    (b"SIMPLE  =", "FITS"),
    (b"%!PS", "EPS"),
    (b"\xc5\xd0\xd3\xc6", "EPS"),
    (b"\x00\x00\x01\x00", "ICO"),
    (b"FUJIFILMCCD-RAW", "a raw photo (RAF)"),
    (b"IIRO", "a raw photo (ORF)"),
    (b"IIRS", "a raw photo (ORF)"),
    (b"MMOR", "a raw photo (ORF)"),
    (b"IIU\x00", "a raw photo (RW2)"),
    (b"FOVb", "a raw photo (X3F)"),
    (b"II\xbc\x01", "JPEG XR"),
    (b"qoif", "QOI"),
    (b"DDS ", "DDS"),
    (b"gimp xcf", "XCF (GIMP)"),
    (b"v/1\x01", "OpenEXR"),
    (b"#?RADIANCE", "Radiance HDR"),
    (b"#?RGBE", "Radiance HDR"),
    (b"AT&TFORM", "DjVu"),
    (b"icns", "ICNS"),
)
_TIFF = (b"II*\x00", b"MM\x00*", b"II+\x00", b"MM\x00+")
_HEIC = {
    b"heic",
    b"heix",
    b"hevc",
    b"hevx",
    b"heim",
    b"heis",
    b"hevm",
    b"hevs",
    b"heif",
    b"mif1",
    b"mif2",
    b"msf1",
}
_AVIF = {b"avif", b"avis"}
_PNM = re.compile(rb"P[1-6f]\s+(?:#[^\n]*\n\s*){0,20}\d{1,6}\s+(?:#[^\n]*\n\s*){0,20}\d{1,6}\s")
# An element of DICOM's first groups and how its value is written, where the preamble is missing.
_BARE_DICOM = re.compile(rb"[\x02\x08]\x00.\x00(?:UL|UI|CS|SH|LO|DA|TM|OB)", re.DOTALL)
# Possessive, so that many comments are not tried in every combination.
_SVG = re.compile(
    rb"\s*(?:<\?xml[^>]*>\s*)?(?:<!--(?>.*?-->)\s*+)*+<(?:!doctype\s+svg|svg)\b", re.IGNORECASE | re.DOTALL
)
_SOUND = {b"M4A ", b"M4B ", b"M4P "}
_DNG, _SUBFILE, _SUB_IFDS, _MAKE = 50706, 254, 330, 271
_MOST_TAGS = 200
_RAW_OF = {b"NIKON": "NEF", b"SONY": "ARW", b"PENTAX": "PEF", b"SAMSUNG": "SRW", b"Canon": "CR2"}


def picture_format(head: bytes) -> str | None:
    """The picture format that the first bytes tell, read here or not (then "PSD", "a raw photo (CR2)"); else None."""
    for magic, name in _MAGIC:
        if head.startswith(magic):
            return name
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "WebP"
    if head[:2] == b"BM" and len(head) >= 26 and head[6:10] == b"\x00\x00\x00\x00":
        return "BMP"
    if head.startswith(_TIFF):
        return _tiff(head)
    if head[4:8] == b"ftyp":
        return _boxed(head)
    if head[128:132] == b"DICM" or _BARE_DICOM.match(head):
        return "DICOM"
    if _PNM.match(head):
        return "PPM"
    return "SVG" if _SVG.match(head) else None


def video_name(head: bytes) -> str | None:
    """ "a video (QuickTime)" and the like, by the first bytes; None if it is no video."""
    if head[4:8] == b"ftyp" and not _boxed(head):
        if head[8:12] in _SOUND:
            return "a sound (M4A)"
        return "a video (QuickTime)" if head[8:12] == b"qt  " else "a video (MP4)"
    if head[4:8] in (b"moov", b"mdat", b"wide"):
        return "a video (QuickTime)"
    if head.startswith(b"\x1a\x45\xdf\xa3"):
        return "a video (Matroska or WebM)"
    if head[:4] == b"RIFF" and head[8:12] == b"AVI ":
        return "a video (AVI)"
    if head.startswith((b"\x00\x00\x01\xba", b"\x00\x00\x01\xb3")):
        return "a video (MPEG)"
    if head.startswith(b"\x30\x26\xb2\x75\x8e\x66\xcf\x11"):
        return "a video (WMV)"
    return "a video (Flash)" if head.startswith(b"FLV\x01") else None


def _boxed(head: bytes) -> str | None:
    """Of a file in boxes (ISO 14496-12): by its brands, the major one first."""
    major = head[8:12]
    if major == b"crx ":
        return "a raw photo (CR3)"
    size = min(int.from_bytes(head[:4]), len(head), 512)
    brands = {head[at : at + 4] for at in range(16, size - 3, 4)}
    if major in _AVIF or (major in (b"mif1", b"msf1") and brands & _AVIF):
        return "AVIF"
    return "HEIC" if major in _HEIC else None


def _tiff(head: bytes) -> str:
    """TIFF, or a camera's raw photo, which is a TIFF whose first picture is only a small preview."""
    if head[8:10] == b"CR":
        return "a raw photo (CR2)"
    if head[2:4] not in (b"*\x00", b"\x00*"):
        return "TIFF"
    order = "<" if head[:2] == b"II" else ">"
    try:
        tags = _tags(head, order)
    except struct.error:
        return "TIFF"
    if _DNG in tags:
        return "a raw photo (DNG)"
    if tags.get(_SUBFILE) == 1 and _SUB_IFDS in tags:
        at = tags.get(_MAKE, len(head))
        kind = next((raw for make, raw in _RAW_OF.items() if head[at : at + len(make)] == make), None)
        return f"a raw photo ({kind})" if kind else "a raw photo"
    return "TIFF"


def _tags(head: bytes, order: str) -> dict[int, int]:
    """The tags of the first directory, with their values or where these lie; raises struct.error."""
    (at,) = struct.unpack_from(f"{order}I", head, 4)
    (count,) = struct.unpack_from(f"{order}H", head, at)
    tags = {}
    for number in range(min(count, _MOST_TAGS)):
        place = at + 2 + 12 * number
        if place + 12 > len(head):
            break
        tag, kind, _, value = struct.unpack_from(f"{order}HHII", head, place)
        if kind == 3:
            (value,) = struct.unpack_from(f"{order}H", head, place + 8)
        tags[tag] = value
    return tags
