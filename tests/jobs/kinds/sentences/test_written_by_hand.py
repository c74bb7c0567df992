"""Tables as people write them: separators in unquoted texts, curly quotes, tuples, several labels with slashes."""

import json

import pytest

TOPICS = ("harbour", "orchard")
HALF = dict.fromkeys(TOPICS, 15)


def classes(findings):
    return {entry.label: entry.count for entry in findings.classes}


def messages(findings):
    return " ".join(note.message for note in [*findings.repairs, *findings.warnings])


@pytest.mark.parametrize(
    ("header", "row"),
    [
        ("text,label", "{text},{label}"),
        ("label,text", "{label},{text}"),
        ("id,text,label", "{i},{text},{label}"),
        ("text;label", "{semicolons};{label}"),
    ],
)
@pytest.mark.parametrize("every", [3, 2])
def test_texts_with_the_separator_are_joined_again(inspect_text, header, row, every):
    def text(i):
        return f"Walk {i}, long, and wet" if i % every == 0 else f"Walk {i}"

    lines = [
        row.format(i=i, text=text(i), label=TOPICS[i // 2 % 2], semicolons=text(i).replace(",", ";"))
        for i in range(30)
    ]
    findings = inspect_text("\n".join([header, *lines]))
    assert classes(findings) == {"harbour": 16, "orchard": 14}
    assert findings.skipped_count == 0
    assert any(text.replace(";", ",") == "Walk 0, long, and wet" for text, _ in findings.rows)
    (note,) = [note for note in findings.repairs if "without quotation marks" in note.message][:1]
    strict = {"quoting": "quotes"}
    assert note.undo == strict


def test_what_cannot_be_sure_is_left_out(inspect_text):
    lines = [f"A talk {i},with a friend,{TOPICS[i % 2]}" for i in range(30)]
    lines[4] = "A talk 4, and a walk, with a friend,harbour"
    findings = inspect_text("\n".join(["question,answer,label", *lines]), input_column="question")
    assert findings.sample_count == 29
    lines = [f"Walk {i},{TOPICS[i % 2]}" for i in range(30)]
    lines[4] = "Walk 4, and,nobody knows"
    assert inspect_text("\n".join(["text,label", *lines])).sample_count == 29


def test_undoing_it_leaves_the_rows_out(inspect_text):
    lines = [f"Walk {i}{', long' if i % 5 == 0 else ''},{TOPICS[i % 2]}" for i in range(30)]
    text = "\n".join(["text,label", *lines])
    assert inspect_text(text).sample_count == 30
    assert inspect_text(text, quoting="quotes").sample_count == 24


@pytest.mark.parametrize(("open_", "close"), [("“", "”"), ("„", "“"), ("«", "»")])
def test_curly_quotes_enclose_cells_where_they_must(inspect_text, open_, close):
    lines = [f"{open_}Walk {i}, long{close},{TOPICS[i % 2]}" for i in range(30)]
    findings = inspect_text("\n".join(["text,label", *lines]))
    assert classes(findings) == HALF
    assert findings.rows[0][0] == "Walk 0, long"
    assert "curly" in messages(findings)


def test_curly_quotes_in_texts_stay(inspect_text):
    lines = [f"He said “yes {i}” and “no”,{TOPICS[i % 2]}" for i in range(30)]
    findings = inspect_text("\n".join(["text,label", *lines]))
    assert findings.rows[0][0] == "He said “yes 0” and “no”"


@pytest.mark.parametrize("form", ["({text!r}, {label!r}),", "({text!r}, {label!r})"])
@pytest.mark.parametrize("around", [("", ""), ("[", "]")])
def test_tuples_of_python_are_rows(inspect_text, form, around):
    lines = [form.format(text=f"It's walk {i}, long", label=TOPICS[i % 2]) for i in range(30)]
    if around[0] and not form.endswith(","):
        lines = [f"{line}," for line in lines]
    findings = inspect_text(around[0] + "\n".join(lines) + around[1], name="rows.txt")
    assert classes(findings) == HALF
    assert findings.rows[0][0] == "It's walk 0, long"


def test_a_text_may_begin_with_brackets(inspect_text):
    lines = [f"('walk' {i}),{TOPICS[i % 2]}" for i in range(30)]
    assert classes(inspect_text("\n".join(lines))) == HALF


@pytest.mark.parametrize("between", ["/", " / ", " + ", " & "])
def test_labels_with_slashes_are_asked_about_where_each_is_a_label(inspect_text, between):
    labels = ("red", "blue", f"red{between}blue", f"blue{between}red")
    lines = [f"Walk {i},{labels[i % 4]}" for i in range(40)]
    (question,) = inspect_text("\n".join(["text,label", *lines])).questions
    assert question.field == "several_labels"


@pytest.mark.parametrize(
    "labels",
    [("R&D", "Sales"), ("TCP/IP", "UDP"), ("sport", "sport/ski", "sport/golf"), ("C", "C++", "Java")],
)
def test_slashes_in_names_are_part_of_them(inspect_text, labels):
    lines = [f"Walk {i},{labels[i % len(labels)]}" for i in range(40)]
    assert set(classes(inspect_text("\n".join(["text,label", *lines])))) == set(labels)


@pytest.mark.parametrize(
    ("data", "name"),
    [
        ("<rows><row><text>a</text><label>b</label></row></rows>", "XML"),
        ('<data a="1">\n <item label="x">one</item>\n</data>', "XML"),
        (r"{\rtf1\ansi\deff0 {\fonttbl} text,label}", "Rich Text"),
    ],
)
def test_documents_are_called_by_their_names(inspect_text, refusal_of, data, name):
    refusal = refusal_of(inspect_text, data)
    assert (refusal.code, refusal.status) == ("wrong_kind", 415)
    assert name in refusal.detail


def test_texts_may_begin_like_elements(inspect_text):
    lines = [f"<b>Walk</b> {i},{TOPICS[i % 2]}" for i in range(30)]
    assert classes(inspect_text("\n".join(["text,label", *lines]))) == HALF
    assert classes(inspect_text("\n".join(lines))) == HALF


def test_a_table_of_markdown_may_have_a_title(inspect_text):
    lines = [f"| Walk {i} | {TOPICS[i % 2]} |" for i in range(30)]
    for title in ("# Walks\n\n", "Walks of 2019:\n\n"):
        findings = inspect_text(f"{title}| text | label |\n|---|---|\n" + "\n".join(lines))
        assert classes(findings) == HALF
        assert findings.columns == ["text", "label"]
        assert "---" not in messages(findings)


@pytest.mark.parametrize("codec", ["cp1252", "cp850"])
def test_few_letters_that_stand_alone_are_letters(inspect_text, codec):
    rows = [{"text": f"Walk {i} à é ü", "label": ("é", "ü")[i % 2]} for i in range(20)]
    data = json.dumps(rows, ensure_ascii=False).encode(codec)
    assert set(classes(inspect_text(data, name="x.json"))) == {"é", "ü"}
