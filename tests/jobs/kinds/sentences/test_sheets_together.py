"""Sheets of one workbook that are one table: a sheet for each class, for each part, for each month."""

import pytest

from tests.jobs.kinds.sentences.workbooks import xlsx

TOPICS = ("harbour", "orchard")


def walks(start, count=20):
    return [[f"Walk number {i} was long", TOPICS[i % 2]] for i in range(start, start + count)]


def read(inspect_text, sheets, **options):
    return inspect_text(xlsx(sheets), name="walks.xlsx", **options)


def classes(findings):
    return {entry.label: entry.count for entry in findings.classes}


@pytest.mark.parametrize("header", [[["Comment"]], []])
def test_a_sheet_for_each_class(inspect_text, header):
    sheets = {name: [*header, *([row[0]] for row in walks(30 * at))] for at, name in enumerate(TOPICS)}
    findings = read(inspect_text, sheets)
    assert classes(findings) == dict.fromkeys(TOPICS, 20)
    (question,) = findings.questions
    assert (question.field, question.guess, question.choices) == ("sheet", "(all)", ("(all)", *TOPICS))
    assert not read(inspect_text, sheets, sheet="(all)").questions


def test_a_sheet_for_each_part(inspect_text):
    sheets = {
        "train": [["text", "label"], *walks(0)],
        "test": [["text", "label"], *walks(50, 10)],
    }
    findings = read(inspect_text, sheets)
    assert findings.splits == {"train": 20, "test": 10}
    assert not findings.questions
    (note,) = [note for note in findings.repairs if "one table" in note.message]
    assert note.undo == {"sheet": "train"}
    assert read(inspect_text, sheets, **note.undo).sample_count == 20


def test_sheets_of_the_same_header_are_asked_about(inspect_text):
    header = ["Text", "Topic"]
    sheets = {"May": [header, *walks(0)], "June": [header, *walks(50)]}
    findings = read(inspect_text, sheets)
    (question,) = findings.questions
    assert (question.guess, question.choices) == ("May", ("May", "June", "(all)"))
    assert read(inspect_text, sheets, sheet="(all)").sample_count == 40
    assert "(all)" in read(inspect_text, sheets, sheet="May").offered["sheet"]
    assert read(inspect_text, sheets, sheet="June").sample_count == 20


def test_sheets_of_other_headers_are_no_table(inspect_text, refusal_of):
    sheets = {"One": [["text", "label"], *walks(0)], "Two": [["name", "age"], ["Ann", 3], ["Bob", 4]]}
    findings = read(inspect_text, sheets)
    assert findings.sample_count == 20
    assert "(all)" not in findings.offered["sheet"]
    assert refusal_of(read, inspect_text, sheets, sheet="(all)").code == "sheet_unknown"
