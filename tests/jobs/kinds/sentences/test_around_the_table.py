"""What stands around the rows that are meant: comments above, other tables below, marks within, names twice."""

import pytest

from tests.jobs.kinds.sentences.workbooks import xlsx

TOPICS = ("harbour", "orchard")


def walks(count=30, end=""):
    return [[f"The {i}th walk was long", TOPICS[i % 2]] for i in range(count)]


def lines(count=30, end=""):
    return "".join(",".join(row) + f"{end}\n" for row in walks(count))


def classes(findings):
    return {entry.label: entry.count for entry in findings.classes}


HALF = dict.fromkeys(TOPICS, 15)


@pytest.mark.parametrize(
    "above",
    [
        "# made by a tool, in 2019\n",
        "# one\n# two, and more\n#\n",
        "// made by a tool, in 2019\n// text, label\n",
        "# text, label\n",
    ],
)
@pytest.mark.parametrize("header", ["text,label", "Anliegen,Stelle"])
def test_comments_above_the_header_are_no_rows(inspect_text, above, header):
    findings = inspect_text(f"{above}{header}\n{lines()}")
    assert classes(findings) == HALF
    assert findings.columns == header.split(",")
    (note,) = [note for note in findings.repairs if "above" in note.message]
    assert note.undo == {"header_row": "1"}


@pytest.mark.parametrize("start", ["text,label\n", ""])
def test_texts_may_begin_like_comments(inspect_text, start):
    rows = "".join(f"#walk number {i},{TOPICS[i % 2]}\n" for i in range(30))
    assert classes(inspect_text(start + rows)) == HALF


@pytest.mark.parametrize(
    "below", ["class,count\nharbour,15\norchard,15\n", "label,meaning\nharbour,ships\norchard,trees\n"]
)
@pytest.mark.parametrize(("end", "gap"), [("", "\n"), ("", "\n\n\n"), (",", ",,\n")])
def test_a_second_table_below_is_left_out(inspect_text, below, end, gap):
    text = f"text,label{end}\n{lines(end=end)}{gap}{below.replace(chr(10), end + chr(10))}"
    findings = inspect_text(text)
    assert classes(findings) == HALF
    (note,) = [note for note in findings.repairs if "another table" in note.message]
    assert note.undo == {"other_rows": "keep"}
    assert not any("another table" in note.message for note in inspect_text(text, **note.undo).repairs)


def test_a_second_table_in_a_sheet_is_left_out(inspect_text):
    rows = [["text", "label"], *walks(), [], [], ["Topic", "Walks"], ["harbour", 15], ["orchard", 15]]
    assert classes(inspect_text(xlsx({"One": rows}), name="walks.xlsx")) == HALF


@pytest.mark.parametrize("gap", ["\n", "\n\n\n"])
@pytest.mark.parametrize("count", [4, 200])
def test_rows_behind_an_empty_line_stay(inspect_text, gap, count):
    more = "".join(f"Another walk {i},{TOPICS[i % 2]}\n" for i in range(count))
    assert inspect_text(f"text,label\n{lines()}{gap}{more}").sample_count == 30 + count


@pytest.mark.parametrize("place", ["start", "middle"])
def test_marks_of_byte_order_inside_are_no_letters(inspect_text, place):
    mark, table = b"\xef\xbb\xbf", f"text,label\n{lines()}".encode()
    data = mark + mark + table if place == "start" else table + mark + table
    findings = inspect_text(data)
    assert findings.columns == ["text", "label"]
    assert set(classes(findings)) == set(TOPICS)
    assert not any("left out: it has" in note.message for note in findings.repairs)


def test_two_columns_of_one_name_are_asked_about(inspect_text):
    rows = "".join(f"Walk number {i},{TOPICS[i % 2]},{('dry', 'wet', 'icy')[i % 3]}\n" for i in range(30))
    findings = inspect_text("text,label,label\n" + rows)
    (question,) = findings.questions
    assert (question.field, question.choices) == ("label_column", ("label", "label (3)"))
    texts = "".join(f"Walk number {i},Stroll number {i + 7},{TOPICS[i % 2]}\n" for i in range(30))
    (question,) = inspect_text("text,text,label\n" + texts).questions
    assert question.field == "input_column"


@pytest.mark.parametrize("header", ["text,label,label", "text,text,label"])
def test_a_copy_of_a_column_is_no_question(inspect_text, header):
    rows = "".join(
        f"Walk {i},{TOPICS[i % 2]},{TOPICS[i % 2]}\n"
        if header == "text,label,label"
        else f"Walk {i},Walk {i},{TOPICS[i % 2]}\n"
        for i in range(30)
    )
    assert not inspect_text(f"{header}\n{rows}").questions


def test_zeros_in_front_are_told(inspect_text):
    rows = "".join(f"Walk {i},{('7', '07', '12')[i % 3]}\n" for i in range(30))
    assert any("zeros in front" in note.message for note in inspect_text("text,label\n" + rows).warnings)
    rows = "".join(f"Walk {i},{('07', '08', '12')[i % 3]}\n" for i in range(30))
    assert not any("zeros in front" in note.message for note in inspect_text("text,label\n" + rows).warnings)


@pytest.mark.parametrize(
    "parts", [("entrenamiento", "prueba"), ("treino", "teste"), ("обучение", "тест"), ("训练", "测试")]
)
def test_parts_are_told_in_other_languages(inspect_text, parts):
    rows = "".join(f"Walk number {i},{TOPICS[i % 2]},{parts[i % 5 == 0]}\n" for i in range(30))
    assert inspect_text("text,label,set\n" + rows).splits == {"train": 24, "test": 6}
