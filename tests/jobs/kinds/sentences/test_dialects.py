import csv
import io

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from jobs.kinds.sentences.formats.contract import Source
from jobs.kinds.sentences.formats.registry import open_reader
from jobs.kinds.sentences.options import TableOptions
from jobs.kinds.sentences.table import inspect_table
from jobs.uploads import UploadRefused
from jobs.uploads.findings import Notes
from tests.jobs.uploads.builders import table, write
from training.ground.limits import Limits

PLACES = ("harbour", "museum", "station")
VISITS = [
    (f'We saw the {place}, "quite late", on day {i}', place)
    for i, place in enumerate(PLACES * 14)
]  # fmt: skip


def written(rows=VISITS, header=("text", "label"), **form):
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer, **form)
    writer.writerow(header)
    writer.writerows(rows)
    return buffer.getvalue()


def classes(findings):
    return {entry.label: entry.count for entry in findings.classes}


def messages(findings):
    return " ".join(map(str, [*findings.repairs, *findings.skipped, *findings.warnings]))


ALL = {"harbour": 14, "museum": 14, "station": 14}
BACKSLASHED = {"doublequote": False, "escapechar": "\\"}
NO_QUOTES = {"quoting": csv.QUOTE_NONE, "quotechar": None}


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|", "~", "^", "\x01", "\x1f"])
@pytest.mark.parametrize(
    "form",
    [
        {},
        {"quoting": csv.QUOTE_ALL},
        {"quotechar": "'", "quoting": csv.QUOTE_ALL},
        BACKSLASHED,
        {**BACKSLASHED, "quoting": csv.QUOTE_ALL},
        {**NO_QUOTES, "escapechar": "\\"},
    ],
    ids=["minimal", "all", "single", "backslash", "backslash all", "none"],
)
def test_it_reads_what_is_written_in_any_dialect(inspect_text, delimiter, form):
    findings = inspect_text(written(delimiter=delimiter, **form))
    assert classes(findings) == ALL
    assert set(findings.rows) <= set(VISITS)
    assert not findings.skipped


@pytest.mark.parametrize("delimiter", ["::", "||"])
def test_it_reads_delimiters_of_two_characters(inspect_text, delimiter):
    lines = [f"{i}{delimiter}{text}{delimiter}{label}" for i, (text, label) in enumerate(VISITS)]
    findings = inspect_text("\n".join(lines))
    assert classes(findings) == ALL
    assert findings.rows[0] == VISITS[0]


def test_a_blank_may_follow_each_delimiter(inspect_text):
    lines = ['"text", "label"', *(f'"On day {i}, at noon", "{label}"' for i, (_, label) in enumerate(VISITS))]
    findings = inspect_text("\n".join(lines))
    assert classes(findings) == ALL
    assert findings.rows[0][0] == "On day 0, at noon"


@pytest.mark.parametrize("end", ["", ";", ",,"])
def test_each_line_may_stand_in_quotes_as_a_whole(inspect_text, end):
    lines = [
        f'"text,label"{end}',
        *(f'"""Day {i}, noon"",{label}"{end}' for i, (_, label) in enumerate(VISITS)),
    ]
    findings = inspect_text("\n".join(lines))
    assert classes(findings) == ALL
    assert findings.rows[0][0] == "Day 0, noon"
    assert "as a whole" in messages(findings)


def test_quotes_in_single_cells_are_no_lines_in_quotes(inspect_text, refusal_of):
    text = "text\n" + "".join(f'"Well, day {i}"\n' for i in range(40))
    assert refusal_of(inspect_text, text).code == "one_column"


def test_backslashes_that_end_cells_escape_nothing(inspect_text):
    text = "text,label\n" + "".join(f'"C:\\photos\\{i}\\",{label}\n' for i, (_, label) in enumerate(VISITS))
    findings = inspect_text(text)
    assert classes(findings) == ALL
    assert findings.rows[0][0] == "C:\\photos\\0\\"


def test_line_ends_and_missing_values_of_mysql(inspect_text):
    lines = [f'"He said \\"yes\\", day {i}\\nthen left","{label}"' for i, (_, label) in enumerate(VISITS)]
    findings = inspect_text("\n".join(['"text","label"', *lines, '"unlabelled",\\N', '"more",\\N']))
    assert classes(findings) == ALL
    assert findings.rows[0][0] == 'He said "yes", day 0 then left'
    assert findings.skipped_count == 2
    assert "ackslash" in messages(findings)


@pytest.mark.parametrize("delimiter", [",", ";", "|"])
def test_quotes_are_letters_where_none_is_ever_closed(inspect_text, delimiter):
    lines = [("“" if i % 3 else '"') + f"Day {i}{delimiter}{label}" for i, (_, label) in enumerate(VISITS)]
    findings = inspect_text("\n".join([f"text{delimiter}label", *lines]))
    assert classes(findings) == ALL
    assert "part of the text" in messages(findings)


def test_one_broken_quote_among_good_ones_loses_one_row_at_most(inspect_text):
    good = "".join(f'"Day {i}, at noon",{label}\n' for i, (_, label) in enumerate(VISITS))
    findings = inspect_text(f'text,label\n{good}"never closed,museum\n{good}')
    assert findings.sample_count == 85
    assert "Row 44: A quotation mark is out of place" in messages(findings)
    assert ("Day 0, at noon", "harbour") in findings.rows


def test_quoted_texts_of_many_lines_are_one_row_each(inspect_text):
    rows = [(f'Dear all,\n\nday {i}:\n"fine"\n', label) for i, (_, label) in enumerate(VISITS)]
    assert classes(inspect_text(written(rows))) == ALL


@pytest.mark.parametrize("quoted", [True, False])
def test_a_lone_return_inside_a_line_loses_nothing(inspect_text, quoted):
    quote = '"' if quoted else ""
    lines = [f"{quote}Day {i}\rthen home{quote},{label}" for i, (_, label) in enumerate(VISITS)]
    findings = inspect_text("\n".join(["text,label", *lines]))
    assert classes(findings) == ALL
    assert findings.rows[0][0] == "Day 0 then home"


def test_parts_with_other_line_ends_may_be_put_together(inspect_text):
    old = "text,label\r" + "".join(f"Day {i},{label}\r" for i, (_, label) in enumerate(VISITS))
    new = "".join(f"Night {i},{label}\n" for i, (_, label) in enumerate(VISITS))
    assert inspect_text(old + new).sample_count == 84
    assert inspect_text("text,label\n" + new + old.removeprefix("text,label\r")).sample_count == 84


@pytest.mark.parametrize(
    ("above", "line", "below", "first"),
    [
        (["| text | label |", "|:-----|------:|"], "| Day {i} \\| night | {label} |", [], "Day 0 | night"),
        (["A table:", "", "text | label", "--- | ---"], "Day {i} | {label}", [], "Day 0"),
        (["+---+---+", "| text | label |", "+---+---+"], "| Day {i} | {label} |", ["+---+---+"], "Day 0"),
    ],
    ids=["markdown", "bare markdown", "mysql"],
)
def test_it_reads_tables_drawn_with_bars(inspect_text, above, line, below, first):
    lines = [line.format(i=i, label=label) for i, (_, label) in enumerate(VISITS)]
    findings = inspect_text("\n".join([*above, *lines, *below]))
    assert classes(findings) == ALL
    assert findings.columns == ["text", "label"]
    assert findings.rows[0][0] == first


@pytest.mark.parametrize("delimiter", [",", "\t", " "])
def test_the_header_of_r_is_one_cell_short(inspect_text, delimiter):
    lines = [
        f'"{i}"{delimiter}"Day \\"{i}\\", noon"{delimiter}"{label}"' for i, (_, label) in enumerate(VISITS)
    ]
    findings = inspect_text("\n".join([f'"text"{delimiter}"label"', *lines]))
    assert classes(findings) == ALL
    assert (findings.input_column, findings.label_column) == ("text", "label")
    assert findings.rows[0][0] == 'Day "0", noon'


def rows_of(data, folder, **options):
    path = write(folder, data)
    chosen = TableOptions(**options)
    source = Source(
        path=path, open=lambda: path.open("rb"), options=chosen, limits=Limits(), notes=Notes()
    )  # fmt: skip
    return [list(cells) for _, cells in open_reader(source).records() if cells]


word = st.text(
    st.characters(codec="utf-8", exclude_categories=("Cc", "Cs", "Zs", "Zl", "Zp")), min_size=1, max_size=8
)
phrase = st.lists(word | st.sampled_from([",", ";", "|", '"x"', "it's", "a\nb"]), min_size=1, max_size=3).map(
    " ".join
)


@given(
    st.lists(st.tuples(phrase, word), min_size=4, max_size=12),
    st.sampled_from(",;\t|"),
    st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]),
    st.sampled_from(["\n", "\r\n", "\r"]),
)
@settings(
    max_examples=60,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_what_csv_writes_is_read_back(tmp_path, rows, delimiter, quoting, end):
    data = written(rows, ("text", "label"), delimiter=delimiter, quoting=quoting, lineterminator=end)
    found = rows_of(data.encode(), tmp_path, has_header=True)
    flat = [[" ".join(cell.split()) for cell in row] for row in found]
    assert flat[0] == ["text", "label"]
    assert flat[1:] == [[" ".join(cell.split()) for cell in row] for row in rows]


@given(
    st.text(st.sampled_from("ab ,;|\t\"'\\\n\r-=:é"), max_size=300),
    st.sampled_from(["", "text,label\n", '"a","b"\n', "| a |\n|---|\n"]),
)
@settings(
    max_examples=200,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_any_text_is_read_or_refused(tmp_path, text, start):
    path = write(tmp_path, start + text + table(4, header=""))
    try:
        inspect_table(path, "upload.csv", Limits())
    except UploadRefused as refusal:
        assert refusal.detail  # noqa: PT017
