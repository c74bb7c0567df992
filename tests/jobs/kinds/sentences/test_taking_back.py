"""Every guess about a table is a line with the options that take it back, and they do."""

import io
import zipfile

import pytest

TOPICS = ("harbour", "orchard", "museum")


def lines(count=30, labels=TOPICS, line="The {i}th walk was long,{label}"):
    return "".join(line.format(i=i, label=labels[i % len(labels)]) + "\n" for i in range(count))


def classes(findings):
    return {entry.label: entry.count for entry in findings.classes}


def undo_of(findings, words):
    """The options that take back the note with these words."""
    found = [note.undo for note in [*findings.repairs, *findings.warnings] if words in note.message]
    assert found, [note.message for note in findings.repairs]
    return dict(found[0])


@pytest.mark.parametrize(
    ("labels", "words", "as_written"),
    [
        (("Red", "red", "blue"), "upper and lower case", {"Red": 10, "blue": 10, "red": 10}),
        (("1", "1.0", "2"), "without decimals", {"1": 10, "1.0": 10, "2": 10}),
        (("['kind']", "['rude']"), "list of one", {"['kind']": 15, "['rude']": 15}),
        (("TRUE", "1", "false", "0"), "truth value", {"0": 7, "1": 8, "TRUE": 8, "false": 7}),
        (("__label__up", "__label__down"), "mark __label__", {"__label__down": 15, "__label__up": 15}),
    ],
)
def test_labels_stay_as_they_are_written(inspect_text, labels, words, as_written):
    text = "text,label\n" + lines(labels=labels)
    findings = inspect_text(text)
    assert classes(findings) != as_written
    undo = undo_of(findings, words)
    assert undo == {"spellings": "as_written"}
    assert classes(inspect_text(text, **undo)) == as_written


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("text,label\n" + lines(9) + "text,label\n" + lines(9), "repeats the header"),
        ("text,label,size\n" + lines(18, line="The {i}th walk,{label},{i}") + "Total,,153\n", "holds totals"),
    ],
)
def test_rows_that_were_left_out_come_back(inspect_text, text, words):
    findings = inspect_text(text)
    undo = undo_of(findings, words)
    assert undo == {"other_rows": "keep"}
    assert not any(words in note.message for note in inspect_text(text, **undo).repairs)


def test_questions_below_the_header_come_back(inspect_text):
    answers = lines(line="{i},{label},It was walk {i},4")
    text = f"Q1,Q2,Q3,Q4\nHow old?,Where?,Why did you go there?,How good was it?\n{answers}"
    undo = undo_of(inspect_text(text, label_column="Q2"), "below the header")
    assert inspect_text(text, label_column="Q2", **undo).sample_count >= 30
    assert "below the header" not in str(inspect_text(text, label_column="Q2", **undo).repairs)


def test_backslashes_are_letters_again(inspect_text):
    text = '"text","label"\n' + lines(line='"She said \\"walk {i}\\", and went","{label}"')
    findings = inspect_text(text)
    assert findings.rows[0][0].startswith('She said "walk')
    assert undo_of(findings, "Backslashes") == {"quoting": "quotes"}


def test_quotation_marks_are_what_one_says(inspect_text):
    text = "text;label\n" + lines(line='"walk {i}" it was;{label}')
    assert inspect_text(text, quoting="none").rows[0][0].startswith('"walk')
    assert classes(inspect_text(text, quoting="none")) == dict.fromkeys(sorted(TOPICS), 10)
    single = "text,label\n" + lines(line="'walk {i}, it was','{label}'")
    assert inspect_text(single, quoting="single").rows[0][0] == "walk 0, it was"


def test_a_code_page_gives_way_to_the_next_best(inspect_text):
    data = ("text,label\n" + lines(line="Новая прогулка номер {i},{label}")).encode("cp1251")
    findings = inspect_text(data)
    undo = undo_of(findings, "is not UTF-8")
    assert findings.encoding == "windows-1251"
    assert undo["encoding"] != "windows-1251"
    inspect_text(data, **undo)


def test_the_first_row_names_the_columns_after_all(inspect_text):
    text = "".join(f"{word} walk number {i},{TOPICS[i % 3]}\n" for i, word in enumerate(["A"] * 30))
    findings = inspect_text(text)
    undo = undo_of(findings, "The first row looks like data")
    assert inspect_text(text, **undo).sample_count == findings.sample_count - 1


def test_parts_of_files_are_given_up(inspect_text):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("train.csv", "text,label\n" + lines())
        archive.writestr("test.csv", "text,label\n" + lines(15, line="Another {i},{label}"))
    findings = inspect_text(buffer.getvalue(), name="all.zip")
    assert findings.splits == {"train": 30, "test": 15}
    undo = undo_of(findings, "their parts kept")
    assert inspect_text(buffer.getvalue(), name="all.zip", **undo).splits == {}
