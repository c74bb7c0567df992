"""Whole uploads never stand in memory."""

import tracemalloc
import zipfile

from jobs.kinds.pictures.zip_of_pictures import inspect_pictures
from jobs.kinds.sentences.table import inspect_table
from tests.jobs.uploads.builders import picture
from training.ground.limits import MIB, Limits


def peak_of(call):
    tracemalloc.start()
    try:
        call()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_a_large_table_needs_little_memory(tmp_path):
    path = tmp_path / "table.csv"
    with path.open("w") as file:
        file.write("input,label\n")
        for i in range(20_000):
            file.write(f"{'word ' * 150}{i},{i % 2}\n")
    assert path.stat().st_size > 14 * MIB
    inspect_table(path, "table.csv", Limits())  # the modules that come along do not count
    assert peak_of(lambda: inspect_table(path, "table.csv", Limits())) < 9 * MIB


def test_a_large_zip_needs_little_memory(tmp_path):
    path = tmp_path / "pictures.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for i in range(300):
            # Bytes behind the end of a picture are ignored by every reader.
            archive.writestr(f"{'ab'[i % 2]}{i % 2}/{i}.jpg", picture(i) + bytes(200_000))
    assert path.stat().st_size > 50 * MIB
    assert peak_of(lambda: inspect_pictures(path, Limits())) < 12 * MIB
