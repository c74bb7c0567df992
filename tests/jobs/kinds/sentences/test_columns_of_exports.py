"""Columns as surveys, help desks and benchmarks call them, in several languages."""

import json

import pytest

from tests.jobs.kinds.sentences.test_columns import a_csv, classes, kind, sentence


def without_header(*row_of, rows=60):
    return a_csv([], *row_of, rows=rows).split("\r\n", 1)[1]


def day(i):
    return f"2031-05-{i % 28 + 1:02} 08:{i % 60:02}"


@pytest.mark.parametrize(
    ("question", "first"),
    [
        ("Which part of the service should we improve first, and why?", day),
        ("Wie war es bei uns? (bitte kurz)" * 2, str),
    ],
)
def test_questions_of_a_survey_are_a_header_above_dates_and_numbers(inspect_text, question, first):
    findings = inspect_text(a_csv(["Asked", question, "Which shop was it?"], first, sentence, kind))
    assert findings.has_header
    assert (findings.input_column, findings.label_column) == (
        question[:99] + "…" * (len(question) > 99),
        "Which shop was it?",
    )
    assert findings.sample_count == 60


def test_a_first_row_like_the_others_is_no_header(inspect_text):
    findings = inspect_text(without_header(day, sentence, kind))
    assert not findings.has_header
    assert findings.sample_count == 60


@pytest.mark.parametrize(
    ("text", "label", "other"),
    [
        ("descripción", "categoría", "prioridad"),
        ("Commentaire client", "Catégorie", "Région"),
        ("Текст обращения", "Категория", "Город"),
        ("本文", "カテゴリ", "店舗"),
        ("리뷰", "감정", "지점"),
        ("Metin", "Etiket", "Mağaza"),
        ("النص", "التصنيف", "المدينة"),
    ],
)
def test_names_of_other_languages_are_known_with_and_without_accents(inspect_text, text, label, other):
    findings = inspect_text(a_csv([other, text, label], lambda i: "nsw"[i % 3], sentence, kind))
    assert (findings.input_column, findings.label_column) == (text, label)
    assert not findings.questions


@pytest.mark.parametrize("gold", ["gold_label", "true label", "finalLabel"])
def test_the_gold_label_wins_over_a_genre(inspect_text, gold):
    findings = inspect_text(a_csv(["genre", "text", gold], lambda i: "ab"[i % 2] * 3, sentence, kind))
    assert findings.label_column == gold


def test_the_name_of_a_tag_is_a_label(inspect_text):
    rows = [
        {
            "body": sentence(i),
            "state": "open" if i % 2 else "closed",
            "tags": {"total": 1, "all": [{"name": kind(i)}]},
        }
        for i in range(60)
    ]
    findings = inspect_text(json.dumps(rows))
    assert classes(findings) == {"parcel": 20, "refund": 20, "praise": 20}
    assert not findings.questions


def test_where_no_name_tells_zeros_and_ones_may_be_the_label_too(inspect_text):
    findings = inspect_text(without_header(lambda i: ("ks1", "gq2", "bt3")[i % 3], lambda i: i % 2, sentence))
    (question,) = findings.questions
    assert question.field == "label_column"
    assert {"column 1", "column 2"} <= set(question.choices)


def test_columns_without_names_are_no_pair(inspect_text):
    findings = inspect_text(without_header(sentence, lambda i: sentence(i + 7), kind))
    assert len(findings.input_columns) == 1
    assert findings.questions[0].field == "input_column"


@pytest.mark.parametrize("name", ["sentence1_parse", "annot_sentence1", "sentence1 (tokens)"])
def test_what_a_program_made_of_the_text_is_not_asked_about(inspect_text, name):
    findings = inspect_text(
        a_csv(
            ["sentence1", name.replace("(", "").replace(")", ""), "label"],
            sentence,
            lambda i: f"( {sentence(i)} )",
            kind,
        )
    )
    assert findings.input_columns == ["sentence1"]
    assert not findings.questions


@pytest.mark.parametrize(
    ("header", "cells"),
    [
        (["Author", "Content", "Date"], (lambda i: f"ann{i % 4}", sentence, day)),
        (["Message", "Device", "Reactions"], (sentence, lambda i: ("phone", "desk")[i % 2], lambda i: "")),
    ],
)
def test_a_column_that_is_hardly_a_label_is_asked_about_although_it_is_the_only_one(
    inspect_text, header, cells
):
    (question,) = inspect_text(a_csv(header, *cells)).questions
    assert question.field == "label_column"


def test_the_only_column_beside_the_text_is_the_label_whatever_it_is_called(inspect_text):
    findings = inspect_text(a_csv(["Message", "Status"], sentence, kind))
    assert findings.label_column == "Status"
    assert not findings.questions


def test_a_type_of_train_and_test_is_a_split_where_another_column_is_the_label(inspect_text):
    findings = inspect_text(
        a_csv(["type", "review", "label"], lambda i: ("train", "test")[i % 2], sentence, kind)
    )
    assert findings.split_column == "type"
    assert findings.splits == {"train": 30, "test": 30}


def test_a_type_of_train_and_test_alone_stays_the_label(inspect_text):
    findings = inspect_text(
        a_csv(["type", "review", "city"], lambda i: ("train", "test")[i % 2], sentence, kind)
    )
    assert findings.label_column == "type"


@pytest.mark.parametrize("label", ["unsup", "Unlabeled"])
def test_rows_that_say_they_are_not_labelled_are_left_out(inspect_text, label):
    findings = inspect_text(a_csv(["text", "label"], sentence, lambda i: (*"ab", label)[i % 3]))
    assert classes(findings) == {"a": 20, "b": 20}
    assert findings.skipped_count == 20


@pytest.mark.parametrize("dash", ["-", "\u2013"])
def test_a_dash_among_words_is_no_label(inspect_text, dash):
    findings = inspect_text(a_csv(["text", "label"], sentence, lambda i: dash if i % 10 == 0 else kind(i)))
    assert sum(classes(findings).values()) == 54


def test_minus_and_plus_are_labels_and_minus_one_is_not_one(inspect_text):
    assert classes(inspect_text(a_csv(["text", "label"], sentence, lambda i: "+-"[i % 2]))) == {
        "+": 30,
        "-": 30,
    }
    findings = inspect_text(a_csv(["text", "label"], sentence, lambda i: (-1, 1)[i % 2]))
    assert not any("alike" in note.message for note in findings.warnings)


@pytest.mark.parametrize("name", ["notes/{}.txt", "call {}.wav"])
def test_a_table_of_names_of_files_is_not_learnt(inspect_text, refusal_of, name):
    refusal = refusal_of(inspect_text, a_csv(["text", "label"], lambda i: name.format(i), kind))
    assert (refusal.status, refusal.code) == (415, "wrong_kind")
    assert "lists files" in refusal.detail


@pytest.mark.parametrize(
    "names", [("text_en", "text_no", "text_it"), ("Comment A", "Comment B", "Comment C")]
)
def test_texts_of_equally_good_names_are_asked_about(inspect_text, names):
    data = a_csv(
        [*names, "label"], sentence, lambda i: f"Hei {sentence(i)}", lambda i: f"Ciao {sentence(i)}", kind
    )
    (question,) = inspect_text(data).questions
    assert question.field == "input_column"
    assert set(names) <= set(question.choices)


@pytest.mark.parametrize("name", ["from", "Sender"])
def test_who_wrote_it_is_asked_about(inspect_text, name):
    data = a_csv(["id", name, "text"], lambda i: i, lambda i: ("ann", "bob")[i % 2], sentence)
    assert [question.field for question in inspect_text(data).questions] == ["label_column"]


@pytest.mark.parametrize("every", [10, 20])
def test_labels_that_stand_once_for_many_rows_are_told(inspect_text, refusal_of, every):
    data = a_csv(["Category", "Comment"], lambda i: kind(i // every) if i % every == 0 else "", sentence)
    refusal = refusal_of(inspect_text, data)
    assert refusal.code == "no_usable_rows"
    assert f"Only {60 // every} of 60 rows have a label" in refusal.detail
    assert "merged cells" in refusal.detail
