"""Files that cost far more than their size are refused, quickly and without a cost to this process."""

import dataclasses
import gzip
import resource
import struct
import time
import zipfile
from pathlib import Path
from typing import Any

import pyarrow
import pytest
from pyarrow import feather, ipc, parquet

from jobs.datasets import reading
from jobs.uploads import UploadRefused
from tests.tasks import Task
from training.ground.limits import MIB

pytestmark = pytest.mark.slow


def _peak_kilobytes() -> int:
    """The most memory that this process has had."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def _repeating(path: Path, rows: int, chars: int) -> Path:
    """A table of two long texts that is written in almost nothing."""
    texts = pyarrow.array(["a" * chars, "b" * chars])
    which = pyarrow.array([row % 2 for row in range(rows)], pyarrow.int32())
    table = pyarrow.table(
        {
            "text": pyarrow.DictionaryArray.from_arrays(which, texts),
            "label": ["x", "y"] * (rows // 2),
        }
    )
    parquet.write_table(table, path, compression="zstd")
    return path


def test_a_small_parquet_file_of_many_bytes_is_refused_before_they_are_there(tmp_path: Path) -> None:
    path = _repeating(tmp_path / "t.parquet", 1_000_000, 100_000)
    assert path.stat().st_size < 20_000
    before, started = _peak_kilobytes(), time.monotonic()
    with pytest.raises(UploadRefused, match="Unpacked") as refused:
        reading.inspect(task=Task.TEXT, path=path, name="t.parquet", options={})
    assert refused.value.status == 413
    assert time.monotonic() - started < 30
    assert _peak_kilobytes() - before < 100_000


def test_one_that_is_only_written_briefly_is_read(tmp_path: Path) -> None:
    path = _repeating(tmp_path / "t.parquet", 4_000, 20_000)
    found = reading.inspect(task=Task.TEXT, path=path, name="t.parquet", options={})
    assert found.document["sample_count"] + found.document["skipped_count"] == 4_000


def _zeros(path: Path, megabytes: int) -> Path:
    """One record batch of texts that are all alike, which compression makes as good as nothing."""
    texts = pyarrow.array(["a" * MIB] * megabytes)
    table = pyarrow.table({"text": texts, "label": ["x", "y"] * (megabytes // 2)})
    if path.suffix == ".feather":
        feather.write_feather(table, str(path), compression="zstd", chunksize=megabytes)
    else:
        options = ipc.IpcWriteOptions(compression="zstd")
        writer = ipc.new_stream if path.suffix == ".arrows" else ipc.new_file
        with writer(str(path), table.schema, options=options) as file:
            file.write_table(table, max_chunksize=megabytes)
    return path


@pytest.mark.parametrize("suffix", ["arrow", "arrows", "feather"])
def test_small_arrow_and_feather_files_of_many_bytes_cost_only_the_reader(
    tmp_path: Path, settings: Any, suffix: str
) -> None:
    settings.FLASH_READ_MEMORY = 256 * MIB
    path = _zeros(tmp_path / f"t.{suffix}", 400)
    assert path.stat().st_size < MIB
    before = _peak_kilobytes()
    with pytest.raises(UploadRefused, match="memory") as refused:
        reading.inspect(task=Task.TEXT, path=path, name=path.name, options={})
    assert refused.value.status == 413
    assert _peak_kilobytes() - before < 100_000


def test_an_arrow_file_larger_than_is_allowed_is_refused_by_its_size(tmp_path: Path, settings: Any) -> None:
    settings.FLASH_LIMITS = dataclasses.replace(settings.FLASH_LIMITS, max_unpacked_bytes=64 * MIB)
    path = _zeros(tmp_path / "t.arrow", 200)
    with pytest.raises(UploadRefused, match="Unpacked, the table is larger") as refused:
        reading.inspect(task=Task.TEXT, path=path, name="t.arrow", options={})
    assert refused.value.status == 413


@pytest.mark.parametrize(
    ("name", "task"), [("words.csv", Task.TEXT), ("red/a.bmp", Task.IMAGE), ("red/a.txt", Task.IMAGE)]
)
def test_a_zip_that_grows_a_thousand_times_is_refused_before_it_grows(
    tmp_path: Path, name: str, task: Task
) -> None:
    path = tmp_path / "t.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive, archive.open(name, "w") as file:
        for _ in range(200):
            file.write(bytes(MIB))
    assert path.stat().st_size < MIB
    started = time.monotonic()
    with pytest.raises(UploadRefused, match="grows more than 200 times") as refused:
        reading.inspect(task=task, path=path, name="t.zip", options={})
    assert (refused.value.status, refused.value.code) == (413, "zip_ratio")
    assert time.monotonic() - started < 30


def test_a_zip_whose_directory_lies_about_sizes_gets_no_more_than_it_says(tmp_path: Path) -> None:
    """The size of an entry is its own word: nothing beyond it is read."""
    path = tmp_path / "t.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("words.csv", b"text,label\n" + bytes(64 * MIB))
    data = bytearray(path.read_bytes())
    for mark, at in ((b"PK\x03\x04", 22), (b"PK\x01\x02", 24)):
        struct.pack_into("<I", data, data.index(mark) + at, 100)
    path.write_bytes(data)
    with pytest.raises(UploadRefused) as refused:
        reading.inspect(task=Task.TEXT, path=path, name="t.zip", options={})
    assert refused.value.status in (400, 413, 422)


def test_a_gzip_that_grows_a_thousand_times_stops_where_it_is_too_large(
    tmp_path: Path, settings: Any
) -> None:
    settings.FLASH_LIMITS = dataclasses.replace(settings.FLASH_LIMITS, max_unpacked_bytes=64 * MIB)
    path = tmp_path / "t.csv.gz"
    with gzip.open(path, "wb") as file:
        file.write(b"text,label\n")
        for _ in range(200):
            file.write(b"some words,a\nothers,b\n" * (MIB // 22))
    with pytest.raises(UploadRefused) as refused:
        reading.inspect(task=Task.TEXT, path=path, name="t.csv.gz", options={})
    assert refused.value.status == 413


def test_what_would_be_a_larger_file_than_is_allowed_is_refused(tmp_path: Path, settings: Any) -> None:
    path = tmp_path / "t.csv"
    path.write_text("text,label\n" + "".join(f"word {row},{row % 2}\n" for row in range(20_000)))
    settings.FLASH_LIMITS = dataclasses.replace(settings.FLASH_LIMITS, max_unpacked_bytes=100_000)
    with pytest.raises(UploadRefused, match="Unpacked") as refused:
        reading.unpack(task=Task.TEXT, path=path, name="t.csv", data=tmp_path / "data", options={})
    assert (refused.value.status, refused.value.code) == (413, "unpacked_too_large")


def test_what_needs_more_memory_than_is_allowed_is_refused(tmp_path: Path, settings: Any) -> None:
    settings.FLASH_READ_MEMORY = MIB
    path = tmp_path / "t.csv.gz"
    # Many times what the reader happens to have free; packed it is small, and so is what is allowed for its size.
    filler = "word " * 200
    with gzip.open(path, "wt") as file:
        file.writelines(f"{filler}{row},{row % 2}\n" for row in range(100_000))
    with pytest.raises(UploadRefused, match="more memory") as refused:
        reading.inspect(task=Task.TEXT, path=path, name="t.csv.gz", options={})
    assert refused.value.status == 413


def test_a_refusal_of_a_table_keeps_its_columns_and_notes(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("text,label\n" + "".join(f"word {row},same\n" for row in range(20)))
    with pytest.raises(UploadRefused) as refused:
        reading.inspect(task=Task.TEXT, path=path, name="t.csv", options={})
    assert refused.value.columns is not None
    assert refused.value.columns.names == ["text", "label"]
