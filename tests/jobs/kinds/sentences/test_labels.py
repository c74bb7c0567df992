import pytest

from jobs.kinds.sentences.labels.wrapping import items_of


def classes(findings):
    return {entry.label: entry.count for entry in findings.classes}


def told(findings):
    return " ".join(map(str, [*findings.repairs, *findings.skipped, *findings.warnings]))


def of_labels(labels, rows=40):
    """A table whose labels come in turn, quoted where they must be."""
    cells = [f'"{label}"' if "," in label or '"' in label else label for label in labels]
    return "text,label\n" + "".join(f"the garden gate {i},{cells[i % len(cells)]}\n" for i in range(rows))


@pytest.mark.parametrize("missing", ["nan", "NaN", "#N/A", "\\N", "<NA>", "N/A", "n/a", "NaT", "#REF!", "[]"])
@pytest.mark.parametrize("others", [("1.0", "2.0"), ("oak", "elm")])
def test_what_programs_write_for_nothing_is_no_class(inspect_text, missing, others):
    findings = inspect_text(of_labels([*others, *others, missing]))
    assert set(classes(findings)) == {other.removesuffix(".0") for other in others}
    assert findings.skipped_count == 8
    assert len(findings.skipped) == 1
    assert "8" in findings.skipped[0].message
    assert not findings.questions


@pytest.mark.parametrize(
    "labels",
    [
        ["null", "undefined", "boolean"],
        ["null", "string", "number", "object"],
        ["none", "mild", "severe"],
        ["None", "Mild", "Severe"],
        ["none", "oak", "elm"],
        ["EU", "NA", "SA"],
    ],
)
def test_a_class_may_be_called_like_nothing(inspect_text, labels):
    findings = inspect_text(of_labels(labels))
    assert set(classes(findings)) == set(labels)
    assert not findings.questions


@pytest.mark.parametrize("word", ["null", "NULL", "None", "NA"])
def test_it_asks_whether_a_word_means_nothing(inspect_text, word):
    table = of_labels(["oak", "elm", word])
    findings = inspect_text(table)
    assert [(asked.field, asked.guess) for asked in findings.questions] == [("missing", "leave_out")]
    assert word in findings.questions[0].message
    kept, left = inspect_text(table, missing="keep"), inspect_text(table, missing="leave_out")
    assert set(classes(kept)) == {"oak", "elm", word}
    assert set(classes(left)) == {"oak", "elm"}
    assert not kept.questions
    assert not left.questions


@pytest.mark.parametrize("others", [("0", "1"), ("true", "false"), ("3.5", "4.5")])
def test_beside_numbers_a_word_for_nothing_needs_no_question(inspect_text, others):
    findings = inspect_text(of_labels([*others, "null"]))
    assert set(classes(findings)) == set(others)
    assert not findings.questions


def test_a_few_rows_of_such_a_word_need_no_question(inspect_text):
    findings = inspect_text(of_labels([*["oak", "elm"] * 15, "null"], rows=62))
    assert set(classes(findings)) == {"oak", "elm"}
    assert not findings.questions


def test_a_text_that_is_nothing_is_left_out(inspect_text):
    findings = inspect_text(of_labels(["oak", "elm"]) + "nan,oak\n\\N,elm\nNone,oak\n")
    assert findings.sample_count == 41
    assert [note.where for note in findings.skipped] == ["Row 42", "Row 43"]


@pytest.mark.parametrize("form", ["['{}']", '[""{}""]', "('{}',)", "{{'{}'}}", "[ '{}' ]", "[u'{}']", "[{}]"])
def test_lists_of_one_are_taken_apart(inspect_text, form):
    findings = inspect_text(of_labels([form.format("oak"), form.format("elm's" if '"' in form else "elm")]))
    assert set(classes(findings)) == {"oak", "elm's" if '"' in form else "elm"}
    assert "list of one" in told(findings)


def test_lists_of_several_among_those_of_one_are_left_out_with_their_number(inspect_text):
    findings = inspect_text(of_labels([*["['oak']", "['elm']"] * 4, "['oak', 'elm']"], rows=90))
    assert classes(findings) == {"oak": 40, "elm": 40}
    assert "10 of 90 rows" in told(findings)
    assert findings.skipped_count == 10


def test_brackets_may_be_part_of_a_name(inspect_text):
    assert set(classes(inspect_text(of_labels(["[urgent]", "later", "(never)"])))) == {
        "[urgent]",
        "later",
        "(never)",
    }


@pytest.mark.parametrize(
    ("text", "items"),
    [
        ("['a']", ["a"]),
        ("['a', 'b']", ["a", "b"]),
        ("['a' 'b']", ["a", "b"]),
        ('["a\\u00e9"]', ["a\u00e9"]),
        ("['it\\'s']", ["it's"]),
        ("[1, 2]", ["1", "2"]),
        ("[]", []),
        ("[", None),
        ("a", None),
        ("['a", None),
        ("[']", None),
    ],
)
def test_items_of_a_list_that_is_written_out(text, items):
    assert items_of(text) == items


@pytest.mark.parametrize(
    ("labels", "expected"),
    [
        (['=""01""', '=""02""'], {"01", "02"}),
        (["'01", "'02"], {"01", "02"}),
        (["01", "1", "02"], {"01", "1", "02"}),
        (["__label__oak", "__label__elm"], {"oak", "elm"}),
        (["`oak`", "`elm`"], {"oak", "elm"}),
        (["'tis", "elm"], {"'tis", "elm"}),
        (["1.0", "2"], {"1", "2"}),
        (["1,0", "2,0"], {"1", "2"}),
        (["1,000", "2,000"], {"1,000", "2,000"}),
        (["1,5", "1.5", "2.5"], {"1.5", "2.5"}),
        (["1.10", "1.1"], {"1.10", "1.1"}),
        (["1.0", "beta"], {"1.0", "beta"}),
        (["1 - Oak", "Oak", "2 - Elm", "Elm"], {"Oak", "Elm"}),
        (["1 - Oak", "2 - Elm"], {"1 - Oak", "2 - Elm"}),
    ],
)
def test_labels_are_unwrapped_but_never_lose_what_they_mean(inspect_text, labels, expected):
    assert set(classes(inspect_text(of_labels(labels)))) == expected


@pytest.mark.parametrize(
    ("labels", "expected"),
    [
        (["TRUE", "FALSE", "true", "True", "1", "0"], {"TRUE", "FALSE"}),
        (["True", "1.0", "0.0", "False", "True", "False"], {"True", "False"}),
        (["yes", "no", "Y", "N", "yes", "no"], {"yes", "no"}),
        (["true", "false", "1", "2"], {"true", "false", "1", "2"}),
        (["yes", "no", "true"], {"yes", "no", "true"}),
        (["1", "0"], {"1", "0"}),
    ],
)
def test_truth_values_are_joined_where_they_are_surely_the_same(inspect_text, labels, expected):
    assert set(classes(inspect_text(of_labels(labels, rows=60)))) == expected


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("\u2764\ufe0f", "\u2764"),
        ("\uff2f\uff2b", "OK"),
        ("don\u2019t", "don't"),
        ("non\u2011stop", "non-stop"),
        ("\ufb01r", "fir"),
        ("\uff76\uff85", "\u30ab\u30ca"),
        ("go\u00a0on", "go on"),
        ("fir\u200b", "fir"),
        ("e\u0301lan", "\u00e9lan"),
    ],
)
def test_spellings_that_look_the_same_are_one_class(inspect_text, one, other):
    findings = inspect_text(of_labels([one, other, other, "elm"]))
    assert set(classes(findings)) == {other, "elm"}


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("m\u00b2", "m2"),
        ("\u2460", "1"),
        ("\u00bd", "12"),
        ("A", "a"),
        ("\U0001f468\u200d\U0001f467", "\U0001f468\U0001f467"),
    ],
)
def test_what_differs_in_meaning_stays_apart(inspect_text, one, other):
    assert set(classes(inspect_text(of_labels([one, other, "elm"])))) == {one, other, "elm"}


@pytest.mark.parametrize(
    ("one", "other"), [("\u0421at", "Cat"), ("fruit tree", "fruit_tree"), ("fruit-tree", "fruit tree")]
)
def test_it_warns_of_classes_that_may_be_one(inspect_text, one, other):
    findings = inspect_text(of_labels([one, other, "elm"]))
    assert set(classes(findings)) == {one, other, "elm"}
    assert "Are they the same?" in told(findings)


@pytest.mark.parametrize(
    "marks", ["\u202b{}\u202c", "\u2067{}\u2069", "\u200f\u202b{}\u202c\u200f", "\u202a\u2066{}\u2069\u202c"]
)
def test_marks_of_direction_around_a_label_do_no_harm(inspect_text, marks):
    name = "\u0634\u062c\u0631\u0629"
    findings = inspect_text(of_labels([name, marks.format(name), "elm"]))
    assert set(classes(findings)) == {name, "elm"}
    assert "direction" in told(findings)


@pytest.mark.parametrize("label", ["a very long answer " * 20, "el\u202em", "../elm"])
def test_one_label_that_cannot_be_used_costs_one_row(inspect_text, label):
    findings = inspect_text(of_labels(["oak", "elm"]) + f"one more,{label}\n")
    assert findings.sample_count == 40
    assert findings.skipped[0].where == "Row 42"
