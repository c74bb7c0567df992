import csv
import json

import pytest

from jobs.kinds.sentences.options import TableOptions
from jobs.kinds.sentences.table import inspect_table, write_table
from jobs.uploads import UploadRefused
from tests.jobs.uploads.builders import table, write
from tests.jobs.uploads.test_memory import peak_of
from training.ground.limits import MIB, Limits


def classes(findings):
    return {entry.label: entry.count for entry in findings.classes}


def test_it_takes_a_plain_table_without_remarks(inspect_text):
    findings = inspect_text(table(40))
    assert classes(findings) == {"bad": 20, "good": 20}
    assert (findings.input_column, findings.label_column) == ("input", "label")
    assert (findings.encoding, findings.delimiter, findings.has_header) == ("utf-8", ",", True)
    assert not findings.repairs
    assert not findings.warnings
    assert not findings.skipped
    assert findings.sample_count == sum(entry["count"] for entry in findings.length_histogram)
    assert len(findings.rows) == 10
    assert {label for _, label in findings.rows} == {"good", "bad"}
    json.dumps(findings.to_json(), allow_nan=False)


@pytest.mark.parametrize("text", ["", "\n\n", "\ufeff", "input,label\n", " \n \n"])
def test_it_refuses_a_table_without_rows(inspect_text, refusal_of, text):
    assert refusal_of(inspect_text, text).status in (400, 422)


def test_it_leaves_out_rows_without_text_or_label_by_the_number_in_the_file(inspect_text):
    findings = inspect_text(table(10) + ",good\nhello,\n\n  ,  \n,,\n" + table(2, header=""))
    assert findings.sample_count == 12
    assert [note.where for note in findings.skipped] == ["Row 12", "Row 13", "Row 15", "Row 16"]
    assert "text is empty" in findings.skipped[0].message
    assert "label is empty" in findings.skipped[1].message


def test_row_numbers_count_records_as_a_spreadsheet_does(inspect_text):
    findings = inspect_text('input,label\n"two\nlines",good\n,good\n' + table(6, header=""))
    assert [note.where for note in findings.skipped] == ["Row 3"]
    assert findings.sample_count == 7


def test_it_leaves_out_a_few_ragged_rows(inspect_text):
    findings = inspect_text(table(20) + "a,b,c\nalone\n")
    assert findings.sample_count == 20
    assert [note.where for note in findings.skipped] == ["Row 22", "Row 23"]
    assert "3 cells instead of 2" in findings.skipped[0].message


@pytest.mark.parametrize("text", ["input,label\na,b,c\nd,e,f\nx,y\n", "input,label\nonly\none\ncell\n"])
def test_it_refuses_a_table_that_is_mostly_ragged_and_shows_a_row(inspect_text, refusal_of, text):
    refusal = refusal_of(inspect_text, text)
    assert (refusal.status, refusal.code) == (422, "table_ragged")
    assert "Row 2" in refusal.detail


def test_trailing_separators_do_no_harm(inspect_text):
    findings = inspect_text("input,label,,\na,x,,\nb,y,,\nc,x,,\nd,y,,\n")
    assert findings.columns == ["input", "label"]
    assert findings.sample_count == 4


@pytest.mark.parametrize("text", ["input,label\na,x\nb,x\n", "input,label\na,x\nb,x\nc,y\n"])
def test_it_refuses_one_class(inspect_text, refusal_of, text):
    assert refusal_of(inspect_text, text).status == 422


def test_it_refuses_a_single_column(inspect_text, refusal_of):
    refusal = refusal_of(inspect_text, "sentence\nI love it\nI hate it\n")
    assert (refusal.status, refusal.code) == (422, "one_column")


def test_it_refuses_one_label_per_row_and_names_the_columns(inspect_text, refusal_of):
    text = "label,input\n" + "".join(f"unique sentence number {i},{i % 2}\n" for i in range(50))
    refusal = refusal_of(inspect_text, text)
    assert refusal.status == 422
    assert "swapped" in refusal.detail
    assert '"label"' in refusal.detail


def test_it_refuses_too_many_classes(inspect_text, refusal_of):
    text = "input,label\n" + "".join(f"t{i},c{i % 30}\n" for i in range(300))
    refusal = refusal_of(inspect_text, text, Limits(max_classes=20))
    assert (refusal.status, refusal.code) == (422, "too_many_classes")


def test_it_leaves_out_classes_with_one_row_and_says_so(inspect_text):
    findings = inspect_text(table(10) + "rare thing,seldom\n")
    assert classes(findings) == {"bad": 5, "good": 5}
    assert [note.where for note in findings.repairs] == ["seldom"]


@pytest.mark.parametrize("label", ["../x", "..\\x", "x/../y", "..", "a\u202eb", "x" * 201, "y" * 10_000])
def test_it_leaves_out_labels_that_deceive_or_are_too_long(inspect_text, refusal_of, label):
    findings = inspect_text(table(10) + f"hello,{label}\n")
    assert classes(findings) == {"bad": 5, "good": 5}
    assert [note.where for note in findings.skipped] == ["Row 12"]
    refusal = refusal_of(inspect_text, table(10) + f"hello,{label}\n" * 20)
    assert (refusal.status, refusal.code) == (422, "label_invalid")
    assert "Row 12" in refusal.detail


@pytest.mark.parametrize("label", ["<script>alert(1)</script>", "=cmd()", "a/b", "1...2", "R&D"])
def test_it_takes_labels_that_are_only_odd(inspect_text, label):
    findings = inspect_text(table(10) + f"hello,{label}\nbye,{label}\n")
    assert label in classes(findings)


@pytest.mark.parametrize("limits", [Limits(max_rows=9), Limits(max_columns=1)])
def test_it_refuses_too_many_rows_and_columns(inspect_text, refusal_of, limits):
    assert refusal_of(inspect_text, table(10), limits).status == 413


def test_it_refuses_too_many_columns_of_a_real_table(inspect_text, refusal_of):
    row = ",".join(str(i) for i in range(250))
    assert refusal_of(inspect_text, f"{row}\n{row}\n").status == 413


@pytest.mark.parametrize("length", [131_073, 140_000, 3_000_000])
@pytest.mark.parametrize("quote", ["", '"'])
def test_it_leaves_out_a_text_that_is_too_long(inspect_text, length, quote):
    findings = inspect_text(table(4) + f"{quote}{'x' * length}{quote},good\n" + table(2, header=""))
    assert findings.sample_count == 6
    assert [note.where for note in findings.skipped] == ["Row 6"]


def test_it_refuses_a_table_of_texts_that_are_too_long(inspect_text, refusal_of):
    text = table(4) + f"{'x' * 140_000},good\n" * 8
    refusal = refusal_of(inspect_text, text)
    assert (refusal.status, refusal.code) == (413, "field_too_long")
    assert "8 of 12" in refusal.detail


def test_it_takes_a_field_of_just_the_longest_length(inspect_text):
    assert inspect_text(table(4) + f"{'x' * 131_072},good\n").sample_count == 5


def test_it_takes_longer_fields_where_the_operator_allows_them(inspect_text):
    findings = inspect_text(table(4) + f"{'x' * 200_000},good\n", Limits(max_field_chars=300_000))
    assert findings.sample_count == 5


@pytest.mark.parametrize("another_tables_limit", [131_072, 1_000_000])
def test_a_quote_that_is_never_closed_swallows_nothing(inspect_text, another_tables_limit):
    inspect_text(table(4), Limits(max_field_chars=another_tables_limit))
    text = table(4) + '"never closed,good\n' + table(20_000, header="")
    assert inspect_text(text).sample_count == 20_005


def test_a_quote_that_is_closed_many_lines_below_swallows_nothing(inspect_text):
    text = table(40) + '"never closed,good\n' + table(50, header="") + 'end",good\n'
    assert inspect_text(text).sample_count == 92


def test_it_warns_of_a_text_of_very_many_lines(inspect_text):
    text = table(40) + '"' + "a line\n" * 50 + 'end",good\n'
    assert any("quotation mark" in note.message for note in inspect_text(text).warnings)


def test_it_bounds_a_record_of_many_quoted_lines(inspect_text):
    record = ",".join(['"a\nb"'] * 60_000)
    assert peak_of(lambda: inspect_text(table(4) + record + "\n")) < 60 * MIB


def test_a_record_of_too_many_quoted_lines_is_left_out_as_one(inspect_text):
    findings = inspect_text(table(40) + '"' + "a line of it\n" * 3_000 + 'end",good\n' + table(4, header=""))
    assert findings.sample_count == 44
    (note,) = [note for note in findings.skipped if "quotation marks" in note.message]
    assert (note.where, "3,001 lines" in note.message) == ("Row 42", True)


QUOTED = '"sentence {i}, as it is",{label}'


@pytest.mark.parametrize("count", [20, 2_000])
def test_a_quote_that_is_never_closed_is_said_with_its_row(inspect_text, count):
    text = table(40, line=QUOTED) + '"never closed,good\n' + table(count, header="")
    findings = inspect_text(text)
    assert findings.sample_count == 41 + count
    (note,) = [note for note in findings.warnings if "never closed" in note.message]
    assert note.where == "Row 42"


def test_a_quote_that_is_closed_far_below_swallows_no_rows(inspect_text):
    text = table(4_000, line=QUOTED) + '"opened,good\n' + table(3_000, header="") + 'closed",good\n'
    findings = inspect_text(text)
    assert findings.sample_count == 7_002
    assert any("far below" in note.message and note.where == "Row 4,002" for note in findings.warnings)


def test_it_merges_spellings_of_a_label(inspect_text):
    text = "input,label\na,Spam\nb,spam \nc,SPAM\nd,Spam\ne,ham\nf,ham\n"
    findings = inspect_text(text)
    assert classes(findings) == {"Spam": 4, "ham": 2}
    assert any("SPAM" in note.message for note in findings.repairs)


def test_numbers_stay_labels_as_they_are_written(inspect_text):
    text = "input,label\n" + "".join(f"text {i},{i % 2}\n" for i in range(8))
    assert classes(inspect_text(text)) == {"0": 4, "1": 4}


def test_whole_numbers_lose_their_decimals_with_a_note(inspect_text):
    text = "input,label\n" + "".join(f"text {i},{i % 2}.0\n" for i in range(8)) + "x,1\n"
    findings = inspect_text(text)
    assert classes(findings) == {"0": 4, "1": 5}
    assert any("decimals" in note.message for note in findings.repairs)


def test_it_keeps_decimals_that_mean_something(inspect_text):
    text = "input,label\n" + "".join(f"text {i},{1 + i % 2 / 2}\n" for i in range(8))
    assert classes(inspect_text(text)) == {"1.0": 4, "1.5": 4}


def test_it_warns_of_labels_that_are_measurements(inspect_text):
    text = "input,label\n" + "".join(f"text {i},{i % 25}.5\n" for i in range(100))
    assert any("measurements" in note.message for note in inspect_text(text).warnings)


def test_it_warns_of_labels_that_may_be_names_of_rows(inspect_text):
    text = "input,label\n" + "".join(f"text {i},id{i // 3}\n" for i in range(90))
    assert any("names or numbers of the rows" in note.message for note in inspect_text(text).warnings)


def test_it_warns_of_copies_and_contradictions_with_rows(inspect_text):
    text = table(20) + "same,good\nother,bad\nsame,bad\nsame,good\n"
    messages = [str(note) for note in inspect_text(text).warnings]
    assert any("with different labels: 2" in m and "Row 22" in m and "row 24" in m for m in messages)
    assert any("copies of other texts: 2" in m for m in messages)


def test_merged_labels_do_not_contradict(inspect_text):
    messages = " ".join(map(str, inspect_text(table(20) + "same,good\nsame,Good\n").warnings))
    assert "different labels" not in messages
    assert "copies of other texts: 1" in messages


def test_it_warns_of_uneven_classes(inspect_text):
    text = "input,label\n" + "".join(f"t{i},big\n" for i in range(50)) + "a,small\nb,small\n"
    messages = " ".join(map(str, inspect_text(text).warnings))
    assert "25 times" in messages
    assert "small (2)" in messages


def test_notes_are_bounded_and_all_skipped_rows_are_counted(inspect_text):
    findings = inspect_text(table(10) + ",good\n" * 5_000)
    assert findings.skipped_count == 5_000
    assert findings.to_json()["skipped"] == [
        {"where": "Row 12 and 4,999 more", "message": "Left out: the text is empty."}
    ]


def test_long_inputs_are_cut_in_what_is_shown(inspect_text):
    findings = inspect_text("input,label\n" + "".join(f"{'x' * 900}{i},{i % 2}\n" for i in range(8)))
    assert all(len(text) == 300 for text, _ in findings.rows)


def written(tmp_path, data, options=None, name="things.csv"):
    target = tmp_path / "data.csv"
    write_table(write(tmp_path, data), name, target, Limits(), options or TableOptions())
    with target.open(encoding="utf-8", newline="") as file:
        return list(csv.reader(file))


def test_it_writes_the_rows_that_it_counted(tmp_path):
    data = (
        'id;Category;Text\n1;Good;"a;b"\n2;good;" two\nlines "\n3;BAD;c\n4;BAD;"say ""hi"""\n5;rare;d\n6;;e\n'
    )
    path = write(tmp_path, data)
    findings = inspect_table(path, "things.csv", Limits())
    rows = written(tmp_path, data)
    assert rows[0] == ["input", "label"]
    assert rows[1:] == [["a;b", "Good"], ["two\nlines", "Good"], ["c", "BAD"], ['say "hi"', "BAD"]]
    assert len(rows) - 1 == findings.sample_count
    assert sorted(path.name for path in tmp_path.glob("data.csv*")) == ["data.csv"]


def test_it_writes_by_the_chosen_columns(tmp_path):
    data = "a,b,c\n" + "".join(f"x{i},{i % 2},y{i % 3}\n" for i in range(12))
    rows = written(tmp_path, data, TableOptions(input_column="a", label_column="c"))
    assert rows[1] == ["x0", "y0"]
    assert {row[1] for row in rows[1:]} == {"y0", "y1", "y2"}


def test_it_writes_what_json_spells_as_halves_of_characters(tmp_path):
    data = "\n".join(json.dumps({"input": f"\ud800 {i}", "label": str(i % 2)}) for i in range(4))
    assert written(tmp_path, data)[1] == ["? 0", "0"]


def test_it_leaves_no_file_when_it_refuses(tmp_path):
    with pytest.raises(UploadRefused):
        write_table(write(tmp_path, "input,label\na,x\n"), "a.csv", tmp_path / "data.csv", Limits())
    assert not list(tmp_path.glob("data.csv*"))


@pytest.mark.parametrize(("labels", "told"), [(["0", "1"], True), (["a", "1"], False)])
def test_it_warns_of_labels_that_are_numbers(inspect_text, labels, told):
    findings = inspect_text("input,label\n" + "".join(f"text {i},{labels[i % 2]}\n" for i in range(20)))
    assert any("The labels are numbers (0, 1)" in str(note) for note in findings.warnings) is told
