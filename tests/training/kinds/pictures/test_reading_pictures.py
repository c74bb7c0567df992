"""What of a picture's bytes is read, what is refused, and what a refusal calls it."""

import io
import struct
import sys
from typing import Any

import numpy as np
import pytest
from PIL import Image
from pydicom import dcmread

from tests import storings
from tests.training.datasets import encoded
from training.ground.picture_formats import NAMES, READ, picture_format, video_name
from training.kinds.pictures.pixels import picture as reading
from training.kinds.pictures.pixels.picture import Picture, UnreadablePicture, read_header
from training.kinds.pictures.preprocess import PicturePreprocess

SEEN = PicturePreprocess(64, 64)


def boxes(brand: bytes, *others: bytes) -> bytes:
    """The beginning of a file of this brand."""
    inside = b"ftyp" + brand + b"\0\0\0\0" + b"".join(others)
    return struct.pack(">I", len(inside) + 4) + inside + b"\0" * 200


def directory(*tags: tuple[int, int]) -> bytes:
    """A TIFF with nothing but these tags."""
    entries = b"".join(struct.pack("<HHII", tag, 4, 1, value) for tag, value in tags)
    return b"II*\0" + struct.pack("<IH", 8, len(tags)) + entries + b"\0" * 200


@pytest.mark.parametrize(
    ("head", "name"),
    [
        (boxes(b"heic", b"mif1"), "HEIC"),
        (boxes(b"mif1", b"heic"), "HEIC"),
        (boxes(b"mif1", b"avif"), "AVIF"),
        (boxes(b"avif"), "AVIF"),
        (boxes(b"crx "), "a raw photo (CR3)"),
        (b"II*\0\x10\0\0\0CR\x02\0", "a raw photo (CR2)"),
        (directory((256, 10), (50706, 1)), "a raw photo (DNG)"),
        (directory((254, 1), (330, 400)), "a raw photo"),
        (directory((254, 0), (256, 10)), "TIFF"),
        (b"\xff\x0a" + b"\0" * 20, "JPEG XL"),
        (b"P6\n# made by hand\n48 48\n255\n", "PPM"),
        (b"\0" * 128 + b"DICM", "DICOM"),
        (b"8BPS\0\x01", "PSD"),
        (boxes(b"qt  "), None),
        (b"P6 is a page of the book", None),
        (b"", None),
    ],
)
def test_a_picture_is_known_by_its_first_bytes(head: bytes, name: str | None) -> None:
    assert picture_format(head) == name


@pytest.mark.parametrize(
    ("head", "name"),
    [
        (boxes(b"qt  "), "a video (QuickTime)"),
        (boxes(b"isom"), "a video (MP4)"),
        (boxes(b"M4A "), "a sound (M4A)"),
        (b"\x1a\x45\xdf\xa3" + b"\0" * 20, "a video (Matroska or WebM)"),
        (boxes(b"heic"), None),
        (b"plain text", None),
    ],
)
def test_a_video_is_no_picture(head: bytes, name: str | None) -> None:
    assert video_name(head) == name


def test_every_format_of_the_list_has_a_decoder() -> None:
    assert set(reading._DECODERS) == NAMES == {format.name for format in READ}


@pytest.mark.parametrize(("kept", "options"), [(0.4, {}), (0.8, {}), (0.4, {"progressive": True})])
def test_a_jpeg_of_which_a_part_is_missing_is_refused(kept: float, options: dict[str, Any]) -> None:
    data = encoded(storings.subject(), "JPEG", quality=90, **options)
    with pytest.raises(UnreadablePicture, match="cut short"):
        SEEN.load(data[: int(len(data) * kept)])


@pytest.mark.parametrize("options", [{}, {"progressive": True}])
def test_a_jpeg_without_its_last_bytes_is_read_and_that_is_known(options: dict[str, Any]) -> None:
    data = encoded(storings.subject(), "JPEG", quality=90, **options)
    for source in (data[:-2], data[:-1], data[:-2] + b"\0\0"):
        with Picture(source) as picture:
            seen = np.asarray(picture.pixels(lambda upright: upright))
        assert picture.was_cut
        assert np.abs(seen.astype(int) - np.asarray(Image.open(io.BytesIO(data)))).max() <= 1


def test_sixteen_bits_keep_dark_pictures_dark_and_show_twelve_bits() -> None:
    ramp = np.tile(np.linspace(0, 1, 64), (64, 1))

    def brightest(top: int) -> int:
        return int(SEEN.load(encoded(Image.fromarray((ramp * top).astype(np.uint16)))).max())

    assert brightest(65535) == 255
    assert 70 <= brightest(20_000) <= 80
    assert brightest(4095) == 255
    assert 95 <= brightest(409) <= 210


def test_four_bands_of_sixteen_bits_are_read() -> None:
    bands = np.dstack([np.asarray(storings.subject()).astype(int) * 40, np.full((160, 240), 9000)])
    seen = SEEN.load(storings.deep_tiff(bands)).astype(int)
    assert np.abs(seen - SEEN.load(encoded(storings.subject())) * (40 * 255 / 16383)).max() < 2


def test_a_model_of_before_reads_as_it_did() -> None:
    old = PicturePreprocess.from_json({"kind": "picture", "resize": 64, "crop": 64})
    assert (old.whole, old.reading) == (False, 1)
    twelve = encoded(Image.fromarray(np.full((64, 64), 4000, np.uint16)))
    assert (int(old.load(twelve).max()), int(SEEN.load(twelve).min())) == (15, 249)
    wide = storings.COLOURED["Display P3 PNG"]()
    stored = np.asarray(Image.open(io.BytesIO(wide)).convert("RGB").resize((64, 64), box=(40, 0, 200, 160)))
    assert np.abs(old.load(wide).astype(int) - stored).mean() < 6
    assert np.abs(SEEN.load(wide).astype(int) - old.load(wide)).max() > 15
    hidden = encoded(
        Image.fromarray(np.dstack([np.asarray(storings.subject()), np.zeros((160, 240), np.uint8)]))
    )
    assert old.load(hidden).min() == 255 > SEEN.load(hidden).mean()
    assert PicturePreprocess.from_json(old.to_json()) == old


@pytest.mark.parametrize("size", [(900, 100), (100, 900)])
def test_a_long_picture_is_seen_whole_where_the_model_says_so(size: tuple[int, int]) -> None:
    long = Image.new("RGB", size, "black")
    long.paste("white", (0, 0, 90, 90))
    assert PicturePreprocess(64, 64, whole=True).load(encoded(long)).max() > 200
    assert SEEN.load(encoded(long)).max() == 0


def test_a_picture_that_is_hardly_long_keeps_its_middle() -> None:
    image = encoded(storings.subject())
    assert (PicturePreprocess(64, 64, whole=True).load(image) == SEEN.load(image)).all()


def test_animations_and_pages_are_known_and_the_first_counts() -> None:
    frames = [Image.new("RGB", (20, 20), colour) for colour in ("red", "blue")]
    for kind in ("GIF", "TIFF", "WEBP", "PNG"):
        data = encoded(frames[0], kind, save_all=True, append_images=frames[1:])
        assert read_header(data).has_more
        assert SEEN.load(data)[..., 0].min() > 200
    assert not read_header(encoded(frames[0], "MPO", save_all=True, append_images=frames[1:])).has_more
    assert not read_header(encoded(frames[0], "GIF")).has_more


def test_frames_of_dicom_are_known_and_the_first_counts() -> None:
    frames = np.stack([np.full((20, 30), 4000), np.zeros((20, 30))]).astype(int)
    assert read_header(storings.dicom(frames)).has_more
    assert SEEN.load(storings.dicom(frames)).min() > 240


def test_dicom_without_a_picture_says_so() -> None:
    data = dcmread(io.BytesIO(storings.dicom(np.zeros((8, 8), int))))
    del data.PixelData
    buffer = io.BytesIO()
    data.save_as(buffer)
    with pytest.raises(UnreadablePicture, match="DICOM file without a picture"):
        SEEN.load(buffer.getvalue())


def test_dicom_that_promises_too_much_is_not_decoded() -> None:
    data = storings.dicom(np.zeros((8, 8), int), Rows=60_000, Columns=60_000)
    assert read_header(data).is_too_large(reading.MOST_PIXELS)
    with pytest.raises(UnreadablePicture, match="too many pixels"):
        SEEN.load(data)


def test_dicom_deflated_as_a_whole_is_refused_unopened() -> None:
    plain = storings.dicom(np.zeros((8, 8), int))
    deflated = plain.replace(b"1.2.840.10008.1.2.1\0", b"1.2.840.10008.1.2.1.99"[:20])
    deflated = (
        plain[:300].replace(b"\x14\0" + b"1.2.840.10008.1.2.1\0", b"\x16\0" + b"1.2.840.10008.1.2.1.99")
        + plain[300:]
    )
    with pytest.raises(UnreadablePicture, match="compressed as a whole"):
        SEEN.load(deflated)


def test_a_missing_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pillow_heif", None)
    with pytest.raises(UnreadablePicture, match="the Python package pillow-heif"):
        SEEN.load(storings.COLOURED["HEIC"]())


def test_a_jpeg_may_be_larger_than_other_pictures() -> None:
    header = reading.Header("JPEG", 16_000, 12_000, False)
    assert not header.is_too_large(64_000_000)
    assert reading.Header("PNG", 16_000, 12_000, False).is_too_large(64_000_000)


def test_a_profile_of_another_kind_of_colours_is_ignored() -> None:
    icc = storings.profile(*storings.DISPLAY_P3).replace(b"RGB XYZ ", b"CMYKXYZ ")
    plain = SEEN.load(encoded(storings.subject()))
    assert (SEEN.load(encoded(storings.subject(), icc_profile=icc)) == plain).all()


def test_large_pictures_take_turns() -> None:
    room = reading._Room(100)
    with room.taken(60), room.taken(40):
        assert room._used == 100
    with room.taken(1000):
        assert room._used == 1000
    assert room._used == 0


@pytest.mark.parametrize(
    "kind", ["JPEG", "PNG", "GIF", "TIFF", "AVIF", "WEBP", "PPM", "JPEG2000", "HEIC", "DICOM"]
)
def test_damage_anywhere_is_a_refusal_and_nothing_else(kind: str) -> None:
    image = storings.subject().resize((48, 32))
    if kind == "HEIC":
        data = storings.heic(image)
    else:
        data = (
            storings.dicom(np.asarray(image.convert("L")).astype(int))
            if kind == "DICOM"
            else encoded(image, kind)
        )
    random = np.random.default_rng(3)
    for _ in range(60):
        broken = bytearray(data)
        for at in random.integers(0, len(data), 3):
            broken[at] = random.integers(256)
        for source in (bytes(broken), data[: random.integers(len(data))]):
            try:
                assert SEEN.load(source).shape == (64, 64, 3)
            except UnreadablePicture:
                continue
