"""Which columns are chosen, what is asked, and what is undone."""

import csv
import io
import json

import pytest

from jobs.kinds.sentences import uploads
from jobs.kinds.sentences.items import Sentences
from jobs.kinds.sentences.options import NOTHING, TableOptions
from jobs.kinds.sentences.table import write_table
from tests.jobs.uploads.builders import write
from training.ground.limits import Limits

KINDS = ("parcel", "refund", "praise")


def classes(findings):
    return {entry.label: entry.count for entry in findings.classes}


def sentence(i):
    return f"My {KINDS[i % 3]} number {i} is what I write about today"


def a_csv(header, *row_of, rows=60):
    """A table of `rows` rows; each of `row_of` makes a cell of the row's number."""
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer)
    writer.writerow(header)
    writer.writerows([make(i) for make in row_of] for i in range(rows))
    return buffer.getvalue()


def kind(i):
    return KINDS[i % 3]


@pytest.mark.parametrize("name", ["reviewText", "review_text", "Review Text", "review.text"])
def test_names_are_split_into_words(inspect_text, name):
    data = "\n".join(
        json.dumps({"overall": float(i % 3), "asin": f"B{i:05}", name: sentence(i), "summary": "Fine"})
        for i in range(30)
    )
    findings = inspect_text(data)
    assert (findings.input_column, findings.label_column) == (name, "overall")


def test_a_known_name_does_not_win_where_its_column_is_nearly_empty(inspect_text):
    data = a_csv(
        ["Comment", "What happened", "Labels", "Case type"],
        lambda i: "see above" if i % 9 == 0 else "",
        sentence,
        lambda i: "urgent" if i % 10 == 0 else "",
        kind,
    )
    findings = inspect_text(data)
    assert (findings.input_column, findings.label_column) == ("What happened", "Case type")


def test_columns_of_the_same_name_are_told_apart_by_what_is_in_them(inspect_text):
    data = a_csv(["Notes", "Notes", "Tag", "Tag"], lambda i: "", sentence, lambda i: "", kind)
    findings = inspect_text(data)
    assert (findings.input_column, findings.label_column) == ("Notes (2)", "Tag (4)")


@pytest.mark.parametrize(
    ("name", "cell"),
    [
        ("Ticket", lambda i: f"T-{i:04}"),
        ("Opened", lambda i: f"2024-03-{i % 28 + 1:02} 10:00"),
        ("Page", lambda i: f"https://example.org/{i % 4}"),
        ("Progress", lambda i: (0, 50, 100)[i % 3]),
        ("Status", lambda i: ("open", "closed")[i % 2]),
        ("Firm", lambda i: "Example Ltd"),
        ("Seconds", lambda i: 100 + 7 * i),
    ],
)
def test_ids_dates_links_states_and_constants_are_no_labels(inspect_text, name, cell):
    findings = inspect_text(a_csv([name, "What you told us", "Matter"], cell, sentence, kind))
    assert (findings.input_column, findings.label_column) == ("What you told us", "Matter")
    assert not findings.questions


def test_columns_that_may_both_be_the_label_are_asked_about(inspect_text):
    data = a_csv(["Told us", "Branch", "Matter"], sentence, lambda i: ["north", "south", "east"][i % 3], kind)
    (question,) = inspect_text(data).questions
    assert question.field == "label_column"
    assert set(question.choices) == {"Branch", "Matter"}
    assert question.guess in question.choices
    assert not inspect_text(data, label_column="Matter").questions


def test_two_columns_of_sentences_are_asked_about(inspect_text):
    data = a_csv(
        ["First answer", "Second thing", "Matter"], sentence, lambda i: f"And that was {i} times bad", kind
    )
    data = data.replace("First answer", "First thing")
    assert [question.field for question in inspect_text(data).questions] == ["input_column"]
    assert not inspect_text(data, input_columns=["First thing", "Second thing"]).questions


def test_numbers_that_mean_measures_are_asked_about(inspect_text):
    data = a_csv(["text", "price"], sentence, lambda i: f"{i % 25}.{i % 10}9", rows=200)
    (question,) = inspect_text(data).questions
    assert "measurements" in question.message


def test_a_measure_is_preferred_to_a_text_as_a_label(inspect_text, refusal_of):
    data = a_csv(["title", "description", "price"], lambda i: f"Item {i}", sentence, lambda i: f"{7 * i}.25")
    assert refusal_of(inspect_text, data).columns.label == "price"


@pytest.mark.parametrize(("name", "other"), [("Case reason", "Owner"), ("Department", "Assignee")])
def test_names_of_people_who_work_on_it_are_no_labels(inspect_text, name, other):
    data = a_csv([other, "Told us", name], lambda i: ("Ann", "Bob")[i % 2], sentence, kind)
    findings = inspect_text(data)
    assert findings.label_column == name
    assert not findings.questions


def test_names_of_classes_are_preferred_to_their_numbers(inspect_text):
    data = a_csv(["text", "label", "label_title"], sentence, lambda i: i % 3, kind)
    findings = inspect_text(data)
    assert findings.label_column == "label_title"
    assert any(note.undo == {"label_column": "label"} for note in findings.repairs)
    assert inspect_text(data, label_column="label").label_column == "label"


def test_numbers_without_one_name_each_stay_the_label(inspect_text):
    data = a_csv(["text", "label", "region"], sentence, lambda i: i % 3, lambda i: KINDS[i % 2])
    assert inspect_text(data).label_column == "label"


def written(tmp_path, data, **options):
    target = tmp_path / "data.csv"
    write_table(
        write(tmp_path, data, "upload.csv"), "upload.csv", target, Limits(), TableOptions.from_json(options)
    )
    with target.open(encoding="utf-8", newline="") as file:
        return list(csv.reader(file))


def test_several_columns_are_joined_to_one_text(inspect_text, tmp_path):
    data = a_csv(["Subject", "Body", "Team"], lambda i: f"About {i}" if i % 2 else "", sentence, kind)
    findings = inspect_text(data, input_columns='["Subject", "Body"]')
    assert findings.input_columns == ["Subject", "Body"]
    rows = written(tmp_path, data, input_columns=["Subject", "Body"])
    assert rows[1][0] == sentence(0)
    assert rows[2][0] == f"About 1\n{sentence(1)}"


PARTS = ("Training", "valid", "TEST", "unassigned")


@pytest.mark.parametrize("name", ["split", "ml_use", "dataSubset"])
def test_a_given_split_is_recognised_and_kept(inspect_text, tmp_path, name):
    data = a_csv([name, "text", "label"], lambda i: PARTS[i % 4], sentence, kind)
    findings = inspect_text(data)
    assert findings.split_column == name
    assert findings.splits == {"train": 15, "validation": 15, "test": 15}
    assert any("given split" in note.message for note in findings.repairs)
    rows = written(tmp_path, data)
    assert rows[0] == ["input", "label", "split"]
    assert [row[2] for row in rows[1:5]] == ["train", "validation", "test", ""]


def test_a_split_is_not_used_where_one_says_so(inspect_text, tmp_path):
    data = a_csv(["split", "text", "label"], lambda i: PARTS[i % 3], sentence, kind)
    findings = inspect_text(data, split_column=NOTHING)
    assert (findings.split_column, findings.splits) == ("", {})
    assert written(tmp_path, data, split_column=NOTHING)[0] == ["input", "label"]


def test_a_class_may_be_called_train(inspect_text):
    data = a_csv(["text", "vehicle"], sentence, lambda i: ("train", "test", "bus")[i % 3])
    assert classes(inspect_text(data)) == {"bus": 20, "test": 20, "train": 20}
    data = a_csv(["text", "label"], sentence, lambda i: ("train", "test")[i % 2])
    assert classes(inspect_text(data)) == {"test": 30, "train": 30}


def test_a_group_is_kept_only_where_it_was_chosen(inspect_text, tmp_path):
    data = a_csv(["text", "label", "author"], sentence, kind, lambda i: f"a{i // 5}")
    assert inspect_text(data).group_column == ""
    assert inspect_text(data, group_column="author").group_column == "author"
    rows = written(tmp_path, data, group_column="author")
    assert rows[0] == ["input", "label", "group"]
    assert rows[6][2] == "a1"


def test_the_header_may_stand_below_a_title(inspect_text):
    data = "Complaints of March\n\n" + a_csv(["text", "label"], sentence, kind)
    findings = inspect_text(data, header_row=3)
    assert findings.columns == ["text", "label"]
    assert findings.sample_count == 60


@pytest.mark.parametrize(
    "options",
    [{"input_columns": []}, {"input_columns": 5}, {"header_row": "0"}, {"several_labels": "maybe"}],
)
def test_options_that_make_no_sense_are_refused(inspect_text, refusal_of, options):
    refusal = refusal_of(inspect_text, a_csv(["text", "label"], sentence, kind), **options)
    assert refusal.code == "table_options_invalid"
    assert list(refusal.fields) == list(options)


def test_columns_are_chosen_together_by_their_names(inspect_text):
    data = a_csv(["First thing", "Second thing", "Matter"], sentence, lambda i: f"And {i} times bad", kind)
    assert inspect_text(data, input_column="First thing + Second thing").input_columns == [
        "First thing",
        "Second thing",
    ]
    data = a_csv(["question1", "question2", "is_duplicate"], sentence, sentence, lambda i: i % 2)
    findings = inspect_text(data)
    (question,) = findings.questions
    assert question.guess == "question1 + question2"
    assert findings.input_columns == ["question1", "question2"]
    assert not inspect_text(data, input_column=question.guess).questions


def test_a_whole_file_is_predicted_from_the_columns_that_were_learnt(tmp_path):
    path = write(tmp_path, a_csv(["Note", "Title", "Text"], lambda i: f"n{i}", kind, sentence), "more.csv")

    def texts(*learnt):
        return [item.value for item in Sentences(path, "more.csv", Limits(), None, learnt).items(0)]

    assert texts("Title", "Note")[0] == "parcel\nn0"
    assert texts("title")[:2] == ["parcel", "refund"]
    assert texts("Title", "Gone")[0] == sentence(0)
    chosen = Sentences(path, "more.csv", Limits(), "Note", ("Title",))
    assert next(iter(chosen.items(0))).value == "n0"


def test_merged_tables_keep_parts_and_sources_and_take_labels_as_they_are(tmp_path):
    parts = []
    for number, header in enumerate((["input", "label", "split"], ["input", "label", "group"])):
        part = tmp_path / str(number)
        part.mkdir()
        rows = a_csv(
            header,
            lambda i, n=number: f"{n} {sentence(i)}",
            lambda i: ("red; blue", "red", "blue")[i % 3],
            lambda i: ("train", "test")[i % 2],
        )
        write(part, rows, "data.csv")
        parts.append(part)
    merged = uploads.merge([*parts, parts[0]], tmp_path)
    findings = uploads.inspect(merged, "merged.csv", Limits(), uploads.MERGED)
    assert classes(findings) == {"blue": 40, "red": 40, "red; blue": 40}
    assert findings.splits == {"train": 30, "test": 30}
    assert findings.group_column == "group"
    assert not findings.questions


def test_columns_are_called_swapped_only_where_the_texts_look_like_labels(inspect_text, refusal_of):
    data = a_csv(["label", "input"], sentence, lambda i: i % 2)
    assert "swapped" in refusal_of(inspect_text, data).detail
    data = a_csv(["input", "label"], sentence, lambda i: f"matter {i}")
    assert "swapped" not in refusal_of(inspect_text, data).detail
