"""Whatever comes in: findings or a refusal, never another error; and what is written is what was counted."""

import csv
import io
import tempfile
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from jobs.kinds.pictures.zip_of_pictures import inspect_pictures, unpack_pictures
from jobs.kinds.sentences.table import inspect_table, write_table
from jobs.uploads import UploadRefused
from tests.jobs.uploads.builders import table, two_classes, write, zip_bytes
from training.ground.limits import Limits

LIMITS = Limits(max_unpacked_bytes=50_000_000)
GOOD_ZIP = zip_bytes({"data/" + name: data for name, data in two_classes().items()})
GOOD_JSON = "".join(f'{{"text": "t {i}", "label": {i % 2}}}\n' for i in range(8))
GOOD_TABLES = [
    table(12).encode(),
    table(12).encode("utf-16"),
    GOOD_JSON.encode(),
    ("[" + ",".join(GOOD_JSON.splitlines()) + "]").encode(),
]
quickly = settings(
    max_examples=60,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


def refused(refusal: UploadRefused) -> int:
    assert refusal.status in (400, 413, 415, 422)
    return 0


def try_pictures(data: bytes) -> int:
    with tempfile.TemporaryDirectory() as folder:
        path = write(Path(folder), data)
        try:
            findings = inspect_pictures(path, LIMITS)
        except UploadRefused as refusal:
            return refused(refusal)
        unpack_pictures(path, Path(folder) / "data", LIMITS)
        manifest = (Path(folder) / "data" / "manifest.csv").read_text("utf-8")
        rows = list(csv.reader(io.StringIO(manifest, newline="")))
        assert len(rows) - 1 == findings.sample_count
        return findings.sample_count


def try_table(data: bytes) -> int:
    with tempfile.TemporaryDirectory() as folder:
        path = write(Path(folder), data)
        try:
            findings = inspect_table(path, "upload.csv", LIMITS)
        except UploadRefused as refusal:
            return refused(refusal)
        target = Path(folder) / "data.csv"
        write_table(path, "upload.csv", target, LIMITS)
        rows = list(csv.reader(io.StringIO(target.read_text("utf-8"), newline="")))[1:]
        assert len(rows) == findings.sample_count
        assert {label for _, label in rows} == {entry.label for entry in findings.classes}
        return findings.sample_count


@given(
    st.binary(max_size=400),
    st.sampled_from([b"", b"PK\x03\x04", b"PK\x05\x06", b"\xff\xfe", b"PAR1", b"[", b"{"]),
)
@quickly
def test_random_bytes_are_refused_or_understood(data, start):
    try_pictures(start + data)
    try_table(start + data)


@given(st.lists(st.tuples(st.integers(0, len(GOOD_ZIP) - 1), st.integers(0, 255)), max_size=6))
@quickly
def test_changed_zips_are_refused_or_understood(changes):
    data = bytearray(GOOD_ZIP)
    for at, value in changes:
        data[at] = value
    try_pictures(bytes(data))


@given(
    st.integers(GOOD_ZIP.index(b"PK\x01\x02"), len(GOOD_ZIP) - 8),
    st.binary(min_size=1, max_size=8),
)
@quickly
def test_changed_directories_of_zips_are_refused_or_understood(at, value):
    try_pictures(GOOD_ZIP[:at] + value + GOOD_ZIP[at + len(value) :])


@given(st.integers(0, len(GOOD_ZIP)), st.integers(0, 60))
@quickly
def test_zips_with_a_gap_are_refused_or_understood(at, length):
    try_pictures(GOOD_ZIP[:at] + GOOD_ZIP[at + length :])


cell = st.text(st.characters(codec="utf-8"), max_size=12) | st.sampled_from(
    ["good", "bad", "", '"', "a,b", "1.0", "\n"]
)


@given(st.lists(st.lists(cell, max_size=4), max_size=12), st.sampled_from(",;\t|"), st.booleans())
@quickly
def test_any_csv_is_refused_or_understood(rows, delimiter, quoted):
    buffer = io.StringIO()
    if quoted:
        csv.writer(buffer, delimiter=delimiter).writerows(rows)
    else:
        buffer.write("\n".join(delimiter.join(row) for row in rows))
    try_table(buffer.getvalue().encode())


@given(
    st.sampled_from(GOOD_TABLES),
    st.lists(st.tuples(st.integers(0, 300), st.binary(min_size=1, max_size=3)), max_size=4),
)
@quickly
def test_changed_tables_are_refused_or_understood(data, changes):
    changed = bytearray(data)
    for at, value in changes:
        changed[at : at + len(value)] = value
    try_table(bytes(changed))


def test_unchanged_ones_are_understood():
    assert try_pictures(GOOD_ZIP) == 6
    assert try_table(table(12).encode()) == 12
    assert try_table(GOOD_JSON.encode()) == 8
