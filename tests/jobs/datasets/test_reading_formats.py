"""What needs libraries, folders or processes of its own is read behind the lock as it is without."""

import dataclasses
import gzip
import io
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pillow_heif
import pytest
import xlsxwriter
from PIL import Image

from jobs.datasets import reading
from jobs.uploads import UploadRefused
from tests import storings
from tests.tasks import Task

pytestmark = pytest.mark.slow
_ROWS = [(f"{word} number {row}", word) for row in range(20) for word in ("tea", "coffee")]


def _csv() -> str:
    return "text,label\n" + "".join(f"{text},{label}\n" for text, label in _ROWS)


def _xlsx(path: Path) -> None:
    with xlsxwriter.Workbook(path) as book:
        sheet = book.add_worksheet()
        for number, row in enumerate([("text", "label"), *_ROWS]):
            sheet.write_row(number, 0, row)


def _zip(path: Path) -> None:
    inner = path.with_name("inner.xlsx")
    _xlsx(inner)
    with zipfile.ZipFile(path, "w") as archive:
        archive.write(inner, "table.xlsx")
    inner.unlink()


def _yaml(path: Path) -> None:
    path.write_text("".join(f"- text: {text}\n  label: {label}\n" for text, label in _ROWS))


@pytest.mark.parametrize(
    ("name", "write"),
    [
        ("t.xlsx", _xlsx),
        ("t.zip", _zip),
        ("t.yaml", _yaml),
        ("t.csv.gz", lambda path: path.write_bytes(gzip.compress(_csv().encode()))),
        ("t.csv", lambda path: path.write_bytes(_csv().replace("tea", "чай").encode("cp1251"))),
    ],
)
def test_tables_of_all_formats_are_read(tmp_path: Path, name: str, write: Callable[[Path], object]) -> None:
    path = tmp_path / name
    write(path)
    found = reading.inspect(task=Task.TEXT, path=path, name=name, options={})
    assert found.document["sample_count"] == len(_ROWS)
    reading.unpack(task=Task.TEXT, path=path, name=name, data=tmp_path / "data", options={})
    assert len((tmp_path / "data" / "data.csv").read_text().splitlines()) == len(_ROWS) + 1


def test_pictures_of_rarer_formats_are_read(tmp_path: Path) -> None:
    pillow_heif.register_heif_opener()
    path = tmp_path / "t.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for number in range(12):
            kind = ("HEIF", "PNG", "JPEG", "WEBP")[number % 4]
            label, buffer = "red" if number % 2 else "blue", io.BytesIO()
            Image.new("RGB", (64, 64), (number * 20, 9, 250 - number * 9)).save(buffer, kind)
            archive.writestr(f"{label}/{number}.{kind.lower()}", buffer.getvalue())
    found = reading.inspect(task=Task.IMAGE, path=path, name="t.zip", options={})
    assert found.document["sample_count"] == 12
    reading.unpack(task=Task.IMAGE, path=path, name="t.zip", data=tmp_path / "data", options={})
    assert len((tmp_path / "data" / "manifest.csv").read_text().splitlines()) == 13


def _disc(number: int, red: bool) -> Image.Image:
    return storings.drawn((205, 60, 50) if red else (40, 80, 220), number)


def _heic(number: int, red: bool) -> bytes:
    buffer = io.BytesIO()
    pillow_heif.from_pillow(_disc(number, red)).save(buffer, quality=90)
    return buffer.getvalue()


def _dicom(number: int, red: bool) -> bytes:
    return storings.dicom(np.asarray(_disc(number, red).convert("L")).astype(int) * 16)


@pytest.mark.parametrize(("suffix", "write"), [("heic", _heic), ("dcm", _dicom)])
def test_formats_that_need_a_library_of_their_own_are_read(
    tmp_path: Path, suffix: str, write: Callable[[int, bool], bytes]
) -> None:
    """Libraries and their data are found although hardly any file may be opened."""
    path = tmp_path / "t.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for number in range(8):
            label = "red" if number % 2 else "blue"
            archive.writestr(f"{label}/{number}.{suffix}", write(number, number % 2 == 1))
    found = reading.inspect(task=Task.IMAGE, path=path, name="t.zip", options={})
    assert (found.document["sample_count"], found.document["skipped_count"]) == (8, 0)
    reading.unpack(task=Task.IMAGE, path=path, name="t.zip", data=tmp_path / "data", options={})
    assert len((tmp_path / "data" / "manifest.csv").read_text().splitlines()) == 9


def test_limits_other_than_the_sites_hold(tmp_path: Path, settings) -> None:
    path = tmp_path / "t.csv"
    path.write_text(_csv())
    few = dataclasses.replace(settings.FLASH_LIMITS, max_rows=10)
    with pytest.raises(UploadRefused) as refused:
        reading.inspect(task=Task.TEXT, path=path, name="t.csv", options={}, limits=few)
    assert (refused.value.status, refused.value.code) == (413, "too_many_rows")


def test_a_refusal_keeps_what_the_page_asks_about(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("text,label,more\n" + "".join(f"word {row},same,a\n" for row in range(20)))
    with pytest.raises(UploadRefused) as refused:
        reading.inspect(task=Task.TEXT, path=path, name="t.csv", options={})
    assert refused.value.can_be_read_otherwise
    assert refused.value.columns is not None
    assert refused.value.columns.rows
    assert (refused.value.title, refused.value.token) == ("The file cannot be used as a dataset", "")
