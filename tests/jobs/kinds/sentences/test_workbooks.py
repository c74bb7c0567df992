import datetime
import json
import zipfile

import pytest

from jobs.uploads import detect, workbook_child
from tests.jobs.kinds.sentences.workbooks import merged_xlsx, ods, xls, xlsx
from tests.jobs.uploads.builders import write, zip_bytes
from training.ground.limits import Limits
from training.kinds.sentences import KIND

ROWS = [
    ["text", "kind"],
    *([f"The lamp number {i} is broken", ("repair", "refund")[i % 2]] for i in range(20)),
]
BOTH = {"refund": 10, "repair": 10}


def classes(findings):
    return {entry.label: entry.count for entry in findings.classes}


def told(findings):
    return " ".join(map(str, [*findings.repairs, *findings.skipped, *findings.warnings]))


@pytest.mark.parametrize("data", [xlsx({"A": ROWS}), ods({"A": ROWS}), xls(ROWS)], ids=["xlsx", "ods", "xls"])
@pytest.mark.parametrize("name", ["things.xlsx", "things.csv", "things"])
def test_it_reads_workbooks_whatever_their_name(inspect_text, data, name):
    findings = inspect_text(data, name=name)
    assert classes(findings) == BOTH
    assert (findings.input_column, findings.label_column) == ("text", "kind")
    assert (findings.delimiter, findings.encoding) == (None, "spreadsheet")


def test_it_reads_a_workbook_in_place_of_a_zip_only(tmp_path):
    assert detect(write(tmp_path, xlsx({"A": ROWS})), "x.zip", KIND) == "table"
    assert detect(write(tmp_path, zip_bytes({"a/xl.csv": b"x"})), "x.xlsx", KIND) == "zip"


def test_titles_above_the_header_and_totals_below_are_left_out(inspect_text):
    rows = [["Complaints 2031"], [], ["No", "Shop", "Message", "Category"]]
    rows += [[i, "East", f"The lamp {i} flickers", ("repair", "refund")[i % 2]] for i in range(30)]
    findings = inspect_text(xlsx({"A": [*rows, ["Total", "", 30, ""]]}))
    assert (findings.input_column, findings.label_column) == ("Message", "Category")
    assert findings.sample_count == 30
    assert "Row 1" in told(findings)
    assert "Row 34" in told(findings)


def test_values_are_as_people_see_them(inspect_text):
    days = datetime.date(2031, 5, 2), datetime.date(2031, 5, 30)
    rows = [["when", "message", "stars"], *([days[i % 2], f"words {i}", float(1 + i % 2)] for i in range(12))]
    assert classes(inspect_text(xlsx({"A": rows}), label_column="stars")) == {"1": 6, "2": 6}
    assert set(classes(inspect_text(xlsx({"A": rows}), label_column="when"))) == {"2031-05-02", "2031-05-30"}
    half = [[days[0], "more words", 1.5], [days[0], "yet more", 1.5]]
    assert set(classes(inspect_text(xlsx({"A": rows + half}), label_column="stars"))) == {"1.5", "1", "2"}
    truths = [["message", "urgent"], *([f"so many words {i}", i % 2 == 0] for i in range(12))]
    assert classes(inspect_text(xlsx({"A": truths}))) == {"FALSE": 6, "TRUE": 6}


def test_a_cell_that_spans_rows_counts_for_each(inspect_text):
    rows = [
        ["label", "text"],
        *(["repair" if i < 6 else "refund", f"The lamp {i} is dark"] for i in range(12)),
    ]
    assert classes(inspect_text(merged_xlsx(rows, 0, [(1, 6), (7, 12)]))) == {"refund": 6, "repair": 6}


def test_the_sheet_with_the_table_is_taken(inspect_text):
    notes = [["How to use"], ["Ask Kim"]]
    findings = inspect_text(xlsx({"Read me": notes, "Data": ROWS, "Lists": [["repair"], ["refund"]]}))
    assert classes(findings) == BOTH
    assert 'Sheet "Data"' in told(findings)
    assert not findings.questions


def test_several_sheets_with_tables_are_asked_about(inspect_text):
    other = [["text", "kind"], *([f"A chair {i}", ("sale", "rent")[i % 2]] for i in range(12))]
    data = xlsx({"Lamps": ROWS, "Chairs": other})
    findings = inspect_text(data)
    assert [(asked.field, asked.guess, asked.choices) for asked in findings.questions] == [
        ("sheet", "Lamps", ("Lamps", "Chairs"))
    ]
    chosen = inspect_text(data, sheet="Chairs")
    assert classes(chosen) == {"rent": 6, "sale": 6}
    assert not chosen.questions


def test_hidden_sheets_are_taken_last(inspect_text):
    many = [["text", "kind"], *([f"A chair {i}", ("sale", "rent")[i % 2]] for i in range(60))]
    findings = inspect_text(xlsx({"Shown": ROWS, "Old": many}, hidden=["Old"]))
    assert classes(findings) == BOTH
    assert not findings.questions


def test_it_refuses_a_sheet_that_is_not_there(inspect_text, refusal_of):
    refusal = refusal_of(inspect_text, xlsx({"Lamps": ROWS}), sheet="Sofas")
    assert refusal.status == 422
    assert "Lamps" in refusal.fields["sheet"][0]


@pytest.mark.parametrize("data", [xlsx({"A": []}), ods({}), ods({"A": []}), xls([])], ids=range(4))
def test_it_refuses_an_empty_workbook_by_its_name(inspect_text, refusal_of, data):
    refusal = refusal_of(inspect_text, data)
    assert "spreadsheet" in refusal.detail


@pytest.mark.parametrize("keep", [-1, -600, 900])
@pytest.mark.parametrize(
    "data", [xlsx({"A": ROWS * 30}), ods({"A": ROWS * 30}), xls(ROWS * 3)], ids=["xlsx", "ods", "xls"]
)
def test_it_refuses_damaged_workbooks(inspect_text, refusal_of, data, keep):
    assert refusal_of(inspect_text, data[:keep]).status in (400, 413, 415, 422)


def test_it_names_a_workbook_with_a_password(inspect_text, refusal_of):
    refusal = refusal_of(inspect_text, xls([], stream="EncryptedPackage"))
    assert (refusal.status, refusal.code) == (422, "workbook_locked")


def test_it_refuses_a_workbook_of_too_many_rows(inspect_text, refusal_of):
    refusal = refusal_of(inspect_text, xlsx({"A": ROWS}), Limits(max_rows=10))
    assert (refusal.status, refusal.code) == (413, "too_many_rows")


REPEATED = (
    '<table:table table:name="A"><table:table-row table:number-rows-repeated="1000000">'
    '<table:table-cell table:number-columns-repeated="10000" office:value-type="string"><text:p>x</text:p>'
    "</table:table-cell></table:table-row></table:table>"
)


def test_cells_far_apart_take_no_memory(inspect_text, refusal_of):
    rows = [["a"], *([] for _ in range(20_000)), [*[""] * 16_383, "b"]]
    assert refusal_of(inspect_text, xlsx({"A": rows})).status == 413


def test_cells_repeated_without_end_take_no_memory(inspect_text, refusal_of):
    assert refusal_of(inspect_text, ods({}, REPEATED)).status == 413


def test_members_that_grow_without_end_are_refused_before_they_are_read(inspect_text, refusal_of):
    with_bomb = {"[Content_Types].xml": b"<x/>", "xl/workbook.xml": b"<x/>", "xl/a.xml": bytes(20_000_000)}
    assert refusal_of(inspect_text, zip_bytes(with_bomb, zipfile.ZIP_DEFLATED)).code == "zip_ratio"


def test_entities_are_never_expanded(inspect_text, refusal_of):
    bomb = '<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;"><!ENTITY c SYSTEM "file:///etc/passwd">]>'
    rows = "".join(f"<row><c t='inlineStr'><is><t>&b;&c; {i}</t></is></c></row>" for i in range(4))
    sheet = f"{bomb}<worksheet><sheetData>{rows}</sheetData></worksheet>"
    files = {**_members(xlsx({"A": ROWS})), "xl/worksheets/sheet1.xml": sheet.encode()}
    assert "root:" not in str(refusal_of(inspect_text, zip_bytes(files)).detail)


def _members(data):
    import io

    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def test_sheets_of_many_rows_are_numbered_as_people_see_them(inspect_text):
    rows = [["text", "kind"], *([f"The lamp {i} is dark", ("repair", "refund")[i % 2]] for i in range(700))]
    rows[300] = ["", "repair"]
    rows[600] = ["The sofa is torn", ""]
    findings = inspect_text(xlsx({"A": rows}))
    assert classes(findings) == {"refund": 348, "repair": 350}
    assert {"Row 301", "Row 601"} <= {note.where for note in findings.skipped}


def test_a_span_may_begin_in_one_line_and_end_in_another(inspect_text):
    rows = [["label", "text"], *(["repair" if i < 300 else "refund", f"lamp {i}"] for i in range(600))]
    assert classes(inspect_text(merged_xlsx(rows, 0, [(1, 300), (301, 600)]))) == {
        "refund": 300,
        "repair": 300,
    }


def test_one_other_kind_of_value_leaves_the_rest_of_its_column_alone(inspect_text):
    rows = [["text", "kind"], *([f"The lamp {i}", ("repair", "refund")[i % 2]] for i in range(20))]
    rows[5][0] = 12.0
    rows[6][0] = True
    findings = inspect_text(xlsx({"A": rows}))
    assert classes(findings) == BOTH
    assert {"12", "TRUE"} <= {text for text, _ in findings.rows}


def test_rows_below_empty_ones_are_found_in_a_workbook_of_one_sheet(inspect_text):
    rows = [*([] for _ in range(400)), *ROWS]
    assert classes(inspect_text(xlsx({"A": rows}))) == BOTH


def test_lines_of_the_child_are_bounded(capsysbinary, monkeypatch):
    monkeypatch.setattr(workbook_child, "_CHARS_OF_A_LINE", 100)
    rows = [("word " * 10, str(i)) for i in range(9)]
    workbook_child._say_rows(rows)
    lines = capsysbinary.readouterr().out.splitlines()
    assert len(lines) == 9
    assert [tuple(row) for line in lines for row in json.loads(line)] == rows


def test_letters_of_all_languages_come_through(inspect_text):
    words = ("Käse \N{PARTY POPPER}", "\u4f60\u597d\u2028\u4e16\u754c", 'so\nmany "lines"\\')
    rows = [["text", "kind"], *([f"{words[i % 3]} {i}", ("Übel", "\u597d")[i % 2]] for i in range(20))]
    findings = inspect_text(xlsx({"A": rows}))
    assert classes(findings) == {"Übel": 10, "\u597d": 10}
    assert findings.sample_count == 20
