"""Pictures that are read all the same, with a remark; and those that are named where they are left out."""

import io
import struct

import pytest
from PIL import Image, ImageDraw

from tests import storings
from tests.jobs.uploads.builders import picture, two_classes

FILM = struct.pack(">I", 24) + b"ftypmp42\0\0\0\0mp42isom" + b"\xff\xda\x00\x08" * 5000


def encoded(image, format="PNG", **options):
    buffer = io.BytesIO()
    image.save(buffer, format, **options)
    return buffer.getvalue()


def frames(format):
    pictures = [Image.new("RGB", (20, 20), colour) for colour in ("red", "blue")]
    for one in pictures:
        ImageDraw.Draw(one).line((0, 0, 20, 20), "white")
    return encoded(pictures[0], format, save_all=True, append_images=pictures[1:])


def night():
    image = Image.new("RGB", (200, 150), (2, 2, 4))
    ImageDraw.Draw(image).ellipse((90, 60, 110, 80), fill=(12, 12, 14))
    return image


@pytest.mark.parametrize(
    ("odd", "words"),
    [
        (encoded(night()), "nearly black all over: 1."),
        (encoded(night(), "JPEG", quality=60), "nearly black all over: 1."),
        (encoded(Image.new("RGB", (90, 60), (240, 240, 240)), "JPEG"), "one plain colour"),
        (encoded(Image.new("RGBA", (90, 60), (0, 0, 0, 0))), "one plain colour"),
    ],
)
def test_pictures_with_nothing_to_see_are_warned_of(inspect_zip, odd, words):
    findings = inspect_zip({**two_classes(), "cats/odd.png": odd})
    assert findings.sample_count == 7
    (warning,) = [note for note in findings.warnings if words in note.message]
    assert warning.where == "cats/odd.png"


def test_ordinary_pictures_are_not_warned_of(inspect_zip):
    dark = Image.new("RGB", (200, 150), (10, 10, 10))
    ImageDraw.Draw(dark).ellipse((60, 40, 140, 120), fill=(90, 80, 60))
    findings = inspect_zip({**two_classes(), "cats/dark.png": encoded(dark)})
    assert not any("nearly black" in note.message or "plain" in note.message for note in findings.warnings)


@pytest.mark.parametrize(
    ("odd", "words"),
    [
        (frames("GIF"), "several pages: 1."),
        (frames("TIFF"), "several pages: 1."),
        (picture(1)[:-2], "last bytes are missing: 1."),
        (picture(1)[:-1], "last bytes are missing: 1."),
    ],
)
def test_what_was_done_is_told(inspect_zip, odd, words):
    findings = inspect_zip({**two_classes(), "cats/odd.dat": odd})
    assert findings.sample_count == 7
    assert any(words in note.message for note in findings.repairs)


def test_a_film_behind_a_photo_is_not_taken_for_scans(inspect_zip):
    files = {**two_classes(), "cats/motion.jpg": picture(11) + FILM, "dogs/motion.jpg": picture(12) + FILM}
    assert inspect_zip(files).sample_count == 8


def test_remarks_of_a_kind_are_one_line_with_a_count(inspect_zip):
    black = {f"cats/{number}.png": encoded(night()) for number in range(5)}
    findings = inspect_zip({**two_classes(), **black})
    assert next(note.message for note in findings.warnings if "nearly black" in note.message).count("5") == 1


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        (
            "cats/film.mov",
            b"\0\0\0\x14ftypqt  \0\0\2\0qt  " + b"\0" * 90,
            "This is a video (QuickTime), so it was",
        ),
        ("cats/film.mp4", b"\0\0\0\x14ftypisom\0\0\2\0isom" + b"\0" * 90, "This is a video (MP4), so it was"),
        (
            "cats/film.heic",
            b"\0\0\0\x14ftypqt  \0\0\2\0qt  " + b"\0" * 90,
            "it is a video (QuickTime), not a picture",
        ),
        (
            "cats/one.cr3",
            b"\0\0\0\x14ftypcrx \0\0\0\1crx " + b"\0" * 90,
            "it is a raw photo (CR3), which cannot",
        ),
        ("cats/one.tga", encoded(Image.new("RGB", (9, 9)), "TGA"), "it is TGA, which cannot"),
        ("cats/one.jxl", b"\xff\x0a" + b"\x7f" * 90, "it is JPEG XL, which cannot"),
        ("cats/scan.gz", b"\x1f\x8b\x08" + b"\0" * 90, "This is a gzip file, not a picture"),
    ],
)
def test_what_is_left_out_is_called_by_its_name(inspect_zip, name, content, words):
    findings = inspect_zip({**two_classes(), name: content})
    assert findings.sample_count == 6
    assert words in findings.skipped[0].message


def test_photos_of_48_megapixels_are_taken(inspect_zip):
    large = Image.new("RGB", (8064, 6048), "teal")
    ImageDraw.Draw(large).ellipse((2000, 1000, 6000, 5000), fill="orange")
    files = {**two_classes(), "cats/phone.jpg": encoded(large, "JPEG", quality=50)}
    assert inspect_zip(files).sample_count == 7


def test_phones_and_hospitals_are_read_too(inspect_zip):
    names = ("HEIC", "AVIF", "MPO", "JPEG 2000", "16-bit TIFF")
    files = {f"cats/{name}.x": storings.COLOURED[name]() for name in names}
    files |= {f"dogs/{name}.x": storings.GREY[name]() for name in ("DICOM", "DICOM, negative")}
    findings = inspect_zip(files)
    assert (findings.sample_count, findings.skipped_count) == (7, 0)
    assert len(findings.thumbnails) == 7
