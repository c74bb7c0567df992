import io
import json

import pyarrow as pa
import pytest
from pyarrow import parquet

from tests.jobs.uploads.builders import table
from training.ground.limits import Limits


def classes(findings):
    return {entry.label: entry.count for entry in findings.classes}


def json_lines(*items):
    return "".join(json.dumps(item, ensure_ascii=False) + "\n" for item in items)


ITEMS = [{"text": f"some text {i}", "label": "good" if i % 2 else "bad"} for i in range(8)]


def parquet_bytes(**columns):
    buffer = io.BytesIO()
    parquet.write_table(pa.table(columns), buffer)
    return buffer.getvalue()


TEXTS = [f"some text {i}" for i in range(8)]


@pytest.mark.parametrize(
    "data",
    [
        json_lines(*ITEMS),
        "\n\n" + json_lines(*ITEMS),
        json.dumps(ITEMS),
        json.dumps(ITEMS, indent=2),
        " \n" + json.dumps(ITEMS, indent=2),
        "\ufeff" + json.dumps(ITEMS),
        json.dumps([list(item.values()) for item in ITEMS]),
        json_lines(*ITEMS).encode("utf-16"),
    ],
    ids=range(8),
)
def test_it_reads_json_lines_and_arrays(inspect_text, data):
    findings = inspect_text(data, name="things.txt")
    assert classes(findings) == {"bad": 4, "good": 4}
    assert findings.delimiter is None


def test_it_reads_an_array_larger_than_its_buffer(inspect_text):
    items = [{"text": f"{i} " + "long " * 200, "label": i % 3} for i in range(1_500)]
    assert inspect_text(json.dumps(items)).sample_count == 1_500


def test_values_of_json_become_labels(inspect_text):
    items = [{"text": f"t{i}", "label": value} for i, value in enumerate([True, False] * 4)]
    assert classes(inspect_text(json_lines(*items))) == {"false": 4, "true": 4}
    items = [{"text": f"t{i}", "label": i % 2} for i in range(8)]
    assert classes(inspect_text(json_lines(*items))) == {"0": 4, "1": 4}
    items = [{"text": f"t{i}", "label": float(i % 2)} for i in range(8)]
    assert classes(inspect_text(json_lines(*items))) == {"0": 4, "1": 4}


def test_json_rows_that_lack_something_are_left_out_by_line(inspect_text):
    odd = [
        {"text": "a"},
        {"label": "good"},
        {"text": None, "label": "good"},
        {"text": ["x", "y"], "label": "good"},
    ]
    findings = inspect_text(json_lines(*ITEMS, *odd))
    assert findings.sample_count == 8
    assert [note.where for note in findings.skipped] == ["Line 9", "Line 10", "Line 11", "Line 12"]


DEEP = 100_000


@pytest.mark.parametrize(
    "data",
    [
        "[" * DEEP,
        "[" * DEEP + "]" * DEEP,
        '{"a":' * DEEP + "1" + "}" * DEEP,
        '[{"text": "a", "label": ' + "9" * 5_000 + "}]",
        '[{"text": "a", "label": "b"}, {"text"',
        '[{"text": "a", "label": "b"} ',
    ],
    ids=range(6),
)
def test_it_refuses_json_that_is_none(inspect_text, refusal_of, data):
    assert refusal_of(inspect_text, data).status == 400


def test_json_that_is_not_utf8_is_read_with_a_word(inspect_text):
    findings = inspect_text(json_lines(*ITEMS).encode() + b'{"text": "caf\xe9", "label": "good"}\n')
    assert findings.sample_count == len(ITEMS) + 1
    assert any("not UTF-8" in note.message for note in findings.repairs)


@pytest.mark.parametrize(
    "line",
    [
        '{"text": ' + "[" * DEEP + "]" * DEEP + ', "label": "x"}',
        '{"text": "x", "label": ' + "9" * 5_000 + "}",
        '{"text": "cut off',
        "5",
        '"x"',
        "no JSON at all",
    ],
    ids=range(6),
)
def test_one_bad_line_does_not_refuse_the_others(inspect_text, line):
    findings = inspect_text(json_lines(*ITEMS) + line + "\n")
    assert findings.sample_count == 8
    assert [note.where for note in findings.skipped] == ["Line 9"]


def test_many_bad_lines_refuse_the_file_by_the_first(inspect_text, refusal_of):
    refusal = refusal_of(inspect_text, json_lines(*ITEMS) + "what\n" * 9)
    assert refusal.status == 400
    assert refusal.detail.startswith("Line 9 is not valid JSON")


@pytest.mark.parametrize("value", ["NaN", "Infinity", "-Infinity", "null", '""'])
def test_numbers_that_are_none_are_missing(inspect_text, value):
    findings = inspect_text(json_lines(*ITEMS) + f'{{"text": "one more", "label": {value}}}\n')
    assert findings.sample_count == 8
    assert classes(findings) == {"bad": 4, "good": 4}


def test_nul_characters_are_taken_out(inspect_text):
    findings = inspect_text(json_lines(*ITEMS) + '{"text": "a\\u0000b", "label": "good"}\n')
    assert findings.sample_count == 9


def test_it_refuses_items_that_are_no_rows(inspect_text, refusal_of):
    assert refusal_of(inspect_text, '[{"text": "a"}, 5]').status == 422


@pytest.mark.parametrize("indent", [None, 2])
def test_it_finds_the_rows_in_one_object_of_everything(inspect_text, indent):
    findings = inspect_text(json.dumps({"count": 8, "data": ITEMS}, indent=indent))
    assert classes(findings) == {"bad": 4, "good": 4}
    assert any('"data"' in note.message for note in findings.repairs)


def test_it_refuses_a_line_of_json_without_end(inspect_text, refusal_of):
    refusal = refusal_of(
        inspect_text, json_lines(*ITEMS) + '{"text": "' + "x" * 2_000_000 + '", "label": "x"}'
    )
    assert refusal.status == 413


def test_it_refuses_an_item_of_an_array_without_end(inspect_text, refusal_of):
    assert refusal_of(inspect_text, '[{"text": "' + "x" * 3_000_000).status == 413


def test_a_text_in_brackets_is_no_json(inspect_text):
    assert inspect_text(table(8, "", "[urgent] call {i},{label}")).sample_count == 8


def test_it_reads_parquet(inspect_text):
    data = parquet_bytes(text=TEXTS, label=["good", "bad"] * 4, id=list(range(8)))
    findings = inspect_text(data, name="things.csv")
    assert classes(findings) == {"bad": 4, "good": 4}
    assert findings.encoding == "parquet"
    assert findings.columns == ["text", "label", "id"]


@pytest.mark.parametrize(
    ("labels", "expected"),
    [
        ([True, False] * 4, {"false", "true"}),
        ([1.0, 2.0] * 4, {"1", "2"}),
        ([1, 2] * 4, {"1", "2"}),
        (pa.array(["a", "b"] * 4).dictionary_encode(), {"a", "b"}),
        (pa.array([b"a", b"b"] * 4), {"a", "b"}),
    ],
)
def test_it_reads_labels_of_every_type_in_parquet(inspect_text, labels, expected):
    assert set(classes(inspect_text(parquet_bytes(text=TEXTS, label=labels)))) == expected


def test_it_leaves_out_nulls_in_parquet(inspect_text):
    findings = inspect_text(parquet_bytes(text=[*TEXTS[:7], None], label=["a", "b"] * 4))
    assert findings.sample_count == 7
    assert findings.skipped[0].where == "Row 8"


@pytest.mark.parametrize("keep", [4, 20, 300, -1, -9])
def test_it_refuses_damaged_parquet(inspect_text, refusal_of, keep):
    assert refusal_of(inspect_text, parquet_bytes(text=TEXTS, label=["a", "b"] * 4)[:keep]).status == 400


def test_it_refuses_parquet_with_too_many_rows(inspect_text, refusal_of):
    data = parquet_bytes(text=TEXTS, label=["a", "b"] * 4)
    assert refusal_of(inspect_text, data, Limits(max_rows=7)).status == 413


def test_it_leaves_out_a_long_text_in_parquet(inspect_text):
    findings = inspect_text(parquet_bytes(text=[*TEXTS[:7], "x" * 200_000], label=["a", "b"] * 4))
    assert findings.sample_count == 7
    assert findings.skipped[0].where == "Row 8"
