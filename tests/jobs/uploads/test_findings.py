import csv
import io
import json

import pytest

from jobs.kinds.sentences.options import TableOptions
from jobs.uploads import UploadRefused, findings_csv
from jobs.uploads.errors import listed, shown
from jobs.uploads.findings import MOST_NOTES, Notes, grouped
from jobs.uploads.findings_csv import harmless_cell
from tests.jobs.uploads.builders import pictures, table


def test_findings_become_a_csv_that_no_spreadsheet_runs(inspect_zip):
    files = pictures("cats") | pictures("dogs") | {"=cmd()|calc.txt": b"x", "cats/+1.jpg": b"not a picture"}
    findings = inspect_zip(files)
    rows = list(csv.reader(io.StringIO("".join(findings_csv(findings)))))
    assert rows[0] == ["kind", "where", "message"]
    assert ["skipped", "'=cmd()|calc.txt"] in [row[:2] for row in rows]
    assert not any(cell.startswith(("=", "+", "-", "@")) for row in rows for cell in row)


def test_the_csv_says_how_many_more_there_are(inspect_text):
    findings = inspect_text(table(10) + ",good\n" * 10_050)
    assert "50 more were left out." in "".join(findings_csv(findings))


@pytest.mark.parametrize("cell", ["=1+1", "+1", "-1", "@x", "\tx", "\rx", " =1", "＝1"])
def test_formulas_are_quoted(cell):
    assert harmless_cell(cell) == f"'{cell}"


@pytest.mark.parametrize("cell", ["plain", "a=b", "", "1-2"])
def test_other_cells_stay_as_they_are(cell):
    assert harmless_cell(cell) == cell


def test_findings_of_pictures_can_be_stored_as_json(inspect_zip):
    document = json.loads(json.dumps(inspect_zip(pictures("cats") | pictures("dogs")).to_json()))
    assert document["classes"] == [{"label": "cats", "count": 3}, {"label": "dogs", "count": 3}]
    assert document["sample_count"] == 6
    assert len(document["thumbnails"]) == 6


def test_options_survive_a_round_trip():
    options = TableOptions(input_column="a", has_header=False, encoding="gb18030", delimiter="\t")
    assert TableOptions.from_json(json.loads(json.dumps(options.to_json()))) == options
    assert TableOptions.from_json({}) == TableOptions()
    assert TableOptions().to_json() == {}


def test_options_are_read_as_people_write_them():
    values = {
        "has_header": "yes",
        "encoding": "GBK",
        "delimiter": "Tab",
        "input_column": "",
        "label_column": None,
    }
    assert TableOptions.from_json(values) == TableOptions(has_header=True, encoding="gb18030", delimiter="\t")


@pytest.mark.parametrize(
    "values",
    [
        {"encoding": "zlib_codec"}, {"encoding": "idna"}, {"encoding": 5}, {"delimiter": "xx"}, {"delimiter": []},
        {"has_header": "perhaps"}, {"has_header": []}, {"input_column": 5}, {"label_column": "x" * 2_000},
        {"colour": "x"},
    ],
)  # fmt: skip
def test_options_that_make_no_sense_are_refused_by_field(values):
    with pytest.raises(UploadRefused) as caught:
        TableOptions.from_json(values)
    assert caught.value.status == 400
    assert list(caught.value.fields) == list(values)


def test_refusals_stand_beside_each_other(inspect_text, inspect_zip, refusal_of):
    """Status and code belong to the refusal, not to the class of all refusals."""
    first, second = refusal_of(inspect_text, ""), refusal_of(inspect_zip, pictures("cats"))
    assert (first.status, second.status) == (400, 422)
    assert UploadRefused("x").status == 400


def test_names_are_made_fit_for_a_sentence():
    assert shown("a\nb\u202ec", 10) == "a�b�c"
    assert shown("x" * 100, 10) == "x" * 9 + "…"
    assert listed(["a", "b", "c"], 2) == "a, b and 1 more"


def test_notes_that_say_the_same_are_one_line_with_a_number():
    notes = Notes()
    for row in range(1, 8):
        notes.skip(f"Row {row}", f'Left out: it has {row} cells instead of 2 ("{row}" | x).')
    notes.skip("Row 9", "Left out: the row is empty.")
    notes.skip("Row 10", "Left out: the row is empty.")
    assert [str(note) for note in grouped(notes.skipped)] == [
        'Row 1 and 6 more: Left out: it has 1 cells instead of 2 ("1" | x).',
        "Row 9: Left out: the row is empty.",
        "Row 10: Left out: the row is empty.",
    ]


def test_a_number_that_may_be_too_small_is_called_so():
    notes = Notes()
    for row in range(MOST_NOTES + 5):
        notes.skip(f"Row {row}", "Left out: the row is empty.")
    assert grouped(notes.skipped)[0].where == "Row 0 and at least 9,999 more"


def test_guesses_that_are_taken_back_apart_stay_apart():
    notes = Notes()
    for row in range(6):
        notes.repair(f"Row {row}", "It was guessed.", undo={"sheet": str(row)})
    assert len(grouped(notes.repairs)) == 6
