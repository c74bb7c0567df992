import pytest

from tests.jobs.uploads.builders import table
from training.ground.limits import Limits

GERMAN = "input,label\n" + "".join(
    f"Schöne Grüße aus Köln {i},{'für' if i % 2 else 'über'}\n" for i in range(8)
)
CHINESE = "input,label\n" + "".join(
    f"今天天气很好我们去公园{i},{'体育' if i % 2 else '财经'}\n" for i in range(8)
)
RUSSIAN = "input,label\n" + "".join(f"Очень хороший фильм {i},{'да' if i % 2 else 'нет'}\n" for i in range(8))
KOREAN = "input,label\n" + "".join(
    f"오늘 날씨가 좋아요 {i},{'긍정' if i % 2 else '부정'}\n" for i in range(8)
)
THAI = "input,label\n" + "".join(f"อากาศดีมากวันนี้ {i},{'บวก' if i % 2 else 'ลบ'}\n" for i in range(8))


def classes(findings):
    return {entry.label: entry.count for entry in findings.classes}


@pytest.mark.parametrize(
    ("text", "codec", "name"),
    [
        (GERMAN, "utf-8", "utf-8"),
        (GERMAN, "utf-8-sig", "utf-8"),
        (GERMAN, "utf-16", "utf-16"),
        (GERMAN, "utf-16-le", "utf-16-le"),
        (GERMAN, "utf-16-be", "utf-16-be"),
        (GERMAN, "cp1252", "windows-1252"),
        (CHINESE, "utf-16-le", "utf-16-le"),
        (CHINESE, "gbk", "gbk"),
        (CHINESE, "utf-16", "utf-16"),
        (RUSSIAN, "cp1251", "windows-1251"),
        (KOREAN, "euc-kr", "euc-kr"),
        (THAI, "cp874", "windows-874"),
        (THAI, "utf-8", "utf-8"),
    ],
)
def test_it_reads_many_encodings_and_says_which(inspect_text, text, codec, name):
    findings = inspect_text(text.encode(codec))
    assert findings.encoding == name
    assert findings.sample_count == 8
    assert [label for _, label in findings.rows] and all(
        row in [tuple(line.rsplit(",", 1)) for line in text.splitlines()] for row in findings.rows
    )
    assert bool(findings.repairs) == (name != "utf-8")


def test_a_stray_byte_that_windows_does_not_know_is_no_error(inspect_text):
    assert inspect_text(table().encode() + b"caf\xe9 \x81,good\n").sample_count == 11


def test_the_encoding_can_be_chosen(inspect_text):
    assert "über" in classes(inspect_text(GERMAN.encode("cp1252"), encoding="windows-1252"))
    assert "体育" in classes(inspect_text(CHINESE.encode("gbk"), encoding="gbk"))


def test_it_refuses_a_chosen_encoding_that_does_not_fit(inspect_text, refusal_of):
    assert refusal_of(inspect_text, GERMAN.encode("cp1252"), encoding="utf-8").status == 422


def test_it_refuses_bytes_that_do_not_fit_their_mark(inspect_text, refusal_of):
    data = b"\xff\xfe" + table().encode("utf-16-le") + b"\x00"
    assert refusal_of(inspect_text, data).status == 400


def test_one_stray_byte_does_not_outvote_the_mark(inspect_text):
    findings = inspect_text(b"\xef\xbb\xbf" + table().encode() + b"caf\xe9,good\n")
    assert (findings.encoding, findings.sample_count) == ("utf-8", 11)
    assert any(note.where == "Row 12" and "could not be read" in note.message for note in findings.repairs)


@pytest.mark.parametrize("data", [b"a\0b,good\n", b"abc,go\0od\n" * 2])
@pytest.mark.parametrize("rows", [4, 20_000])
def test_it_refuses_nul_in_text(inspect_text, refusal_of, data, rows):
    refusal = refusal_of(inspect_text, table(rows).encode() + data)
    assert (refusal.status, refusal.code) == (400, "nul_in_text")


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("header", [True, False])
def test_it_finds_delimiter_line_ends_and_header(inspect_text, delimiter, end, header):
    rows = [
        ("I like it, really; yes" if i % 2 else f"No {i} | no", "good" if i % 2 else "bad") for i in range(12)
    ]
    lines = [f'"{text}"{delimiter}{label}' for text, label in rows]
    data = end.join([f"text{delimiter}label", *lines] if header else lines) + end
    findings = inspect_text(data)
    assert (findings.delimiter, findings.has_header) == (delimiter, header)
    assert classes(findings) == {"bad": 6, "good": 6}


def test_semicolons_win_although_the_text_has_commas(inspect_text):
    data = "".join(
        f"one, two, and {'three, ' * (i % 4)}{i};{'good' if i % 2 else 'bad'}\n" for i in range(20)
    )
    findings = inspect_text(data)
    assert findings.delimiter == ";"
    assert findings.sample_count == 20


def test_it_follows_the_hint_of_excel(inspect_text):
    findings = inspect_text("sep=|\n" + table(6, "input|label", "a, b; {i}|{label}") + "|good\n")
    assert findings.sample_count == 6
    assert findings.skipped[0].where == "Row 9"


def test_it_takes_quotes_literally_where_a_tsv_does(inspect_text):
    lines = [f'"{i} he said' if i % 3 else f"{i} fine" for i in range(30)]
    data = "text\tlabel\n" + "".join(f"{line}\t{'ab'[i % 2]}\n" for i, line in enumerate(lines))
    findings = inspect_text(data)
    assert findings.sample_count == 30
    assert not findings.skipped


@pytest.mark.parametrize(
    ("header", "text", "label"),
    [
        ("text,category", "text", "category"),
        ("Review_Text,Sentiment", "Review_Text", "Sentiment"),
        ("message,is-spam", "message", "is-spam"),
        ("MESSAGE,Intent", "MESSAGE", "Intent"),
        ("x1,x2", "x1", "x2"),
        ("Bemerkung,Art", "Bemerkung", "Art"),
        ("v2,v1", "v2", "v1"),
    ],
)
def test_it_finds_columns_by_name_or_content(inspect_text, header, text, label):
    findings = inspect_text(table(20, header, "quite a long sentence with number {i},{label}"))
    assert (findings.input_column, findings.label_column) == (text, label)
    assert findings.has_header
    assert any(note.where == "Columns" for note in findings.repairs)


def test_it_finds_the_columns_among_many(inspect_text):
    data = "id,when,stars_given,words,verdict\n" + "".join(
        f"{i},2024-01-{i % 28 + 1:02d},{i % 5},some words that say much {i},{'yes' if i % 2 else 'no'}\n"
        for i in range(60)
    )
    findings = inspect_text(data)
    assert (findings.input_column, findings.label_column) == ("words", "verdict")


def test_the_label_may_stand_first(inspect_text):
    findings = inspect_text("".join(f"{'ham' if i % 3 else 'spam'},call me back {i}\n" for i in range(20)))
    assert (findings.input_column, findings.label_column, findings.has_header) == (
        "column 2",
        "column 1",
        False,
    )


def test_a_label_that_is_also_a_usual_name_is_not_taken_for_a_header(inspect_text):
    findings = inspect_text(
        "".join(f"hello {i},{'question' if i % 2 == 0 else 'statement'}\n" for i in range(20))
    )
    assert not findings.has_header
    assert findings.sample_count == 20


def test_columns_can_be_chosen(inspect_text):
    data = "text,title,label,topic\n" + "".join(f"t{i},u{i},{i % 2},{i % 3}\n" for i in range(12))
    findings = inspect_text(data, input_column="title", label_column="Topic")
    assert (findings.input_column, findings.label_column) == ("title", "topic")
    assert len(findings.classes) == 3


def test_one_chosen_column_keeps_the_other_away_from_it(inspect_text):
    findings = inspect_text(table(12, "label,text", "words {i},{label}"), input_column="label")
    assert (findings.input_column, findings.label_column) == ("label", "text")


@pytest.mark.parametrize(
    "options",
    [
        {"input_column": "nothing"},
        {"label_column": "nothing"},
        {"input_column": "label", "label_column": "label"},
    ],
)
def test_it_refuses_columns_that_are_not_there_and_lists_those_that_are(inspect_text, refusal_of, options):
    refusal = refusal_of(inspect_text, table(), **options)
    assert refusal.status == 422
    assert set(refusal.fields) <= {"input_column", "label_column"}
    assert refusal.fields


def test_header_and_delimiter_can_be_chosen(inspect_text):
    assert inspect_text(table(), has_header=False, input_column="column 1").sample_count == 10
    assert inspect_text(table(8, "a;b", "x,{i};{label}"), delimiter="semicolon").delimiter == ";"


def test_empty_rows_above_the_header_do_no_harm(inspect_text):
    findings = inspect_text("\n,\n" + table() + ",good\n")
    assert findings.sample_count == 10
    assert findings.skipped[0].where == "Row 14"


def test_repeated_and_empty_column_names_become_different(inspect_text):
    findings = inspect_text("text,,text,label\n" + "".join(f"some text {i},a,b,{i % 2}\n" for i in range(8)))
    assert findings.columns == ["text", "column 2", "text (3)", "label"]


def test_pandas_index_columns_are_ignored(inspect_text):
    findings = inspect_text(",text,label\n" + "".join(f"{i},some text {i},{i % 2}\n" for i in range(8)))
    assert (findings.input_column, findings.label_column) == ("text", "label")


def test_formulas_are_just_text(inspect_text):
    assert inspect_text(table(6) + '=cmd|"/c calc"!A1,good\n', Limits()).sample_count == 7


@pytest.mark.parametrize("header", ["", "Bemerkung,Art\n"])
def test_a_table_sorted_by_label_is_understood_without_usual_names(inspect_text, header):
    data = header + "".join(f"some words {i},{'good' if i < 3_000 else 'bad'}\n" for i in range(6_000))
    findings = inspect_text(data)
    assert classes(findings) == {"bad": 3_000, "good": 3_000}
    assert findings.has_header == bool(header)
