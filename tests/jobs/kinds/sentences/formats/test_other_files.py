"""YAML is read; files of other kinds are refused by their true names, with the next step."""

import struct
import zlib

import pytest

from jobs.kinds.sentences import uploads
from jobs.kinds.sentences.items import Sentences
from jobs.uploads.errors import UploadRefused
from tests.jobs.kinds.sentences.formats.made_up import ALL, ROWS, by_label, classes, repairs
from training.ground.limits import Limits

BLOCKS = "# made by hand\n---\n" + "".join(f'- text: "{text}"\n  wish: {label}\n' for text, label in ROWS)
FLOWS = "".join(f"- {{text: '{text}', wish: {label}}}\n" for text, label in ROWS)
FOLDED = "".join(f"  -   wish: '{label}'\n      text: >-\n        {text}\n" for text, label in ROWS)


def inspected(tmp_path, name, data):
    path = tmp_path / "upload"
    path.write_bytes(data if isinstance(data, bytes) else data.encode())
    return uploads.inspect(path, name, Limits(), {})


def refused(tmp_path, name, data):
    with pytest.raises(UploadRefused) as caught:
        inspected(tmp_path, name, data)
    return caught.value


@pytest.mark.parametrize("data", [BLOCKS, FLOWS, FOLDED, BLOCKS.replace("\n", "\r\n")])
@pytest.mark.parametrize("name", ["wishes.yaml", "wishes.txt"])
def test_a_list_of_records_in_yaml_is_read(tmp_path, name, data):
    findings = inspected(tmp_path, name, data)
    assert classes(findings) == ALL
    assert findings.rows[0][0] in dict(ROWS)
    assert "YAML" in repairs(findings)


def test_yaml_of_classes_with_their_texts_is_read(tmp_path):
    data = "".join(
        f"{label}:\n" + "".join(f"  - {text}\n" for text in texts) for label, texts in by_label().items()
    )
    assert classes(inspected(tmp_path, "wishes.yml", data)) == ALL


def test_labels_in_yaml_stay_as_they_are_written(tmp_path):
    data = "".join(
        f"- text: {text}\n  label: {('yes', 'no', 'off')[i % 3]}\n" for i, (text, _) in enumerate(ROWS)
    )
    assert set(classes(inspected(tmp_path, "wishes.yaml", data))) == {"yes", "no", "off"}


@pytest.mark.parametrize(
    ("data", "word"),
    [
        (BLOCKS + "- text: 'never closed\n", "not valid (line"),
        ("- &a\n  text: one\n  wish: two\n" + "- *a\n" * 9, "refers to other places"),
        ("- text: &a [x]\n  wish: [*a, *a]\n", "refers to other places"),
        ("- text: one\n  wish: " + "[" * 99 + "]" * 99 + "\n", "deep"),
        ("- text: one\n  wish: two\n  ? [a, b]\n  : three\n", "key that is a list"),
    ],
)
def test_yaml_that_cannot_be_read_is_refused_in_true_words(tmp_path, data, word):
    refusal = refused(tmp_path, "wishes.yaml", data)
    assert refusal.code == "yaml_invalid"
    assert word in refusal.detail


@pytest.mark.parametrize("document", ["- text: {}\n  wish: {}\n", "text: {}\nwish: {}\n"])
def test_all_documents_of_a_yaml_file_are_read(tmp_path, document):
    data = "".join(f"---\n{document}".format(*row) for row in ROWS)
    assert classes(inspected(tmp_path, "wishes.yaml", data)) == ALL


def test_yaml_is_bounded(tmp_path):
    path = tmp_path / "upload"
    path.write_text(FLOWS * 50, encoding="utf-8")
    with pytest.raises(UploadRefused) as caught:
        uploads.inspect(path, "wishes.yaml", Limits(max_unpacked_bytes=20_000), {})
    assert caught.value.code == "unpacked_too_large"


MAIL = "From ann@example.org Mon Jun  3 08:00:00 2030\nFrom: ann@example.org\nSubject: {}\n\n{}\n\n"
CHAT = "[03.06.30, 08:{:02}:07] Ann: {}\n"
CHAT_OF_ANDROID = "6/3/30, 8:{:02} PM - Bob Lee: {}\n"


@pytest.mark.parametrize(
    ("data", "word"),
    [
        ("".join(MAIL.format("Hello", text) for text, _ in ROWS), "mailbox"),
        ("".join(CHAT.format(i, text) for i, (text, _) in enumerate(ROWS)), "a chat without labels"),
        ("".join(CHAT_OF_ANDROID.format(i, text) for i, (text, _) in enumerate(ROWS)), "a chat without labels"),
        ("-- dump\nCREATE TABLE `w` (`a` text);\nINSERT INTO `w` VALUES ('x','y'),('z','y');\n", "SQL"),
        ("SET x = 1;\nINSERT INTO w (a, b) VALUES ('x','y');\n" * 9, "SQL"),
        ("".join(f"{i % 2} 1:0.5 {i + 3}:1.25\n" for i in range(30)), "libsvm"),
        ("1\n00:00:01,000 --> 00:00:02,000\nHello there\n\n" * 3, "subtitles"),
        ("WEBVTT\n\n00:01.000 --> 00:02.000\nHello\n" * 3, "subtitles"),
        ("<table border=1><tr><td>text</td></tr></table>\n" * 3, "a web page (HTML). If it holds a table"),
        ("<meta charset=utf-8><table></table>", "a web page (HTML)"),
        ('<?xml version="1.0"?>\n<rows><row a="b"/></rows>', "an XML file. If it holds a table"),
        ('<!DOCTYPE news SYSTEM "news.dtd">\n<NEWS><BODY>x</BODY></NEWS>', "an XML file"),
        ('<?xml version="1.0"?>\n<?mso-application progid="Excel.Sheet"?>\n<Workbook/>', "save it as XLSX"),
        (b"r\x02\x01\x00x" + bytes(400), "a Stata file"),
        (b"<stata_dta><header>" + bytes(40), "a Stata file"),
        (b"$FL2@(#) SPSS DATA FILE" + bytes(40), "an SPSS file"),
        (b"RDX3\nX\n\x00\x00\x00\x03" + bytes(40), "R data"),
        (b"X\n\x00\x00\x00\x03" + bytes(40), "R data"),
        (zlib.compress(b"texts" * 99), "packed with zlib"),
        (b"\xdc" + struct.pack(">H", 30) + b"\x92\xa3one\xa3two" * 30, "MessagePack"),
        (b"\x00\x01\x02\x03\x04\x05\x06\x07" * 50, "a binary file"),
    ],
)  # fmt: skip
def test_files_that_are_no_tables_are_refused_by_their_names(tmp_path, data, word):
    refusal = refused(tmp_path, "wishes.dat", data)
    assert refusal.status == 415
    assert word in refusal.detail
    assert refusal.detail.count(". ") >= 1  # and the next step


@pytest.mark.parametrize("tag", ["{} O\n", "{}\tNN\tB-LOC\n"])
def test_tagged_words_are_refused_by_their_name(tmp_path, tag):
    data = "\n".join("".join(tag.format(word) for word in text.split()) for text, _ in ROWS)
    refusal = refused(tmp_path, "wishes.conll", data)
    assert refusal.code == "spans_not_labels"
    assert "CoNLL" in refusal.detail


@pytest.mark.parametrize(
    "start", ["insert into {} what is new,{}", "From here {} it goes,{}", "create table {} for two,{}"]
)
def test_sentences_that_begin_like_other_files_are_read(tmp_path, start):
    data = "text,label\n" + "".join(f"{start}\n".format(i, label) for i, (_, label) in enumerate(ROWS))
    assert classes(inspected(tmp_path, "wishes.csv", data)) == ALL


def test_a_chat_with_labels_is_read(tmp_path):
    data = "".join(f"[03.06.30, 08:00:07] Ann: {text}\t{label}\n" for text, label in ROWS)
    assert classes(inspected(tmp_path, "chat.tsv", data)) == ALL


def test_yaml_is_predicted_too(tmp_path):
    path = tmp_path / "wishes.yaml"
    path.write_text("".join(f"- text: {text}\n  day: monday\n" for text, _ in ROWS), encoding="utf-8")
    assert [item.value for item in Sentences(path, path.name, Limits()).items(0)] == [
        text for text, _ in ROWS
    ]


def predicted(tmp_path, name, data):
    path = tmp_path / name
    path.write_bytes(data)
    return [item.value for item in Sentences(path, path.name, Limits()).items(0)]


@pytest.mark.parametrize(
    ("data", "codec"),
    [
        ("No\tText\tWish\r\n" + "".join(f"{i}\t{text}\t{label}\r\n" for i, (text, label) in enumerate(ROWS)), "utf-16"),
        ("".join(f"{i}\t{text}\t{label}\n" for i, (text, label) in enumerate(ROWS)), "utf-8"),
        ("id;text\n" + "".join(f"{i};{text}\n" for i, (text, _) in enumerate(ROWS)), "utf-8"),
        ("text|label\n" + "".join(f"{text}|{label}\n" for text, label in ROWS), "utf-8"),
    ],
)  # fmt: skip
def test_a_text_file_that_is_a_table_is_predicted_by_its_column_of_texts(tmp_path, data, codec):
    assert predicted(tmp_path, "wishes.txt", data.encode(codec)) == [text for text, _ in ROWS]


@pytest.mark.parametrize("line", ["{}, please; now", "text, {}", "a\tb {}"])
def test_a_text_file_of_sentences_is_predicted_line_by_line(tmp_path, line):
    lines = ["Hello there, text", *(line.format(text) for text, _ in ROWS[:3]), "one", "two", "three"]
    assert predicted(tmp_path, "wishes.txt", "\n".join(lines).encode()) == lines


@pytest.mark.parametrize(
    ("start", "word"),
    [
        ("var wishes = [", "script"),
        ("window.data.part0 = [", "script"),
        ('[[rows]]\ntext = "', "TOML"),
        ('# mine\n[pay]\na = "', "INI"),
    ],
)
def test_brackets_at_the_start_are_not_taken_for_json(tmp_path, start, word):
    refusal = refused(tmp_path, "wishes.json", start + '{"text": "a b", "label": "c"}, ' * 40 + "]")
    assert word in refusal.detail


@pytest.mark.parametrize(
    ("codec", "text"),
    [("cp1252", "Größe {} wäre schön für alle"), ("cp932", "本{}はどこ")],
)
def test_json_in_an_old_code_page_is_read_with_a_word(tmp_path, codec, text):
    rows = ", ".join(
        f'{{"text": "{text.format(i)}", "label": "{label}"}}' for i, (_, label) in enumerate(ROWS)
    )
    findings = inspected(tmp_path, "wishes.json", f"[{rows}]".encode(codec))
    assert classes(findings) == ALL
    assert {findings.rows[0][0]} <= {text.format(i) for i in range(30)}
    assert "not UTF-8" in repairs(findings)


@pytest.mark.parametrize("letter", ["é", "schön"])
def test_single_letters_among_ours_are_western(tmp_path, letter):
    data = "text,label\n" + "".join(f"{text} {letter} again,{label}\n" for text, label in ROWS)
    findings = inspected(tmp_path, "wishes.csv", data.encode("cp1252"))
    assert letter in findings.rows[0][0]


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_blank_lines_between_rows_are_no_loss(tmp_path, end):
    data = f"text\tlabel{end}{end}" + "".join(f"{text}\t{label}{end}{end}" for text, label in ROWS)
    findings = inspected(tmp_path, "wishes.tsv", data)
    assert classes(findings) == ALL
    assert not findings.questions
