import csv
import io
import zipfile

import pytest
from PIL import Image

from jobs.kinds.pictures.zip_of_pictures import unpack_pictures
from jobs.uploads import UploadRefused
from tests.jobs.uploads.builders import picture, pictures, two_classes, write, zip_bytes
from training.ground.limits import Limits


def animation(format):
    frames = [Image.new("RGB", (20, 20), color) for color in ("red", "blue", "green")]
    buffer = io.BytesIO()
    frames[0].save(buffer, format, save_all=True, append_images=frames[1:])
    return buffer.getvalue()


def wide_png(width, height):
    buffer = io.BytesIO()
    Image.new("1", (width, height)).save(buffer, "PNG")
    return buffer.getvalue()


BAD = {
    "truncated JPEG": picture(1, size=(200, 200))[:3_000],
    "truncated PNG": picture(1, "PNG")[:800],
    "header only": b"\xff\xd8\xff\xe0\0\x10JFIF",
    "empty": b"",
    "HTML": b"<!doctype html><html></html>",
    "SVG": b'<svg xmlns="http://www.w3.org/2000/svg"/>',
    "EPS": b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n",
    "animated WebP": animation("WEBP"),
    "animated PNG": animation("PNG"),
    "PSD": b"8BPS\0\x01" + b"\0" * 30,
    "FITS": b"SIMPLE  =                    T",
    "raw photo": b"II*\0\x10\0\0\0CR\x02\0" + b"\0" * 60,
    "video": b"\0\0\0\x14ftypqt  \0\0\2\0qt  " + b"\0" * 60,
    "too many pixels": wide_png(9_000, 8_000),
    "bomb": wide_png(20_000, 10_000),
    "too many scans": picture(1).replace(b"\xff\xd9", b"\xff\xda\0\x08" * 200 + b"\xff\xd9"),
    "noise": bytes(range(256)) * 4,
}


@pytest.mark.parametrize("kind", BAD)
def test_it_leaves_out_what_is_no_good_picture_and_says_why(inspect_zip, kind):
    findings = inspect_zip({**two_classes(), "cats/odd.png": BAD[kind]})
    assert findings.sample_count == 6
    assert findings.skipped_count == 1
    assert findings.skipped[0].where == "cats/odd.png"
    assert findings.skipped[0].message.startswith("Left out: ")


@pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP", "BMP", "GIF", "TIFF", "PPM", "AVIF"])
def test_it_takes_the_usual_formats_whatever_the_suffix(inspect_zip, format):
    files = {
        f"{folder}/{i}.dat": picture(i + len(folder), format) for folder in ("ab", "b") for i in (10, 20)
    }
    assert inspect_zip(files).sample_count == 4


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGBA", "CMYK", "I;16"])
def test_it_makes_thumbnails_of_every_mode(inspect_zip, mode):
    buffer = io.BytesIO()
    Image.new(mode, (300, 200)).save(buffer, "JPEG" if mode == "CMYK" else "PNG")
    findings = inspect_zip({"cats/0.jpg": buffer.getvalue(), "cats/1.jpg": picture(1), **pictures("dogs")})
    assert findings.sample_count == 5
    assert len(findings.thumbnails) == 5


def test_it_refuses_when_every_picture_is_damaged(inspect_zip, refusal_of):
    bad = {f"{folder}/{i}.jpg": BAD["truncated JPEG"] for folder in ("cats", "dogs") for i in range(3)}
    refusal = refusal_of(inspect_zip, bad)
    assert refusal.status == 422
    assert "cats/0.jpg" in refusal.detail
    assert len(refusal.notes) == 6


def test_it_leaves_out_pictures_with_too_many_bytes_without_reading_them(inspect_zip):
    findings = inspect_zip(
        {**two_classes(), "cats/big.jpg": picture(5, size=(300, 300))}, Limits(max_picture_bytes=20_000)
    )
    assert [note.where for note in findings.skipped] == ["cats/big.jpg"]
    assert "MB" in findings.skipped[0].message


def test_it_reads_headers_when_the_time_is_over_and_says_so(inspect_zip):
    findings = inspect_zip(
        {**pictures("cats", 30), **pictures("dogs", 30), "cats/odd.jpg": BAD["HTML"]}, decode_seconds=0
    )
    assert findings.sample_count == 60
    assert findings.skipped_count == 1
    assert len(findings.thumbnails) == 24
    assert findings.headers_only == 60 - len(findings.thumbnails)


def test_thumbnails_are_small_upright_and_without_the_place(inspect_zip):
    import base64

    exif = Image.Exif()
    exif[0x0112] = 6  # turned by a quarter
    exif[0x8825] = {1: "N", 2: (47.0, 22.0, 0.0)}
    buffer = io.BytesIO()
    Image.new("RGB", (400, 200)).save(buffer, "JPEG", exif=exif)
    findings = inspect_zip({"cats/0.jpg": buffer.getvalue(), "cats/1.jpg": picture(1), **pictures("dogs")})
    first = next(entry for entry in findings.thumbnails if entry["source"] == "cats/0.jpg")
    assert first["label"] == "cats"
    prefix, _, encoded = first["data_uri"].partition(",")
    assert prefix == "data:image/jpeg;base64"
    with Image.open(io.BytesIO(base64.b64decode(encoded))) as thumbnail:
        assert thumbnail.size == (48, 96)
        assert not thumbnail.getexif()


def test_thumbnails_are_spread_over_the_classes(inspect_zip):
    files = {}
    for folder in ("a1", "b1", "c1"):
        files |= pictures(folder, 12)
    shown = [entry["label"] for entry in inspect_zip(files).thumbnails]
    assert {label: shown.count(label) for label in shown} == {"a1": 8, "b1": 8, "c1": 8}


def test_thumbnails_are_at_most_24_for_many_classes(inspect_zip):
    files = {f"class{i}/{j}.jpg": picture(i * 2 + j) for i in range(40) for j in range(2)}
    findings = inspect_zip(files)
    assert len(findings.thumbnails) == 24
    assert len({entry["label"] for entry in findings.thumbnails}) == 24


def test_it_warns_of_copies_and_of_one_picture_under_two_classes(inspect_zip):
    files = two_classes() | {
        "cats/copy.jpg": picture(77),
        "cats/copy2.jpg": picture(77),
        "dogs/same.jpg": picture(77),
    }
    messages = [str(note) for note in inspect_zip(files).warnings]
    assert any(
        "This picture is in two classes; it is also" in text and "dogs/same.jpg" in text for text in messages
    )
    assert any("2 pictures are exact copies of others; this one of" in text for text in messages)


def test_it_warns_of_tiny_and_of_uneven_classes(inspect_zip):
    warnings = " ".join(map(str, inspect_zip(pictures("cats", 40) | pictures("dogs", 2)).warnings))
    assert "dogs (2)" in warnings
    assert "20 times" in warnings


@pytest.mark.parametrize(
    "files", [pictures("cats"), {"readme.txt": b"hello"}, {"1.jpg": picture(1), "2.jpg": picture(2)}]
)
def test_it_refuses_what_cannot_be_made_sense_of(inspect_zip, refusal_of, files):
    refusal = refusal_of(inspect_zip, files)
    assert refusal.status == 422
    assert "cats/1.jpg" in refusal.detail  # an example of the right form


def test_it_refuses_too_many_classes(inspect_zip, refusal_of):
    files = {f"class{i}/{j}.jpg": picture(j) for i in range(5) for j in range(2)}
    assert refusal_of(inspect_zip, files, Limits(max_classes=4)).status == 422


def test_it_says_when_the_zip_holds_a_table(inspect_zip, refusal_of):
    assert 'choose "Sentences"' in refusal_of(inspect_zip, {"train.csv": b"a,b"}).detail


def unpacked(tmp_path, files, limits=None):
    target = tmp_path / "run" / "data"
    unpack_pictures(write(tmp_path, zip_bytes(files)), target, limits or Limits())
    with (target / "manifest.csv").open(encoding="utf-8", newline="") as file:
        return target, list(csv.DictReader(file))


def test_it_unpacks_under_generated_names_what_it_counted(tmp_path, inspect_zip):
    files = {
        **pictures("data/Cats"), **pictures("data/dogs"), "data/cats /x.jpg": picture(500, "PNG"),
        "data/dogs/bad.jpg": BAD["truncated JPEG"], "data/birds/1.jpg": picture(900),
    }  # fmt: skip
    findings = inspect_zip(files)
    target, rows = unpacked(tmp_path, files)
    assert len(rows) == findings.sample_count == 7
    assert {row["label"] for row in rows} == {"Cats", "dogs"}
    assert rows[0] == {"file": "000/000000.jpg", "label": "Cats", "source": "data/Cats/0.jpg"}
    odd = next(
        row for row in rows if row["source"] == "data/cats/x.jpg" or row["source"] == "data/cats /x.jpg"
    )
    assert odd["file"].endswith(".png")
    assert odd["label"] == "Cats"
    for row in rows:
        assert (target / row["file"]).read_bytes() == files[row["source"]]
    stored = {path.relative_to(target).as_posix() for path in target.rglob("*") if path.is_file()}
    assert stored == {row["file"] for row in rows} | {"manifest.csv"}


def test_unpacking_leaves_nothing_behind_when_it_fails(tmp_path):
    data = bytearray(zip_bytes(two_classes(), zipfile.ZIP_STORED))
    data[data.index(b"dogs/2.jpg") + 100] ^= 0xFF
    target = tmp_path / "data"
    with pytest.raises(UploadRefused):
        unpack_pictures(write(tmp_path, bytes(data)), target, Limits())
    assert not target.exists()


def test_unpacking_fills_several_folders(tmp_path, monkeypatch):
    from jobs.kinds.pictures import zip_of_pictures as module

    monkeypatch.setattr(module, "_PER_FOLDER", 2)
    _, rows = unpacked(tmp_path, two_classes())
    assert [row["file"][:4] for row in rows] == ["000/", "000/", "001/", "001/", "002/", "002/"]
