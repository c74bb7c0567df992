import io
import stat
import struct
import zipfile

import pytest

from tests.jobs.uploads.builders import picture, pictures, two_classes, zip_bytes
from training.ground.limits import Limits


def patched_zip(files, *, flag=0, method=None, name="cats/0.jpg"):
    """A zip whose headers of one entry claim other flags or another method."""
    data = bytearray(zip_bytes(files, zipfile.ZIP_STORED))
    for signature, flags_at, method_at, name_at in ((b"PK\x03\x04", 6, 8, 30), (b"PK\x01\x02", 8, 10, 46)):
        at = -1
        while (at := data.find(signature, at + 1)) >= 0:
            if data[at + name_at :].startswith(name.encode()):
                struct.pack_into("<H", data, at + flags_at, flag)
                if method is not None:
                    struct.pack_into("<H", data, at + method_at, method)
    return bytes(data)


def zip_with_mode(mode):
    buffer = io.BytesIO(zip_bytes(two_classes()))
    with zipfile.ZipFile(buffer, "a") as archive:
        info = zipfile.ZipInfo("cats/link.jpg")
        info.create_system = 3
        info.external_attr = mode << 16
        archive.writestr(info, "/etc/passwd")
    return buffer.getvalue()


def overlapping_zip():
    """Many names for the bytes of one file, as in the bombs of CVE-2024-0450."""
    data = zip_bytes({"cats/0.jpg": picture(0)}, zipfile.ZIP_STORED)
    at = data.index(b"PK\x01\x02")
    end = data.index(b"PK\x05\x06")
    record = data[at:end]
    names = [f"cats/{i}.jpg".encode() for i in range(8)]
    directory = b"".join(record.replace(b"cats/0.jpg", name) for name in names)
    tail = struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, 8, 8, len(directory), at, 0)
    return data[:at] + directory + tail


def test_it_takes_a_plain_zip(inspect_zip):
    findings = inspect_zip(two_classes())
    assert [(entry.label, entry.count) for entry in findings.classes] == [("cats", 3), ("dogs", 3)]
    assert findings.sample_count == 6
    assert not findings.repairs
    assert not findings.skipped


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9, 0.999])
def test_it_refuses_a_truncated_zip(inspect_zip, refusal_of, share):
    data = zip_bytes(two_classes())
    assert refusal_of(inspect_zip, data[: int(len(data) * share)]).status == 400


def test_it_refuses_a_bad_checksum_and_names_the_file(inspect_zip, refusal_of):
    data = bytearray(zip_bytes(two_classes(), zipfile.ZIP_STORED))
    data[data.index(b"dogs/0.jpg") + 200] ^= 0xFF
    refusal = refusal_of(inspect_zip, bytes(data))
    assert refusal.status == 400
    assert "dogs/0.jpg" in refusal.detail


def test_it_refuses_damage_inside_a_deflated_file(inspect_zip, refusal_of):
    data = bytearray(zip_bytes(two_classes()))
    start = data.index(b"cats/1.jpg") + 10
    data[start : start + 40] = b"\xff" * 40
    assert refusal_of(inspect_zip, bytes(data)).status == 400


@pytest.mark.parametrize("data", [b"", zip_bytes({}), b"PK\x03\x04", b"PK\x05\x06"], ids=repr)
def test_it_refuses_an_empty_file(inspect_zip, refusal_of, data):
    assert refusal_of(inspect_zip, data).status == 400


@pytest.mark.parametrize("flag", [0x1, 0x41])
def test_it_refuses_an_encrypted_zip(inspect_zip, refusal_of, flag):
    refusal = refusal_of(inspect_zip, patched_zip(two_classes(), flag=flag))
    assert (refusal.status, refusal.code) == (422, "zip_encrypted")
    assert "password" in refusal.detail


@pytest.mark.parametrize(
    ("method", "name"), [(9, "Deflate64"), (12, "bzip2"), (14, "LZMA"), (93, "Zstandard"), (77, "77")]
)
def test_it_refuses_other_compression_by_name(inspect_zip, refusal_of, method, name):
    refusal = refusal_of(inspect_zip, patched_zip(two_classes(), method=method))
    assert refusal.status == 422
    assert name in refusal.detail


def test_it_refuses_a_zip_of_a_newer_kind(inspect_zip, refusal_of):
    data = bytearray(zip_bytes(two_classes()))
    data[data.index(b"PK\x01\x02") + 6] = 99
    assert refusal_of(inspect_zip, bytes(data)).status == 422


@pytest.mark.parametrize("mode", [stat.S_IFLNK | 0o777, stat.S_IFCHR | 0o600, stat.S_IFIFO | 0o600])
def test_it_refuses_links_and_devices(inspect_zip, refusal_of, mode):
    refusal = refusal_of(inspect_zip, zip_with_mode(mode))
    assert refusal.status == 422
    assert "cats/link.jpg" in refusal.detail


@pytest.mark.parametrize(
    "name",
    [
        "../evil.jpg",
        "cats/../../evil.jpg",
        "C:\\evil.jpg",
        "c:/evil.jpg",
        "cats\\..\\e.jpg",
        "\\\\host\\e.jpg",
    ],
)
def test_it_refuses_paths_that_lead_outside(inspect_zip, refusal_of, name):
    refusal = refusal_of(inspect_zip, {**two_classes(), name: picture()})
    assert (refusal.status, refusal.code) == (422, "unsafe_path")


def test_it_refuses_nul_in_a_name(inspect_zip, refusal_of):
    data = zip_bytes({**two_classes(), "cats/X.jpg": picture()}).replace(b"cats/X.jpg", b"cats/\0.jpg")
    assert refusal_of(inspect_zip, data).status == 400


def test_it_refuses_files_that_overlap(inspect_zip, refusal_of):
    assert refusal_of(inspect_zip, overlapping_zip()).status == 413


def test_it_refuses_a_file_that_grows_beyond_measure(inspect_zip, refusal_of):
    refusal = refusal_of(inspect_zip, {**two_classes(), "cats/bomb.bmp": b"\0" * 4_000_000})
    assert (refusal.status, refusal.code) == (413, "zip_ratio")
    assert "cats/bomb.bmp" in refusal.detail


def test_it_takes_a_small_flat_bitmap_however_well_it_shrinks(inspect_zip):
    import PIL.Image

    files = two_classes()
    for i in range(2):
        buffer = io.BytesIO()
        PIL.Image.new("RGB", (300, 300), (i, 0, 0)).save(buffer, "BMP")
        files[f"cats/flat{i}.bmp"] = buffer.getvalue()
    assert inspect_zip(files).sample_count == 8


def test_it_refuses_what_is_too_large_unpacked(inspect_zip, refusal_of):
    limits = Limits(max_unpacked_bytes=5_000)
    assert refusal_of(inspect_zip, two_classes(), limits).status == 413


def test_it_refuses_more_entries_than_the_cap_before_reading_them(inspect_zip, refusal_of):
    files = {f"{i}/": b"" for i in range(1_100)}
    refusal = refusal_of(inspect_zip, files, Limits(max_pictures=10))
    assert (refusal.status, refusal.code) == (413, "too_many_files")


def test_it_refuses_more_pictures_than_the_cap(inspect_zip, refusal_of):
    refusal = refusal_of(inspect_zip, pictures("cats", 4) | pictures("dogs", 4), Limits(max_pictures=7))
    assert (refusal.status, refusal.code) == (413, "too_many_pictures")


@pytest.mark.parametrize("other", ["cats/A.JPG", "cats/a.jpg"])
def test_it_takes_two_files_whose_names_are_equal_or_differ_only_in_case(inspect_zip, other):
    buffer = io.BytesIO(zip_bytes({**two_classes(), "cats/a.JPG": picture(7)}))
    with zipfile.ZipFile(buffer, "a") as archive:
        archive.writestr(other, picture(8))
    assert inspect_zip(buffer.getvalue()).sample_count == 8


@pytest.mark.parametrize(
    "front", [picture(1), picture(1, "PNG"), b"GIF89a" + b"\0" * 50, b"MZ\x90\0" + b"\0" * 50]
)
def test_it_refuses_a_zip_that_is_also_something_else(inspect_zip, refusal_of, front):
    refusal = refusal_of(inspect_zip, front + zip_bytes(two_classes()))
    assert (refusal.status, refusal.code) == (422, "polyglot")


def test_it_refuses_a_zip_behind_another(inspect_zip, refusal_of):
    refusal = refusal_of(inspect_zip, zip_bytes(two_classes()) + zip_bytes(two_classes()))
    assert refusal.status == 422


def test_it_reads_a_zip64(inspect_zip):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, data in two_classes().items():
            with archive.open(name, "w", force_zip64=True) as file:
                file.write(data)
    data = bytearray(buffer.getvalue())
    end = data.rindex(b"PK\x05\x06")
    _, _, _, _, count, size, start, _ = struct.unpack("<4s4H2LH", data[end:])
    wide = struct.pack("<4sQ2H2L4Q", b"PK\x06\x06", 44, 45, 45, 0, 0, count, count, size, start)
    locator = struct.pack("<4sLQL", b"PK\x06\x07", 0, end, 1)
    tail = struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, 0xFFFF, 0xFFFF, 0xFFFFFFFF, 0xFFFFFFFF, 0)
    assert inspect_zip(bytes(data[:end]) + wide + locator + tail).sample_count == 6


def test_it_reads_a_zip_with_a_comment(inspect_zip):
    buffer = io.BytesIO(zip_bytes(two_classes()))
    with zipfile.ZipFile(buffer, "a") as archive:
        archive.comment = b"made by hand"
    assert inspect_zip(buffer.getvalue()).sample_count == 6
