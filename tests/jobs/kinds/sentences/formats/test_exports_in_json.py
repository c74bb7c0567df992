"""JSON that trackers, boards, tuning services and annotation tools give out."""

import json

import pytest

from jobs.kinds.sentences.items import Sentences
from tests.jobs.kinds.sentences.formats.made_up import ALL, LABELS, ROWS, classes, lines, repairs
from training.ground.limits import Limits


def issue(number, text, *labels):
    return {
        "number": number,
        "title": f"Issue {number}",
        "body": text,
        "state": "open" if number % 2 else "closed",
        "labels": [{"id": 40 + len(name), "name": name, "color": "c0ffee"} for name in labels],
    }


@pytest.mark.parametrize("key", ["labels", "tags"])
def test_labels_that_are_objects_give_their_names(inspect_text, key):
    issues = [issue(i, *row) for i, row in enumerate(ROWS)]
    data = json.dumps([{key: one.pop("labels"), **one} for one in issues])
    findings = inspect_text(data)
    assert classes(findings) == ALL
    assert (findings.input_column, findings.label_column) == ("body", key)


@pytest.mark.parametrize("key", ["labels", "tags"])
def test_several_labels_that_are_objects_are_told_as_several(inspect_text, key):
    issues = [issue(i, text, label, "urgent") for i, (text, label) in enumerate(ROWS)]
    data = json.dumps([{key: one.pop("labels"), **one} for one in issues])
    assert inspect_text(data).target == "many_labels"


def test_a_board_of_trello_gives_its_cards(inspect_text):
    cards = [
        {"id": f"c{i}", "name": f"Card {i}", "desc": text, "labels": [{"id": "x", "name": label}]}
        for i, (text, label) in enumerate(ROWS)
    ]
    actions = [{"type": "updateCard", "data": {"card": {"name": text}}} for text, _ in ROWS * 3]
    board = {"name": "Desk", "actions": actions, "cards": cards, "labels": [], "lists": [{"name": "To do"}]}
    assert classes(inspect_text(json.dumps(board))) == ALL


def chat_of_openai(text, label):
    return {"messages": [
        {"role": "system", "content": "Name the wish."}, {"role": "user", "content": text},
        {"role": "assistant", "content": label},
    ]}  # fmt: skip


def chat_of_sharegpt(text, label):
    return {"conversations": [{"from": "human", "value": text}, {"from": "gpt", "value": f" {label}\n"}]}


def chat_of_gemini(text, label):
    return {"contents": [
        {"role": "user", "parts": [{"text": text}]}, {"role": "model", "parts": [{"text": label}]},
    ]}  # fmt: skip


@pytest.mark.parametrize("chat", [chat_of_openai, chat_of_sharegpt, chat_of_gemini])
def test_the_answer_of_a_model_is_the_label_of_what_was_asked(inspect_text, chat):
    findings = inspect_text(lines([chat(*row) for row in ROWS]))
    assert classes(findings) == ALL
    assert findings.rows[0][0] in dict(ROWS)
    assert "conversations" in repairs(findings)


def test_a_conversation_without_an_answer_is_left_out_but_predicted(inspect_text, tmp_path):
    chats = [chat_of_openai(*row) for row in ROWS]
    del chats[0]["messages"][2]
    assert inspect_text(lines(chats)).skipped_count == 1
    path = tmp_path / "chats.jsonl"
    path.write_text(lines(chats), encoding="utf-8")
    assert [item.value for item in Sentences(path, path.name, Limits()).items(0)] == [
        text for text, _ in ROWS
    ]


def labelbox(text, *answers):
    labels = [
        {"annotations": {"objects": [], "classifications": [{"name": "Wish", "radio_answer": {"name": one}}]}}
        for one in answers
    ]
    return {"data_row": {"id": "d", "row_data": text}, "projects": {"p": {"labels": labels}}}


def test_labelbox_gives_the_answer_of_most_people(inspect_text):
    rows = [labelbox(text, label, label, "odd") for text, label in ROWS]
    findings = inspect_text(lines(rows))
    assert classes(findings) == ALL
    assert findings.label_column == "Wish"


def test_labelbox_rows_that_nobody_labelled_are_left_out(inspect_text):
    rows = [labelbox(text, *([] if i == 0 else [label])) for i, (text, label) in enumerate(ROWS)]
    findings = inspect_text(lines(rows))
    assert "not been labelled" in findings.skipped[0].message
    assert sum(classes(findings).values()) == len(ROWS) - 1


def paragraph(text, label):
    names = sorted({label for _, label in ROWS})
    return {"raw": text, "sentences": [], "cats": [{"label": n, "value": float(n == label)} for n in names]}


@pytest.mark.parametrize("together", [True, False])
def test_documents_of_the_old_spacy_give_the_classes_of_their_paragraphs(inspect_text, together):
    paragraphs = [paragraph(*row) for row in ROWS]
    if together:
        data = json.dumps({"id": 0, "paragraphs": paragraphs}, indent=1)
    else:
        data = json.dumps([{"id": i, "paragraphs": [one]} for i, one in enumerate(paragraphs)])
    assert classes(inspect_text(data)) == ALL


@pytest.mark.parametrize("indent", [None, 2])
def test_lists_of_records_in_a_list_are_read_through(inspect_text, indent):
    records = [{"text": text, "label": label} for text, label in ROWS]
    half = len(records) // 2
    opening = "[\n" if indent else "["
    data = (
        f"{opening}{json.dumps(records[:half], indent=indent)},\n{json.dumps(records[half:], indent=indent)}]"
    )
    assert classes(inspect_text(data)) == ALL


FEATURES = [{"name": "text", "type": {"dtype": "string"}}, {"name": "label", "type": {"names": list(LABELS)}}]


@pytest.mark.parametrize("beside", [{"label_names": list(LABELS)}, {"features": FEATURES}])
def test_names_of_classes_beside_the_rows_take_the_place_of_their_codes(inspect_text, beside):
    rows = [{"text": text, "label": LABELS.index(label)} for text, label in ROWS]
    assert classes(inspect_text(json.dumps({**beside, "rows": rows}))) == ALL
    assert classes(inspect_text(json.dumps({"rows": [{"row": row} for row in rows], **beside}))) == ALL


def test_a_list_of_other_names_is_no_list_of_classes(inspect_text):
    rows = [{"text": text, "label": 7 + LABELS.index(label)} for text, label in ROWS]
    assert set(classes(inspect_text(json.dumps({"classes": list(LABELS), "rows": rows})))) == {"7", "8", "9"}


@pytest.mark.parametrize("first", [True, False])
def test_numbers_beside_labels_that_are_names_already_are_no_codes(inspect_text, first):
    rows = [{"text": text, "wish": label, "n": i % 3} for i, (text, label) in enumerate(ROWS)]
    if first:
        rows = [dict(reversed(row.items())) for row in rows]
    findings = inspect_text(json.dumps({"classes": list(LABELS), "rows": rows}))
    assert findings.label_column == "wish"
    assert classes(findings) == ALL
