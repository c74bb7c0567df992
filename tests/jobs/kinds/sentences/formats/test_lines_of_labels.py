import pytest

from tests.jobs.kinds.sentences.formats.made_up import (
    ALL,
    COUNT,
    ROWS,
    TEXTS,
    by_label,
    classes,
    lines,
    repairs,
)


@pytest.mark.parametrize(
    "line",
    [
        "__label__{label} {text}, so", "__label__{label}\t{text}", "__label__{label},{text}",
        '"__label__{label} {text}, so"', "{text} __label__{label}",
    ],
)  # fmt: skip
def test_it_reads_files_of_fasttext(inspect_text, line):
    if line.startswith("{"):
        data = "__label__pay owe you\n__label__find it there\n" + "".join(
            line.format(text=t, label=k) + "\n" for t, k in ROWS
        )
        assert inspect_text(data).sample_count == COUNT + 2
        return
    findings = inspect_text("".join(line.format(text=t, label=k) + "\n" for t, k in ROWS), name="a.txt")
    assert classes(findings) == ALL
    assert "fastText" in repairs(findings)
    assert findings.rows[0][0].startswith(TEXTS[0][:20])


def test_a_comma_of_the_text_does_not_end_a_label(inspect_text):
    data = "".join(f"__label__{k}，{t[:7]}，{t[7:]}\n" for t, k in ROWS)
    assert classes(inspect_text(data)) == ALL


def test_lines_of_fasttext_with_several_labels_are_left_out(inspect_text):
    data = "".join(f"__label__{k} {t}\n" for t, k in ROWS) + "__label__pay __label__find both\n"
    findings = inspect_text(data)
    assert findings.sample_count == COUNT
    assert "several labels" in str(findings.skipped[0])


def nlu(example, block=True):
    parts = ['version: "3.1"', "nlu:"]
    for label, texts in by_label().items():
        parts += [f"- intent: {label}  # asked often", "  examples: |" if block else "  examples:"]
        parts += [example.format(text=text) for text in texts]
    parts += [
        "- synonym: fee",
        "  examples: |",
        "    - fine",
        "- lookup: town",
        "  examples: |",
        "    - Rome",
    ]
    return "\n".join(
        [*parts, "stories:", "- story: a", "  steps:", "  - intent: pay", "  - action: utter_fee", ""]
    )


@pytest.mark.parametrize(
    "example", ["    - {text}", "    - {text}, [soon](when)", '    - [{text}]{{"entity": "a", "value": "b"}}']
)
def test_it_reads_nlu_data_of_rasa(inspect_text, example):
    findings = inspect_text(nlu(example), name="nlu.yml")
    assert classes(findings) == ALL
    assert "Rasa" in repairs(findings)
    assert not any(set("[]{}") & set(text) for text, _ in findings.rows)


def test_it_reads_examples_of_rasa_with_metadata(inspect_text):
    findings = inspect_text(
        nlu("    - text: |\n        {text}\n      metadata:\n        mood: calm", block=False)
    )
    assert classes(findings) == ALL
    assert {text for text, _ in findings.rows} <= set(TEXTS)


def test_it_reads_the_markdown_of_old_rasa(inspect_text):
    parts = [
        f"## intent:{label}\n" + "".join(f"- {t} [now](when)\n" for t in texts)
        for label, texts in by_label().items()
    ]
    findings = inspect_text("\n".join(parts) + "\n## synonym:fee\n- fine\n", name="nlu.md")
    assert classes(findings) == ALL


def test_other_files_of_rasa_are_called_so(inspect_text, refusal_of):
    domain = (
        "version: '3.1'\nintents:\n  - pay\n  - find\nresponses:\n  utter_fee:\n  - text: It is small, now\n"
    )
    refusal = refusal_of(inspect_text, domain, name="domain.yml")
    assert "Rasa" in refusal.detail


@pytest.mark.parametrize("suffix", ["jpg", "PNG", "jpeg?size=3"])
def test_a_table_of_pictures_is_called_so(inspect_text, refusal_of, suffix):
    table = "file,label\n" + "".join(f"shelf/{i}.{suffix},{k}\n" for i, (_, k) in enumerate(ROWS))
    items = lines({"file": f"{i}.{suffix}", "label": k} for i, (_, k) in enumerate(ROWS))
    for data in (table, items):
        refusal = refusal_of(inspect_text, data)
        assert refusal.code == "wrong_kind"
        assert "lists pictures" in refusal.detail
        assert 'choose "Pictures" instead' in refusal.detail


def test_a_table_of_pictures_sent_as_pictures_is_not_sent_to_text(inspect_zip, refusal_of):
    table = "file,label\n" + "".join(f"shelf/{i}.jpg,{k}\n" for i, (_, k) in enumerate(ROWS))
    refusal = refusal_of(inspect_zip, table.encode())
    assert "lists pictures" in refusal.detail
    assert "choose text" not in refusal.detail
