"""Several labels of a row: recognised, said, and never learnt as classes of combinations in silence."""

import json

import pytest

from jobs.kinds.sentences.table import write_table
from tests.jobs.kinds.sentences.test_columns import a_csv, classes, kind, sentence
from training.ground.limits import Limits
from training.kinds.sentences.reading import read_sentences

TOGETHER = ("parcel", "refund", "praise", "parcel{0}refund", "praise{0}parcel", "refund{0}praise")


@pytest.mark.parametrize("separator", ["|", "; ", ", ", " | "])
def test_each_label_of_a_cell_is_learnt_and_said_so(inspect_text, separator):
    data = a_csv(["text", "tags"], sentence, lambda i: TOGETHER[i % 6].format(separator))
    findings = inspect_text(data)
    assert (findings.target, findings.sample_count, findings.unlabelled) == ("many_labels", 60, 0)
    assert classes(findings) == {"parcel": 30, "praise": 30, "refund": 30}
    (note,) = [note for note in findings.repairs if "several labels" in note.message]
    assert "30 of 60 rows" in note.message
    assert note.undo == {"several_labels": "as_is"}
    assert not findings.questions
    assert ("parcel | refund" in [label for _, label in findings.rows]) == (len(findings.rows) == 10)


def test_commas_that_may_be_part_of_names_are_asked_about(inspect_text):
    names = ("red, blue", "blue, green", "green, red", "red, green", "blue, red")
    (question,) = inspect_text(a_csv(["text", "tags"], sentence, lambda i: names[i % 5])).questions
    assert (question.field, question.guess) == ("several_labels", "each")
    assert question.choices == ("each", "as_is", "keep_single")
    data = a_csv(["text", "tags"], sentence, lambda i: names[i % 5])
    assert classes(inspect_text(data, several_labels="each")) == {"blue": 36, "green": 36, "red": 48}


def test_whoever_says_so_has_any_separator_taken_for_one(inspect_text):
    data = a_csv(["text", "label"], sentence, lambda i: ("red, blue", "green")[i % 2])
    assert set(classes(inspect_text(data))) == {"red, blue", "green"}
    assert classes(inspect_text(data, several_labels="each")) == {"blue": 30, "green": 30, "red": 30}


def test_a_list_with_nothing_in_it_says_that_there_is_no_label(inspect_text, tmp_path):
    lists = ("[]", '["red"]', '["red", "blue"]', '["blue", "a | b"]')
    data = a_csv(["text", "tags"], sentence, lambda i: lists[i % 4])
    findings = inspect_text(data)
    assert (findings.sample_count, findings.unlabelled) == (60, 15)
    assert classes(findings) == {"a / b": 15, "blue": 30, "red": 30}
    source, target = tmp_path / "lists.csv", tmp_path / "data.csv"
    source.write_text(data)
    write_table(source, "lists.csv", target, Limits())
    samples = read_sentences(tmp_path)
    assert samples.names[:4] == [(), ("red",), ("blue", "red"), ("a / b", "blue")]
    assert samples.target == "many_labels"


def test_rows_whose_labels_are_all_left_out_are_left_out(inspect_text):
    sets = ("red; blue", "red", "blue", "green; red")
    data = a_csv(["text", "tags"], sentence, lambda i: "rare" if i == 7 else sets[i % 4])
    findings = inspect_text(data, several_labels="each")
    assert findings.sample_count == 59
    assert "rare" not in classes(findings)
    assert any("all left out" in note.message for note in findings.skipped)


def test_there_may_be_far_more_sets_of_labels_than_classes(inspect_text):
    sets = ["; ".join(f"t{k}" for k in range(12) if i >> k & 1) for i in range(4_000)]
    rows = [f"how nice {i},{sets[i]}" for i in range(1, 4_000)]
    findings = inspect_text("\n".join(["text,tags", *rows]))
    assert (len(findings.classes), findings.sample_count) == (12, 3_999)


def test_edits_of_classes_are_of_single_labels(inspect_text):
    data = a_csv(["text", "tags"], sentence, lambda i: TOGETHER[i % 6].format("; "))
    findings = inspect_text(data, classes={"praise": "thanks", "refund": ""})
    assert classes(findings) == {"parcel": 30, "thanks": 30}
    assert findings.sample_count == 50


def test_rows_with_one_label_can_be_kept(inspect_text):
    data = a_csv(["text", "tags"], sentence, lambda i: TOGETHER[i % 6].format("; "))
    findings = inspect_text(data, several_labels="keep_single")
    assert classes(findings) == {"parcel": 10, "praise": 10, "refund": 10}
    assert findings.skipped_count == 30
    assert not findings.questions


def test_combinations_can_be_classes(inspect_text):
    data = a_csv(["text", "tags"], sentence, lambda i: TOGETHER[i % 6].format("; "))
    assert len(classes(inspect_text(data, several_labels="as_is"))) == 6


@pytest.mark.parametrize("write", [json.dumps, str])
def test_a_few_rows_with_a_list_of_labels_are_left_out_with_a_word(inspect_text, write):
    data = a_csv(
        ["text", "labels"], sentence, lambda i: write(["parcel", "refund"]) if i % 10 == 0 else kind(i)
    )
    findings = inspect_text(data)
    assert set(classes(findings)) == {"parcel", "refund", "praise"}
    assert findings.skipped_count == 6
    assert any(
        "several labels" in note.message and note.undo == {"several_labels": "each"}
        for note in findings.warnings
    )


@pytest.mark.parametrize(
    "names",
    [
        ("Food, drinks", "Food", "Travel"),
        ("Yes, a lot", "Yes, a little", "No"),
        ("Terms; conditions", "Pricing", "Other"),
        ("1,5", "2,5", "2,0"),
    ],
)
def test_a_separator_inside_a_name_is_part_of_it(inspect_text, names):
    data = a_csv(["text", "label"], sentence, lambda i: names[i % 3])
    assert set(classes(inspect_text(data))) == set(names)


def is_kind(name):
    return lambda i: int(kind(i) == name)


@pytest.mark.parametrize("before", ["", "label_", "kind."])
def test_zeros_and_ones_with_one_of_each_row_are_one_label(inspect_text, before):
    names = ("parcel", "refund", "praise")
    data = a_csv(["text", *(before + name for name in names)], sentence, *map(is_kind, names))
    findings = inspect_text(data)
    assert classes(findings) == {"parcel": 20, "praise": 20, "refund": 20}
    assert any("zeros and ones" in note.message for note in findings.repairs)


def test_words_for_true_and_false_are_zeros_and_ones(inspect_text):
    data = a_csv(["text", "ham", "spam"], sentence, lambda i: i % 2 == 0, lambda i: i % 2 == 1)
    assert classes(inspect_text(data)) == {"ham": 30, "spam": 30}


def test_a_mark_written_otherwise_is_no_class(inspect_text):
    names = ("parcel", "refund", "praise")
    data = a_csv(["text", *names, "unclear"], sentence, *map(is_kind, names), lambda i: "False")
    assert classes(inspect_text(data)) == {"parcel": 20, "praise": 20, "refund": 20}


RUDE = ["rude", "threat", "insult", "hate"]


def rude_table():
    marks = [lambda i, n=n: int(i % n == 0) for n in (2, 3, 5, 7)]
    return a_csv(["id", "comment_text", *RUDE], lambda i: f"{i:016x}", sentence, *marks)


def test_several_ones_in_a_row_are_several_labels_and_zeros_none(inspect_text):
    findings = inspect_text(rude_table())
    assert findings.target == "many_labels"
    assert classes(findings) == {"hate": 9, "insult": 12, "rude": 30, "threat": 20}
    assert findings.sample_count == 60
    assert findings.unlabelled == sum(all(i % n for n in (2, 3, 5, 7)) for i in range(60))
    assert any(
        "several labels" in note.message and "rude, threat" in note.message for note in findings.repairs
    )


def test_one_of_such_columns_can_be_learnt(inspect_text):
    assert classes(inspect_text(rude_table(), label_column="insult")) == {"0": 48, "1": 12}


def test_rows_with_one_mark_can_be_kept(inspect_text):
    findings = inspect_text(rude_table(), several_labels="keep_single")
    assert set(classes(findings)) <= set(RUDE)
    assert findings.sample_count == sum(sum(i % n == 0 for n in (2, 3, 5, 7)) == 1 for i in range(60))


def test_a_label_of_a_known_name_is_preferred_to_zeros_and_ones(inspect_text):
    marks = [lambda i, n=n: int(i % n == 0) for n in (2, 3, 5)]
    data = a_csv(["text", "category", "new", "big", "urgent"], sentence, kind, *marks)
    assert inspect_text(data).label_column == "category"


def test_so_many_lost_rows_are_asked_about(inspect_text):
    data = a_csv(["text", "label"], lambda i: sentence(i) if i % 3 == 0 else "", lambda i: "ab"[i % 2])
    (question,) = inspect_text(data).questions
    assert (question.field, question.guess) == ("input_column", "text")
    assert "40 of 60 rows" in question.message
    assert not inspect_text(data, input_column="text").questions


def test_a_few_lost_rows_are_not_asked_about(inspect_text):
    data = a_csv(["text", "label"], lambda i: sentence(i) if i % 4 else "", lambda i: "ab"[i // 2 % 2])
    assert not inspect_text(data + ",\n" * 100).questions


def test_a_class_with_nearly_all_rows_is_asked_about(inspect_text):
    data = a_csv(["text", "label"], sentence, lambda i: "rare" if i < 2 else "usual")
    (question,) = inspect_text(data).questions
    assert question.field == "label_column"
    assert "58 of 60" in question.message
    assert not inspect_text(data, label_column="label").questions


def test_classes_are_joined_renamed_and_left_out(inspect_text):
    data = a_csv(["text", "label"], sentence, lambda i: "abcd"[i % 4])
    findings = inspect_text(data, classes={"a": "b", "c": "see", "d": "", "x": "y"})
    assert classes(findings) == {"b": 30, "see": 15}
    told = " ".join(note.message for note in findings.repairs)
    assert "Left out, as you chose: d." in told
    assert "a → b, c → see" in told
    assert any("no classes of these names" in note.message for note in findings.warnings)


def test_a_new_name_must_be_one_that_a_class_can_have(inspect_text, refusal_of):
    data = a_csv(["text", "label"], sentence, kind)
    assert refusal_of(inspect_text, data, classes={"parcel": "../x"}).code == "label_invalid"
    assert refusal_of(inspect_text, data, classes="nonsense").code == "table_options_invalid"


@pytest.mark.parametrize("separator", ["|", "; ", ", "])
def test_a_label_that_stands_alone_too_shows_that_others_are_several(inspect_text, separator):
    labels = (f"parcel{separator}praise", f"refund{separator}praise", "praise")
    findings = inspect_text(a_csv(["text", "label"], sentence, lambda i: labels[i % 3]))
    assert classes(findings) == {"parcel": 20, "praise": 60, "refund": 20}
    assert bool(findings.questions) == (separator == ", ")


@pytest.mark.parametrize(
    "labels", [("shop|card", "shop|till", "shop"), ("Oslo, Norway", "Bergen, Norway", "Bern, Switzerland")]
)
def test_classes_with_classes_in_them_and_places_are_one_label(inspect_text, labels):
    assert len(classes(inspect_text(a_csv(["text", "label"], sentence, lambda i: labels[i % 3])))) == 3


@pytest.mark.parametrize("tags", ["<{}><csv>", "<{}> <csv> <html>"])
def test_tags_between_angle_brackets_are_several(inspect_text, tags):
    findings = inspect_text(a_csv(["text", "tags"], sentence, lambda i: tags.format(kind(i))))
    assert findings.target == "many_labels"
    assert classes(findings)["csv"] == 60


def test_codes_of_classes_by_twos_are_several_but_ratings_are_numbers(inspect_text):
    codes = ("4", "12", "7", "31", "4,12", "7,31")
    findings = inspect_text(
        a_csv(["text", "label"], sentence, lambda i: codes[i % 6]), several_labels="keep_single"
    )
    assert set(classes(findings)) == {"4", "12", "7", "31"}
    ratings = ("4,5", "4", "5", "3,5", "3")
    assert len(classes(inspect_text(a_csv(["text", "rating"], sentence, lambda i: ratings[i % 5])))) == 5
