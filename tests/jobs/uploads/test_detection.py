import gzip
import io
import json
import pickle
import tarfile
import zipfile

import numpy as np
import pytest

from jobs.uploads import detect
from tests.jobs.uploads.builders import picture, table, two_classes, write, zip_bytes

HTML = b"<!DOCTYPE html>\n<html><body>Not found</body></html>"
SVG = b'<?xml version="1.0"?>\n<!-- drawn -->\n<svg xmlns="http://www.w3.org/2000/svg"/>'


def tar_bytes():
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        info = tarfile.TarInfo("cats/1.jpg")
        info.size = 3
        archive.addfile(info, io.BytesIO(b"abc"))
    return buffer.getvalue()


def numpy_bytes():
    buffer = io.BytesIO()
    np.save(buffer, np.zeros(3))
    return buffer.getvalue()


WRONG = {
    "gzip CSV": gzip.compress(table().encode()),
    "tar": tar_bytes(),
    "7z": b"7z\xbc\xaf\x27\x1c\0\x04" + b"\0" * 40,
    "rar": b"Rar!\x1a\x07\x01\0" + b"\0" * 40,
    "pickle": pickle.dumps({"a": 1}),
    "old pickle": pickle.dumps({"a": 1}, protocol=0),
    "numpy": numpy_bytes(),
    "onnx": b"\x08\x08\x12\x07pytorch\x1a\x052.1.0",
    "safetensors": (40).to_bytes(8, "little") + b'{"a":{"dtype":"F32"}}',
    "html": HTML,
    "svg": SVG,
    "xml": b"<?xml version='1.0'?><rows/>",
    "pdf": b"%PDF-1.7\n",
    "xls": b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 40,
    "program": b"\x7fELF\x02\x01",
    "jpeg": picture(),
    "png": picture(0, "PNG"),
    "gif": picture(0, "GIF"),
    "eps": b"%!PS-Adobe-3.0 EPSF-3.0",
    "psd": b"8BPS\0\x01",
    "fits": b"SIMPLE  =                    T",
    "jpeg2000": b"\0\0\0\x0cjP  \r\n\x87\n",
    "xz": b"\xfd7zXZ\0\0",
}


@pytest.mark.parametrize("kind", WRONG)
def test_it_refuses_other_kinds_of_files_whatever_their_name(tmp_path, refusal_of, kind):
    for name in ("data.zip", "data.csv"):
        refusal = refusal_of(detect, write(tmp_path, WRONG[kind]), name, None)
        assert refusal.status == 415
        assert (
            "right form" in refusal.detail
            or "save" in refusal.detail.lower()
            or "pload" in refusal.detail
            or "npack" in refusal.detail
        )


def test_it_refuses_an_empty_file(tmp_path, refusal_of):
    assert refusal_of(detect, write(tmp_path, b""), "data.csv", None).status == 400


def test_it_refuses_a_zip_by_name_that_is_cut_off_at_the_front(tmp_path, refusal_of):
    assert refusal_of(detect, write(tmp_path, zip_bytes(two_classes())[10:]), "data.zip", None).status == 400


@pytest.mark.parametrize(
    "text",
    [
        "MZ is a code,label\n", "BMW or Audi,cars\n", "category\ngood\n", "<3 this,love\n", "c\nd\n", "PK fire,game\n",
        "%20 is a space,url\n", "(dog,cat)\n", "8 out of 10,good\n",
    ],
)  # fmt: skip
def test_it_takes_text_that_looks_a_bit_like_something_else_for_a_table(tmp_path, text):
    assert detect(write(tmp_path, text), "data.csv", None) == "table"


def test_it_tells_a_zip_by_its_bytes(tmp_path):
    assert detect(write(tmp_path, zip_bytes(two_classes())), "data.csv", None) == "zip"


@pytest.mark.parametrize(
    "files",
    [
        {"archive/data.pkl": pickle.dumps([1]), "archive/version": b"3"},
        {"model/data.pkl": b"x", "cats/1.jpg": picture(), "dogs/1.jpg": picture(2)},
        {"weights.npy": numpy_bytes()},
        {"[Content_Types].xml": b"<x/>", "xl/workbook.xml": b"<x/>"},
        {"[Content_Types].xml": b"<x/>", "word/document.xml": b"<x/>"},
        {"mimetype": b"application/epub+zip"},
        {"inner.zip": zip_bytes(two_classes())},
        {"inner.tar": tar_bytes()},
        {"data.tar.gz": gzip.compress(b"abc")},
        {"model.onnx": WRONG["onnx"]},
    ],
    ids=lambda files: next(iter(files)),
)
def test_it_refuses_zips_that_are_something_else(inspect_zip, refusal_of, files):
    assert refusal_of(inspect_zip, files).status == 415


def test_a_damaged_workbook_is_called_so(inspect_text, refusal_of):
    refusal = refusal_of(inspect_text, zip_bytes({"[Content_Types].xml": b"", "xl/workbook.xml": b"<x/>"}))
    assert refusal.status == 400
    assert "damaged" in refusal.detail
    assert "CSV" in refusal.detail


def test_it_refuses_binary_rubbish_as_a_table(inspect_text, refusal_of):
    assert refusal_of(inspect_text, bytes(range(1, 32)) * 40).status == 415


def test_it_takes_one_table_out_of_a_zip(inspect_text):
    findings = inspect_text(
        zip_bytes({"__MACOSX/._t.csv": b"\0", "readme.txt": b"hi", "t.csv": table().encode()})
    )
    assert findings.sample_count == 10
    assert findings.repairs[0].where == "t.csv"


def test_it_asks_for_one_of_several_tables(inspect_text, refusal_of):
    files = {"one.csv": table().encode(), "two.csv": b"text,label,more\na,b,c\n"}
    refusal = refusal_of(inspect_text, zip_bytes(files))
    assert refusal.status == 422
    assert "one.csv" in refusal.detail


def test_it_says_that_pictures_are_no_text(inspect_text, refusal_of):
    assert "pictures" in refusal_of(inspect_text, zip_bytes(two_classes())).detail


def test_it_refuses_a_table_with_a_bad_checksum_in_a_zip(inspect_text, refusal_of):
    data = bytearray(zip_bytes({"t.csv": table(500).encode()}, zipfile.ZIP_STORED))
    data[3_000] ^= 1
    assert refusal_of(inspect_text, bytes(data)).status == 400


def test_it_takes_a_zip_of_json_lines(inspect_text):
    lines = "\n".join(json.dumps({"text": f"t{i}", "label": i % 2}) for i in range(8))
    assert inspect_text(zip_bytes({"a.jsonl": lines.encode()})).sample_count == 8


def test_many_comments_do_not_hold_it_up(tmp_path):
    assert detect(write(tmp_path, "<!-- -->" * 8_000 + "<x"), "data.csv", None) == "table"


def test_it_says_that_a_table_is_no_zip_of_pictures(inspect_zip, refusal_of):
    refusal = refusal_of(inspect_zip, table().encode())
    assert refusal.status == 415
    assert 'choose "Sentences"' in refusal.detail
