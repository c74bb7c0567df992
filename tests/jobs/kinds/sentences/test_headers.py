import json

import pytest


def classes(findings):
    return {entry.label: entry.count for entry in findings.classes}


def told(findings):
    return " ".join(map(str, [*findings.repairs, *findings.skipped, *findings.warnings]))


MEALS = ("soup", "salad")
BOTH = {"salad": 15, "soup": 15}


def lines_of(form, rows=30):
    return [form.format(i=i, meal=MEALS[i % 2]) for i in range(rows)]


@pytest.mark.parametrize(
    "above",
    [
        ["Kitchen report"],
        ["Kitchen report", "Printed on,2031-04-01", ""],
        ["Kitchen report,,,", ",,,", "Spring,,,"],
        ["# made by a tool", "# version 3"],
    ],
)
@pytest.mark.parametrize("header", ["No,Hall,Message,Category", "Lfd,Saal,Gericht heute,Sorte"])
def test_titles_above_the_header_are_no_data(inspect_text, above, header):
    lines = [*above, header, *lines_of("{i},North,The cook was late {i},{meal}")]
    findings = inspect_text("\n".join(lines))
    assert classes(findings) == BOTH
    assert findings.columns == header.split(",")
    assert findings.repairs[-2].where.startswith("Row")
    assert "above the table" in told(findings)


def test_rows_keep_their_numbers_below_titles(inspect_text):
    lines = ["Kitchen report", "", "text,label", *lines_of("The cook was late {i},{meal}"), ",soup"]
    assert inspect_text("\n".join(lines)).skipped[0].where == "Row 34"


@pytest.mark.parametrize("every", [10, 3_000])
@pytest.mark.parametrize("header", ["text,label", "Gericht heute,Sorte"])
def test_repeated_headers_are_left_out_with_their_number(inspect_text, every, header):
    lines = lines_of("The cook was late {i},{meal}", rows=2 * every)
    findings = inspect_text("\n".join([header, *lines[:every], header, *lines[every:], header]))
    assert classes(findings) == {"salad": every, "soup": every}
    assert "2 rows repeat the header" in told(findings)


def test_a_first_row_of_data_that_comes_again_is_no_header(inspect_text):
    lines = lines_of("The cook was late {i},{meal}")
    assert inspect_text("\n".join([*lines, lines[0]])).sample_count == 31


@pytest.mark.parametrize("total", ["Total,,30,", "Summe:,,30,", "Grand total,,,30"])
def test_a_row_of_totals_at_the_end_is_left_out(inspect_text, total):
    lines = ["No,Hall,Message,Category", *lines_of("{i},North,The cook was late {i},{meal}"), total]
    findings = inspect_text("\n".join(lines))
    assert classes(findings) == BOTH
    assert "totals" in told(findings)


def test_a_text_called_total_is_data(inspect_text):
    findings = inspect_text("\n".join(["text,label", *lines_of("The cook {i},{meal}"), "Total,soup"]))
    assert findings.sample_count == 31


QUESTIONS = ["When did you come?", "How long was it?", "What did you eat?", "Tell us more, please."]
IDS = [json.dumps({"ImportId": one}) for one in ("startDate", "duration", "QID7", "QID8_TEXT")]


def survey(*below):
    quoted = [",".join('"' + cell.replace('"', '""') + '"' for cell in row) for row in below]
    lines = lines_of("2031-04-0{i} 10:00,{i},{meal},I came with friends and we waited {i}", rows=9)
    return "\n".join(["StartDate,Duration,Q7,Q8", *quoted, *(lines * 4)])


@pytest.mark.parametrize("below", [(QUESTIONS, IDS), (QUESTIONS,)], ids=["with ids", "without"])
def test_questions_below_the_header_are_no_answers(inspect_text, below):
    findings = inspect_text(survey(*below))
    assert classes(findings) == {"salad": 16, "soup": 20}
    assert findings.sample_count == 36
    assert "below the header" in told(findings)


def test_ids_of_questions_tell_the_columns(inspect_text):
    findings = inspect_text(survey(QUESTIONS, IDS))
    assert (findings.input_column, findings.label_column) == ("Q8", "Q7")


def test_the_sort_of_answer_below_the_header_is_none(inspect_text):
    lines = ["When,What did you eat?,More", ",Response,Open-Ended Response"]
    lines += lines_of("2031-04-01,{meal},I came with friends {i}")
    findings = inspect_text("\n".join(lines))
    assert classes(findings) == BOTH


def test_a_chosen_header_is_believed(inspect_text):
    lines = ["text,label", *lines_of("The cook was late {i},{meal}"), "text,label"]
    assert inspect_text("\n".join(lines), has_header=False).sample_count == 32


def test_the_row_of_the_header_may_be_chosen(inspect_text):
    lines = ["text,label", "more,words", "Message,Kind", *lines_of("The cook was late {i},{meal}")]
    findings = inspect_text("\n".join(lines), header_row=3)
    assert findings.columns == ["Message", "Kind"]
    assert classes(findings) == BOTH


def test_titles_can_be_taken_for_the_header(inspect_text):
    lines = ["Kitchen report,", "No,Message,Kind", *lines_of("{i},The cook was late {i},{meal}")]
    undo = next(note.undo for note in inspect_text("\n".join(lines)).repairs if "above" in note.message)
    assert undo == {"header_row": "1"}
