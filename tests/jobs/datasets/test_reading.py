"""Files that cost far more than their size are refused, quickly and without a cost to this process."""

import resource
import time
from pathlib import Path

import pyarrow
import pytest
from pyarrow import parquet

from jobs.datasets import reading
from jobs.uploads import UploadRefused
from tests.tasks import Task

pytestmark = pytest.mark.slow


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
    before, started = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.monotonic()
    with pytest.raises(UploadRefused, match="Unpacked") as refused:
        reading.inspect(task=Task.TEXT, path=path, name="t.parquet", options={})
    assert refused.value.status == 413
    assert time.monotonic() - started < 30
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 100_000  # KB


def test_one_that_is_only_written_briefly_is_read(tmp_path: Path) -> None:
    path = _repeating(tmp_path / "t.parquet", 4_000, 20_000)
    found = reading.inspect(task=Task.TEXT, path=path, name="t.parquet", options={})
    assert found.document["sample_count"] + found.document["skipped_count"] == 4_000


def test_what_needs_more_memory_than_is_allowed_is_refused(tmp_path: Path, settings) -> None:
    settings.FLASH_READ_MEMORY = 1024**2
    path = tmp_path / "t.csv"
    path.write_text("text,label\n" + "".join(f"word {row} {row * 7},{row % 2}\n" for row in range(100_000)))
    with pytest.raises(UploadRefused, match="more memory") as refused:
        reading.inspect(task=Task.TEXT, path=path, name="t.csv", options={})
    assert refused.value.status == 413


def test_a_refusal_of_a_table_keeps_its_columns_and_notes(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("text,label\n" + "".join(f"word {row},same\n" for row in range(20)))
    with pytest.raises(UploadRefused) as refused:
        reading.inspect(task=Task.TEXT, path=path, name="t.csv", options={})
    assert refused.value.columns is not None
    assert refused.value.columns.names == ["text", "label"]
