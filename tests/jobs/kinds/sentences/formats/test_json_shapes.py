import json

import pytest

from tests.jobs.kinds.sentences.formats.made_up import (
    ALL,
    ITEMS,
    LABELS,
    ROWS,
    TEXTS,
    by_label,
    classes,
    lines,
    repairs,
)

IDS = {f"m{i}": item for i, item in enumerate(ITEMS)}
COLUMNS = {key: {str(i): item[key] for i, item in enumerate(ITEMS)} for key in ("text", "label")}
FOREIGN = {"Satz": COLUMNS["text"], "Wunsch": COLUMNS["label"]}
PANDAS_TABLE = {
    "schema": {"fields": [{"name": "text"}, {"name": "label"}], "primaryKey": ["index"]},
    "data": ITEMS,
}
SHAPES = {
    "wrapped": {"made_by": "a person of the desk", "data": ITEMS},
    "wrapped twice": {"answer": {"page": 1, "rows": ITEMS}},
    "by id": IDS,
    "by number": {str(i): item for i, item in enumerate(ITEMS)},
    "columns of objects": COLUMNS,
    "columns of objects with other names": FOREIGN,
    "columns of lists": {"text": TEXTS, "label": [label for _, label in ROWS]},
    "split": {"columns": ["text", "label"], "index": list(range(30)), "data": [list(row) for row in ROWS]},
    "table": PANDAS_TABLE,
    "values": [list(row) for row in ROWS],
    "texts of classes": by_label(),
    "records of classes": {label: [{"text": text} for text in texts] for label, texts in by_label().items()},
    "text to label": dict(ROWS),
    "a search engine": {"hits": {"total": 30, "hits": [{"_type": "doc", "_source": item} for item in ITEMS]}},
}


@pytest.mark.parametrize("indent", [None, 1])
@pytest.mark.parametrize("name", SHAPES)
def test_it_reads_json_of_any_shape(inspect_text, name, indent):
    findings = inspect_text(json.dumps(SHAPES[name], indent=indent), name="things.json")
    assert classes(findings) == ALL
    assert {text for text, _ in findings.rows} <= set(TEXTS)


@pytest.mark.parametrize(
    "data",
    [
        "\n".join(json.dumps(item, indent=2) for item in ITEMS),
        "".join(json.dumps(item) for item in ITEMS),
        ",\n".join(json.dumps(item) for item in ITEMS),
        ",\n".join(json.dumps(item, indent=2) for item in ITEMS) + ",",
        lines([text, label] for text, label in ROWS),
        "[" + ",".join(json.dumps(item) for item in ITEMS) + ",]",
    ],
    ids=range(6),
)
def test_objects_one_after_another_are_rows(inspect_text, data):
    assert classes(inspect_text(data)) == ALL


@pytest.mark.parametrize(
    "data",
    [
        "".join(f"{item}\n" for item in ITEMS),
        str(ITEMS),
        "[\n" + ",\n".join(f"  {item}" for item in ITEMS) + "\n]",
        str([list(row) for row in ROWS]),
    ],
    ids=["lines", "one list", "a list over lines", "lists"],
)
def test_what_python_printed_is_read_and_called_python(inspect_text, data):
    findings = inspect_text(data)
    assert classes(findings) == ALL
    assert "Python" in repairs(findings)


def test_a_line_of_python_that_is_code_is_never_run(inspect_text, tmp_path):
    mark = tmp_path / "mark"
    evil = f"{{'text': open({str(mark)!r}, 'w'), 'label': 'pay'}}\n"
    findings = inspect_text("".join(f"{item}\n" for item in ITEMS) + evil)
    assert classes(findings) == ALL
    assert not mark.exists()
    assert findings.skipped[0].where == "Line 31"


def test_nested_fields_get_dotted_names(inspect_text):
    findings = inspect_text(
        lines({"from": {"desk": 1}, "what": {"body": t}, "about": {"label": w}} for t, w in ROWS)
    )
    assert findings.columns == ["from.desk", "what.body", "about.label"]
    assert (findings.input_column, findings.label_column) == ("what.body", "about.label")


def test_lists_of_one_are_their_value(inspect_text):
    assert classes(inspect_text(lines({"text": [text], "topic": [label]} for text, label in ROWS))) == ALL


def test_a_list_shorter_than_the_others_is_left_out(inspect_text):
    rows = [["text", "label"], *([f"mend the kettle {number}", "ab"[number % 2]] for number in range(12))]
    found = inspect_text(json.dumps([*rows, ["alone"]]), name="rows.json")
    assert (found.sample_count, found.skipped_count) == (12, 1)


def test_parts_of_a_dataset_in_one_object_are_kept(inspect_text):
    pairs = [list(row) for row in ROWS]
    for parts in ({"train": ITEMS[:21], "val": ITEMS[21:]}, {"train": pairs[:21], "val": pairs[21:]}):
        findings = inspect_text(json.dumps(parts))
        assert classes(findings) == ALL
        assert "parts kept" in repairs(findings)


def test_several_labels_in_a_list_are_each_learnt(inspect_text):
    items = [{"text": text, "tags": [label, LABELS[0]]} for text, label in ROWS]
    findings = inspect_text(lines(items))
    assert findings.target == "many_labels"
    assert classes(findings)[LABELS[0]] == len(ROWS)


def test_columns_of_different_rows_are_refused(inspect_text, refusal_of):
    shifted = {str(i + 1): label for i, (_, label) in enumerate(ROWS)}
    refusal = refusal_of(inspect_text, json.dumps({"text": COLUMNS["text"], "label": shifted}))
    assert "other rows in one column" in refusal.detail


@pytest.mark.parametrize("keep", [0.3, 0.6, 0.99])
def test_a_cut_object_is_called_cut(inspect_text, refusal_of, keep):
    data = json.dumps({"data": ITEMS}, indent=1)
    refusal = refusal_of(inspect_text, data[: int(len(data) * keep)])
    assert refusal.status == 400
    assert refusal.detail.startswith("The file is cut off")


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ({"images": [], "annotations": [], "categories": []}, "COCO"),
        ({"nbformat": 4, "cells": [], "metadata": {}}, "notebook"),
    ],
)
def test_json_of_other_things_is_refused_by_its_name(inspect_text, refusal_of, data, words):
    assert words in refusal_of(inspect_text, json.dumps(data)).detail


def test_valid_json_is_never_called_invalid(inspect_text, refusal_of):
    for data in (
        {"name": "x", "version": "1.0.0"},
        {"a": {"b": {"c": 1}}},
        {"text": "one", "label": "two"},
        [],
        ["a", "b"],
    ):
        assert "valid JSON" not in refusal_of(inspect_text, json.dumps(data)).detail


def test_a_large_object_is_read_in_pieces(inspect_text):
    items = [
        {"text": f"{text} {i} " + "and so on " * 40, "label": label}
        for i in range(100)
        for text, label in ROWS
    ]
    data = json.dumps({"about": {"notes": ["x" * 1_000] * 2_000}, "rows": items})
    assert len(data) > 2_000_000
    assert inspect_text(data).sample_count == 3_000
