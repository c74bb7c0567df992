"""Whatever comes in: findings or a refusal, never another error; and what is written is what was counted."""

import csv
import gzip
import io
import json
import tempfile
from pathlib import Path

import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st
from pyarrow import ipc

from jobs.kinds.sentences.items import Sentences
from jobs.kinds.sentences.table import inspect_table, write_table
from jobs.uploads import UploadRefused
from tests.jobs.kinds.sentences.formats.made_up import (
    ITEMS,
    ROWS,
    TEXTS,
    by_label,
    csv_of,
    lines,
    tarred,
    zipped,
)
from training.ground.limits import Limits

LIMITS = Limits(max_unpacked_bytes=20_000_000)
quickly = settings(max_examples=60, deadline=None, derandomize=True)


def arrow():
    buffer = io.BytesIO()
    table = pa.table(
        {"text": TEXTS, "label": [label for _, label in ROWS], "more": [{"a": [1, 2]}] * len(ROWS)}
    )
    with ipc.new_stream(buffer, table.schema) as target:
        target.write_table(table)
    return buffer.getvalue()


def task(text, label):
    choice = {"from_name": "a", "to_name": "t", "value": {"choices": [label]}}
    return {"data": {"t": text}, "annotations": [{"result": [choice]}]}


TASKS = [task(*row) for row in ROWS]
GOOD = [
    json.dumps({"about": 1, "data": ITEMS}).encode(),
    json.dumps(
        {key: {str(i): item[key] for i, item in enumerate(ITEMS)} for key in ("text", "label")}
    ).encode(),
    json.dumps(by_label()).encode(),
    json.dumps(TASKS).encode(),
    str(ITEMS).encode(),
    lines({"text": t, "_input_hash": 1, "label": k, "answer": "accept"} for t, k in ROWS).encode(),
    lines(
        {"fields": {"t": t}, "responses": {"q": [{"value": k}]}, "suggestions": {}} for t, k in ROWS
    ).encode(),
    "".join(f"__label__{k} {t}\n" for t, k in ROWS).encode(),
    ("nlu:\n" + "".join(f"- intent: {k}\n  examples: |\n    - {t}\n" for t, k in ROWS)).encode(),
    arrow(),
    gzip.compress(csv_of(ROWS).encode()),
    zipped({"train.csv": csv_of(ROWS[:20]), "test.csv": csv_of(ROWS[20:])}),
    zipped({f"{k}/{i}.txt": t for i, (t, k) in enumerate(ROWS)}),
    tarred({f"{i}.{s}": d for i, (t, k) in enumerate(ROWS) for s, d in (("txt", t), ("cls", k))}),
]

keys = st.sampled_from(
    ["text", "label", "labels", "data", "intent", "examples", "answer", "accept", "annotations", "predictions",
     "result", "value", "choices", "cats", "fields", "responses", "suggestions", "annotation", "prediction", "inputs",
     "columns", "_input_hash", "status", "label.responses", "train", "test", "0", "1", "a.b", ""]
)  # fmt: skip
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=12) | st.sampled_from(TEXTS),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(keys, inner, max_size=4),
    max_leaves=20,
)


def refused(refusal: UploadRefused) -> int:
    assert refusal.status in (400, 413, 415, 422)
    assert refusal.detail.isprintable()
    return 0


def try_table(data: bytes, name: str = "upload.json") -> int:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / name
        path.write_bytes(data)
        try:
            Sentences(path, name, LIMITS)
        except UploadRefused as refusal:
            refused(refusal)
        try:
            findings = inspect_table(path, name, LIMITS)
        except UploadRefused as refusal:
            return refused(refusal)
        target = Path(folder) / "data.csv"
        write_table(path, name, target, LIMITS)
        with target.open(encoding="utf-8", newline="") as file:
            assert sum(1 for _ in csv.reader(file)) - 1 == findings.sample_count
        return findings.sample_count


def test_the_samples_are_good():
    assert [try_table(data) for data in GOOD] == [30] * len(GOOD)


@quickly
@given(st.lists(values, max_size=6))
def test_json_of_anything(items):
    try_table(json.dumps(items).encode())
    try_table("".join(json.dumps(item) + "\n" for item in items).encode())
    try_table(str(items).encode())


@quickly
@given(st.dictionaries(keys, values, max_size=6))
def test_one_object_of_anything(item):
    try_table(json.dumps(item).encode())
    try_table(json.dumps([item] * 6).encode())
    try_table(json.dumps({"0": item, "1": item, "2": item}).encode())


@quickly
@given(st.sampled_from(GOOD), st.data())
def test_damaged_files(data, draw):
    at = draw.draw(st.integers(0, len(data) - 1))
    length = draw.draw(st.integers(0, 40))
    new = draw.draw(st.binary(max_size=20))
    try_table(data[:at] + new + data[at + length :])


@quickly
@given(st.sampled_from(GOOD), st.floats(0, 1))
def test_cut_files(data, share):
    try_table(data[: int(len(data) * share)])
