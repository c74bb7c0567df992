"""Lines that carry their label, ARFF, rare delimiters and line ends, and files whose names do not say what they are."""

import json

import pytest

from jobs.kinds.sentences.items import Sentences
from tests.jobs.kinds.sentences.formats.made_up import (
    ALL,
    ROWS,
    TEXTS,
    by_label,
    classes,
    csv_of,
    repairs,
    zipped,
)
from training.ground.limits import Limits

COMMAS = [(f"{text}{', really' * (i % 3)}", label) for i, (text, label) in enumerate(ROWS)]


@pytest.mark.parametrize(
    "line",
    [
        "[{1}] {0}",
        "{1}: {0}",
        "{1} => {0}",
        "{1} - {0}",
        "{0} - {1}",
        "{0}@{1}",
        "{0} -> {1}",
        "{0} ({1})",
        "{0} [{1}]",
    ],
)
def test_a_label_marked_in_each_line_is_read(inspect_text, line):
    findings = inspect_text("".join(line.format(*row) + "\n" for row in COMMAS))
    assert classes(findings) == ALL
    assert findings.rows[0][0] in dict(COMMAS)
    assert "label" in repairs(findings)


@pytest.mark.parametrize("codes", [("ENTY:book", "NUM:fee", "LOC:shelf"), ("0", "1", "2"), ("-1", "0", "+1")])
def test_a_code_at_the_start_of_each_line_is_the_label(inspect_text, codes):
    findings = inspect_text("".join(f"{codes[i % 3]} {text}\n" for i, (text, _) in enumerate(COMMAS)))
    assert set(classes(findings)) == set(codes)


@pytest.mark.parametrize("start", ["", "{} ", "Note {}: ", "Re: "])
def test_lines_without_a_few_labels_that_come_again_are_still_refused(inspect_text, refusal_of, start):
    data = "".join(f"{start.format(i)}{text}\n" for i, text in enumerate(TEXTS))
    assert refusal_of(inspect_text, data).code == "one_column"


def test_a_table_whose_texts_begin_alike_stays_a_table(inspect_text):
    data = "".join(f"{('Re', 'Fwd')[i % 2]}: {text},{label}\n" for i, (text, label) in enumerate(ROWS))
    assert classes(inspect_text(data)) == ALL


def test_lines_to_predict_stay_whole(tmp_path):
    path = tmp_path / "lines.csv"
    path.write_text("".join(f"pay: {text}\n" for text in TEXTS), encoding="utf-8")
    assert [item.value for item in Sentences(path, path.name, Limits()).items(0)] == [
        f"pay: {text}" for text in TEXTS
    ]


ARFF = (
    "% made by hand\n@RELATION 'my wishes'\n\n@attribute text string\n"
    "@attribute 'the class' {pay,find,renew}\n\n@data\n"
)


@pytest.mark.parametrize("quote", ["'", '"'])
def test_arff_gives_its_rows_and_the_names_of_its_columns(inspect_text, quote):
    rows = "".join(f"{quote}{text.replace('my', 'my, our')}{quote},{label}\n" for text, label in ROWS)
    findings = inspect_text(ARFF + rows + "'no label',?\n")
    assert classes(findings) == ALL
    assert findings.columns == ["text", "the class"]
    assert findings.skipped_count == 1


def test_arff_without_data_is_refused(inspect_text, refusal_of):
    assert "@data" in refusal_of(inspect_text, ARFF.replace("@data", "")).detail


def test_a_rare_delimiter_of_three_signs_is_found(inspect_text):
    data = "".join(f"77{i}_!_{text}, and more_!_{label}\n" for i, (text, label) in enumerate(COMMAS))
    assert classes(inspect_text(data)) == ALL


@pytest.mark.parametrize("comma", [", said Ann", ", see page 3, please"])
def test_tabs_win_over_commas_that_are_as_many_in_each_line(inspect_text, comma):
    data = "".join(f"{text}{comma}\t{label}\n" for text, label in ROWS)
    findings = inspect_text(data)
    assert (findings.delimiter, classes(findings)) == ("\t", ALL)


def test_quotes_escaped_and_doubled_do_not_make_one_column(inspect_text):
    data = "".join(f'"{label}","Well: \\""{text}\\"", I say"\n' for text, label in ROWS)
    assert classes(inspect_text(data)) == ALL


@pytest.mark.parametrize(("codec", "end"), [("mac_roman", "\r"), ("cp1252", "\r\n")])
def test_quotes_of_an_old_mac_are_read_where_its_line_ends_are(inspect_text, codec, end):
    data = csv_of([(text.replace("please", "I can\u2019t"), label) for text, label in ROWS]).replace(
        "\n", end
    )
    findings = inspect_text(data.encode(codec))
    assert classes(findings) == ALL
    assert "can\u2019t" in findings.rows[0][0]


@pytest.mark.parametrize("name", ["wishes", "set/Wishes.data", "wishes.label", "export.7"])
def test_a_table_in_a_zip_is_read_whatever_it_is_called(inspect_text, name):
    assert (
        classes(inspect_text(zipped({name: csv_of(ROWS), "readme": "About it."}), name="wishes.zip")) == ALL
    )


def test_files_of_one_name_with_classes_for_suffixes_are_read(inspect_text):
    files = {f"set/wishes.{label}": "\n".join(texts) for label, texts in by_label().items()}
    assert classes(inspect_text(zipped(files), name="wishes.zip")) == ALL


@pytest.mark.parametrize("suffix", [".eml", ".story"])
def test_other_texts_in_folders_of_their_classes_are_read(inspect_text, suffix):
    files = {f"set/{label}/{i}{suffix}": f"Subject: hello\n\n{text}" for i, (text, label) in enumerate(ROWS)}
    assert classes(inspect_text(zipped(files), name="wishes.zip")) == ALL


def test_programs_and_pictures_in_a_zip_are_no_tables(inspect_text, refusal_of):
    assert (
        refusal_of(
            inspect_text, zipped({"a.py": csv_of(ROWS), "b.bin": b"\x00\x01" * 99}), name="w.zip"
        ).status
        == 415
    )


def snips(label, texts):
    return json.dumps(
        {label: [{"data": [{"text": "I say "}, {"text": text, "entity": "what"}]} for text in texts]}
    )


def test_intents_of_snips_in_a_file_each_are_joined(inspect_text):
    files = {f"set/{label}.json": snips(label, texts) for label, texts in by_label().items()}
    findings = inspect_text(zipped(files), name="snips.zip")
    assert classes(findings) == ALL
    assert findings.rows[0][0].startswith("I say ")


def test_one_intent_of_snips_alone_is_one_class(inspect_text, refusal_of):
    assert "only one class" in refusal_of(inspect_text, snips("pay", TEXTS)).detail
