"""Files that people and attackers send, made on the spot: each with what must be answered."""

import gzip
import io
import json
import pickle
import random
import stat
import tarfile
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from PIL import Image

from tests.jobs.uploads.builders import picture, two_classes, zip_bytes
from tests.jobs.uploads.test_zip_safety import overlapping_zip, patched_zip, zip_with_mode

PICTURES, SENTENCES = "imageclassification", "textclassification"


@dataclass(frozen=True, kw_only=True, slots=True)
class File:
    """A file called `name` for the kind `task`; `limits` are set lower than usual, so that it can be small.

    `status` is that of the refusal, `words` must be in it.
    """

    id: str
    make: Callable[[], bytes]
    name: str = "things.zip"
    task: str = PICTURES
    status: int
    words: str = ""
    limits: Mapping[str, Any] = field(default_factory=dict)


def _csv(rows: int = 10, text: str = "sentence number {n} about {label}", label: str = "{label}") -> bytes:
    """A table of two classes."""
    lines = ["text,label"]
    for n in range(rows):
        name = ("good", "bad")[n % 2]
        lines.append(f"{text.format(n=n, label=name)},{label.format(n=n, label=name)}")
    return ("\n".join(lines) + "\n").encode()


def _zipped(files: Mapping[str, bytes | str]) -> bytes:
    return zip_bytes({name: data.encode() if isinstance(data, str) else data for name, data in files.items()})


def _all(content: bytes | str, suffix: str) -> bytes:
    """A zip of two classes in which every file has this content."""
    return _zipped({f"{label}/{n}.{suffix}": content for label in ("cats", "dogs") for n in range(3)})


def _with(name: str, data: bytes | str) -> bytes:
    return _zipped({**two_classes(), name: data})


def _bad_crc() -> bytes:
    data = bytearray(zip_bytes(two_classes(), zipfile.ZIP_STORED))
    data[data.index(b"dogs/0.jpg") + 200] ^= 0xFF
    return bytes(data)


def _huge_picture() -> bytes:
    buffer = io.BytesIO()
    Image.new("1", (3_000, 3_000)).save(buffer, "PNG")
    return buffer.getvalue()


def _tar() -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        info = tarfile.TarInfo("../../etc/passwd")
        info.size = 4
        archive.addfile(info, io.BytesIO(b"root"))
    return buffer.getvalue()


def _noise(size: int) -> bytes:
    return random.Random(4).randbytes(size)


_SVG = '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><script>alert(1)</script></svg>'
_EPS = "%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n(/etc/passwd) run\n"
_JPEG_2000 = b"\x00\x00\x00\x0cjP  \r\n\x87\n" + bytes(60)
_FITS = b"SIMPLE  =                    T" + b" " * 200
_PSD = b"8BPS\x00\x01" + bytes(60)

DAMAGED = [
    File(id="an empty zip", make=bytes, status=400, words="empty"),
    File(id="an empty table", make=bytes, name="a.csv", task=SENTENCES, status=400, words="empty"),
    File(id="a truncated zip", make=lambda: zip_bytes(two_classes())[:-300], status=400),
    File(id="a wrong checksum", make=_bad_crc, status=400, words="dogs/0.jpg"),
    File(
        id="NUL in a name",
        make=lambda: _with("cats/a-b.jpg", picture(9)).replace(b"a-b", b"a\0b"),
        status=400,
    ),
    File(
        id="JSON nested 100,000 deep",
        make=lambda: b"[" * 100_000,
        name="a.json",
        task=SENTENCES,
        status=400,
    ),
    File(
        id="NUL in a text",
        make=lambda: _csv().replace(b"number 4", b"number\0 4"),
        name="a.csv",
        task=SENTENCES,
        status=400,
        words="NUL",
    ),
    File(
        id="numbers of 5,000 digits",
        make=lambda: (
            json.dumps([{"text": f"a {n}", "label": "xy"[n % 2]} for n in range(8)])
            .replace('"a 3"', "9" * 5_000)
            .encode()
        ),
        name="a.json",
        task=SENTENCES,
        status=400,
    ),
    File(id="cut JSON", make=lambda: b'[{"text": "a", "label": ', name="a.json", task=SENTENCES, status=400),
]

TOO_LARGE = [
    File(
        id="an upload over the cap",
        make=lambda: _noise(40_000),
        status=413,
        limits={"max_upload_bytes": 30_000},
    ),
    File(
        id="a zip of 1000:1",
        make=lambda: _with("cats/bomb.bmp", bytes(30 * 1024**2)),
        status=413,
    ),
    File(id="overlapping files", make=overlapping_zip, status=413),
    File(id="too many files", make=lambda: zip_bytes(two_classes()), status=413, limits={"max_pictures": 2}),
    File(
        id="too large unpacked",
        make=lambda: zip_bytes(two_classes()),
        status=413,
        limits={"max_unpacked_bytes": 5_000},
    ),
    File(id="too many rows", make=_csv, name="a.csv", task=SENTENCES, status=413, limits={"max_rows": 5}),
    File(
        id="too many columns",
        make=lambda: (
            (",".join(f"c{n}" for n in range(300)) + "\n").encode() + b",".join([b"x"] * 300) + b"\n"
        ),
        name="a.csv",
        task=SENTENCES,
        status=413,
    ),
    File(
        id="fields over 131,072 characters",
        make=lambda: _csv(rows=4, text="{n} " + "long " * 30_000),
        name="a.csv",
        task=SENTENCES,
        status=413,
    ),
]

OTHER_KINDS = [
    File(id="SVG", make=_SVG.encode, name="a.svg", status=415, words="SVG"),
    File(id="EPS", make=_EPS.encode, name="a.eps", status=415),
    File(id="PSD", make=lambda: _PSD, name="a.psd", status=415, words="PSD"),
    File(id="JPEG 2000", make=lambda: _JPEG_2000, name="a.jp2", status=415),
    File(id="HTML", make=b"<html><body>x</body></html>".strip, name="a.html", task=SENTENCES, status=415),
    File(id="a zip of SVG as pictures", make=lambda: _all(_SVG, "svg"), status=422, words="SVG"),
    File(
        id="a zip of HTML named .png",
        make=lambda: _all("<html><script>alert(1)</script>", "png"),
        status=422,
        words="a web page",
    ),
    File(id="a zip of EPS", make=lambda: _all(_EPS, "eps"), status=422, words="EPS"),
    File(id="a zip of PSD", make=lambda: _all(_PSD, "psd"), status=422, words="PSD"),
    File(id="a zip of FITS", make=lambda: _all(_FITS, "fits"), status=422, words="FITS"),
    File(id="a zip of JPEG 2000", make=lambda: _all(_JPEG_2000, "jp2"), status=422, words="damaged"),
    File(
        id="pictures of 9 MP over a cap of 4",
        make=lambda: _all(_huge_picture(), "png"),
        status=422,
        words="At most 4 million",
        limits={"max_picture_pixels": 4_000_000},
    ),
    File(id="7z", make=lambda: b"7z\xbc\xaf\x27\x1c" + bytes(60), name="a.7z", status=415, words="7z"),
    File(id="RAR", make=lambda: b"Rar!\x1a\x07\x01\x00" + bytes(60), name="a.rar", status=415),
    File(id="a zip of zips", make=lambda: _all(zip_bytes({"a.txt": b"x"}), "zip"), status=415),
    File(id="a pickle", make=lambda: pickle.dumps({"a": 1}), name="a.pkl", task=SENTENCES, status=415),
    File(
        id="torch weights",
        make=lambda: zip_bytes({"archive/data.pkl": pickle.dumps(1)}),
        name="a.pt",
        status=415,
    ),
    File(
        id="an ONNX model",
        make=lambda: b"\x08\x08\x12\x07pytorch" + bytes(80),
        name="a.onnx",
        task=SENTENCES,
        status=415,
    ),
    File(
        id="a program",
        make=lambda: b"\x7fELF\x02\x01\x01" + bytes(80),
        name="a.csv",
        task=SENTENCES,
        status=415,
    ),
    File(
        id="a PDF",
        make=lambda: b"%PDF-1.7\n" + bytes(80),
        name="a.pdf",
        task=SENTENCES,
        status=415,
        words="PDF",
    ),
    File(id="a tar that leads outside", make=_tar, name="a.tar", task=SENTENCES, status=422),
]

UNUSABLE = [
    File(id="an encrypted zip", make=lambda: patched_zip(two_classes(), flag=1), status=422),
    File(id="an unknown method", make=lambda: patched_zip(two_classes(), method=97), status=422),
    File(id="a symlink", make=lambda: zip_with_mode(stat.S_IFLNK | 0o777), status=422),
    File(id="a path with ..", make=lambda: _with("../../evil.jpg", picture(9)), status=422),
    File(id="a path of Windows", make=lambda: _with("C:\\evil.jpg", picture(9)), status=422),
    File(id="a picture that is a zip, too", make=lambda: picture(1) + zip_bytes(two_classes()), status=422),
    File(id="one class", make=lambda: _zipped({f"cats/{n}.jpg": picture(n) for n in range(4)}), status=422),
    File(
        id="pictures that are cut",
        make=lambda: _zipped({f"{c}/{n}.jpg": picture(n)[:90] for c in ("a", "b") for n in range(3)}),
        status=422,
    ),
    File(
        id="one class of sentences",
        make=lambda: _csv(label="same"),
        name="a.csv",
        task=SENTENCES,
        status=422,
    ),
    File(
        id="a label a row",
        make=lambda: _csv(rows=40, label="label {n}"),
        name="a.csv",
        task=SENTENCES,
        status=422,
    ),
    File(
        id="labels of 10 kB",
        make=lambda: _csv(label="{label}" + "x" * 10_000),
        name="a.csv",
        task=SENTENCES,
        status=422,
    ),
    File(
        id="labels that turn the writing round",
        make=lambda: _csv(label="\u202e{label}x\u202dy"),
        name="a.csv",
        task=SENTENCES,
        status=422,
    ),
    File(
        id="labels like paths",
        make=lambda: _csv(label="../{label}"),
        name="a.csv",
        task=SENTENCES,
        status=422,
    ),
    File(
        id="ragged rows",
        make=lambda: b"text,label,x\n" + b"".join(b"a,b\n" if n % 3 else b"a,b,c,d,e\n" for n in range(40)),
        name="a.csv",
        task=SENTENCES,
        status=422,
    ),
]

REFUSED = [*DAMAGED, *TOO_LARGE, *OTHER_KINDS, *UNUSABLE]


def _utf16() -> bytes:
    return _csv().decode().replace(",", ";").encode("utf-16")


def _western() -> bytes:
    return _csv(text="caf\u00e9 cr\u00e8me {n} \u2013 {label}").decode().encode("cp1252")


TAKEN = [
    File(id="UTF-16 with semicolons", make=_utf16, name="a.csv", task=SENTENCES, status=201),
    File(id="windows-1252", make=_western, name="a.csv", task=SENTENCES, status=201),
    File(
        id="a gzipped table", make=lambda: gzip.compress(_csv()), name="a.csv.gz", task=SENTENCES, status=201
    ),
    File(
        id="files of the system",
        make=lambda: _zipped(
            {
                **two_classes(),
                "__MACOSX/cats/._0.jpg": b"\0\5\26\7",
                ".DS_Store": b"x",
                "cats/Thumbs.db": b"x",
            }
        ),
        status=201,
    ),
    File(
        id="formulas and scripts",
        make=lambda: _csv(text="=cmd() {n} {label}", label="<script>{label}</script>"),
        name="a.csv",
        task=SENTENCES,
        status=201,
    ),
]
