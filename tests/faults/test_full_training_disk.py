"""A training machine's or a batch's disk that is full: what was begun goes, the words help, others are unaffected."""

import errno
import io
import json
import os
import subprocess
import sys
import tarfile
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow
import pytest
from django.core.files.base import ContentFile
from pyarrow import parquet

from jobs.batches.child.order import Order
from jobs.datasets import dataset_store
from jobs.models import Dataset
from modelstore.ground.files import StorageFull
from tests.bundles import text_bundle
from tests.jobs.batches.conftest import zipped
from tests.tasks import Task
from training.ground.limits import MIB, Limits

pytestmark = pytest.mark.slow
LINE = "some words that say little,a label\n"


def fill(disk: Path, leave: int) -> None:
    """Takes all of `disk` but `leave` bytes."""
    facts = os.statvfs(disk)
    with (disk / "ballast").open("wb") as file:
        os.posix_fallocate(file.fileno(), 0, facts.f_bavail * facts.f_frsize - leave)


@pytest.fixture
def dataset(db: None, tmp_path: Path) -> Callable[..., Dataset]:
    def make(megabytes: int) -> Dataset:
        rows = "".join(f"sentence {row} {LINE}" for row in range(megabytes * MIB // (len(LINE) + 15)))
        upload = ContentFile(
            f"text,label\nanother thing,b\nand one more,b\n{rows}".encode(), name="words.csv"
        )
        return dataset_store.store_upload(task_type=Task.TEXT.value, upload=upload)

    return make


def test_a_disk_that_fills_up_while_data_are_unpacked_is_told_as_full(
    dataset: Callable[..., Dataset], small_disk: Path
) -> None:
    made = dataset(12)
    fill(small_disk, leave=4 * MIB)
    with pytest.raises(StorageFull):
        dataset_store.materialise(dataset=made, run_dir=small_disk)
    made.refresh_from_db()
    assert made.sample_count > 1000, "the dataset itself is as it was"


def _parquet_in_zip() -> bytes:
    """Parquet is read from its end, so that it is put aside first."""
    table = pyarrow.table(
        {"text": [f"words {row} {row * 7919}" for row in range(200_000)], "label": ["a", "b"] * 100_000}
    )
    buffer = io.BytesIO()
    parquet.write_table(table, buffer, compression="none")
    return zipped({"words.parquet": buffer.getvalue()})


def _tar() -> bytes:
    """A tar becomes a zip first, for the rules of zips."""
    table = "text,label\n" + "".join(f"words {row} {row * 7919},a{row % 2}\n" for row in range(200_000))
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        info = tarfile.TarInfo("words.csv")
        info.size = len(table)
        tar.addfile(info, io.BytesIO(table.encode()))
    return buffer.getvalue()


@pytest.mark.parametrize(("name", "make"), [("words.zip", _parquet_in_zip), ("words.tar", _tar)])
def test_what_an_upload_has_to_put_aside_finds_no_room_and_goes(
    db: None, settings: Any, small_disk: Path, name: str, make: Callable[[], bytes]
) -> None:
    """Nobody's file is called damaged for that."""
    settings.FILE_UPLOAD_TEMP_DIR = str(small_disk)
    settings.FLASH_DISK_RESERVE = 0
    upload = ContentFile(make(), name=name)
    fill(small_disk, leave=upload.size + 512 * 1024)
    with pytest.raises(StorageFull):
        dataset_store.store_upload(task_type=Task.TEXT.value, upload=upload)
    assert [path.name for path in small_disk.iterdir()] == ["ballast"]


def test_what_is_put_aside_leaves_the_reserve(db: None, settings: Any, small_disk: Path) -> None:
    settings.FILE_UPLOAD_TEMP_DIR = str(small_disk)
    settings.FLASH_DISK_RESERVE = 32 * MIB
    upload = ContentFile(_tar(), name="words.tar")
    fill(small_disk, leave=upload.size + 34 * MIB)
    lowest = [2**62]

    def watch() -> None:
        while not ended.wait(0.002):
            facts = os.statvfs(small_disk)
            lowest[0] = min(lowest[0], facts.f_bavail * facts.f_frsize)

    ended = threading.Event()
    watching = threading.Thread(target=watch)
    watching.start()
    try:
        with pytest.raises(StorageFull):
            dataset_store.store_upload(task_type=Task.TEXT.value, upload=upload)
    finally:
        ended.set()
        watching.join()
    assert lowest[0] >= 32 * MIB


def test_a_batch_whose_results_find_no_room_says_so(tmp_path: Path, small_disk: Path) -> None:
    run = small_disk / "run"
    run.mkdir()
    (tmp_path / "table.csv").write_text("text\n" + "great fun\n" * 20_000)
    Order(
        task=Task.TEXT,
        kind="sentences",
        upload=str(tmp_path / "table.csv"),
        name="table.csv",
        bundle=str(text_bundle(tmp_path / "bundle")),
        limits=Limits(),
    ).write(run)
    fill(small_disk, leave=256 * 1024)
    done = subprocess.run(
        [sys.executable, "-m", "jobs.batches.child", str(run)], capture_output=True, text=True
    )
    events = [json.loads(line) for line in done.stdout.splitlines()]
    errors = [event["message"] for event in events if event["event"] == "error"]
    assert errors == ["The server's disk is full. Try again later."], done.stderr
    assert str(errno.ENOSPC) in done.stderr
