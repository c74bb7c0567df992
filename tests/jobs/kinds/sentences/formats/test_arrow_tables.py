import io
import json
from decimal import Decimal

import pyarrow as pa
import pytest
from pyarrow import ipc, parquet

from tests.jobs.kinds.sentences.formats.made_up import ALL, LABELS, ROWS, TEXTS, classes, repairs

CODES = [LABELS.index(label) for _, label in ROWS]
FEATURES = {
    "text": {"dtype": "string", "_type": "Value"},
    "label": {"names": list(LABELS), "_type": "ClassLabel"},
}


def named(table, features=FEATURES):
    return table.replace_schema_metadata({"huggingface": json.dumps({"info": {"features": features}})})


def as_parquet(table):
    buffer = io.BytesIO()
    parquet.write_table(table, buffer)
    return buffer.getvalue()


def as_arrow(table, writer=ipc.new_file):
    buffer = io.BytesIO()
    with writer(buffer, table.schema) as target:
        target.write_table(table, max_chunksize=7)
    return buffer.getvalue()


@pytest.mark.parametrize("write", [as_parquet, as_arrow, lambda table: as_arrow(table, ipc.new_stream)])
def test_codes_get_the_names_that_the_file_holds(inspect_text, write):
    findings = inspect_text(write(named(pa.table({"text": TEXTS, "label": CODES}))))
    assert classes(findings) == ALL
    assert "named in the file" in repairs(findings)


def test_a_code_below_zero_is_no_label(inspect_text):
    findings = inspect_text(as_parquet(named(pa.table({"text": TEXTS, "label": [-1, *CODES[1:]]}))))
    assert findings.sample_count == 29


@pytest.mark.parametrize(
    "metadata", [b"no json", b"[]", b'{"info": {"features": {"label": {"_type": "ClassLabel"}}}}']
)
def test_odd_metadata_do_no_harm(inspect_text, metadata):
    table = pa.table({"text": TEXTS, "label": CODES}).replace_schema_metadata({"huggingface": metadata})
    assert set(classes(inspect_text(as_parquet(table)))) == {"0", "1", "2"}


@pytest.mark.parametrize("write", [as_parquet, as_arrow])
@pytest.mark.parametrize(
    "labels",
    [
        pa.array([Decimal(code) for code in CODES], pa.decimal128(10, 0)),
        pa.array([Decimal(code) for code in CODES], pa.decimal128(12, 4)),
        pa.array([float(code) for code in CODES]),
    ],
)
def test_whole_numbers_of_any_type_are_written_plainly(inspect_text, write, labels):
    assert set(classes(inspect_text(write(pa.table({"text": TEXTS, "label": labels}))))) == {"0", "1", "2"}


def test_what_is_no_number_is_missing(inspect_text):
    labels = [float("nan"), float("inf"), *map(float, CODES[2:])]
    findings = inspect_text(as_parquet(pa.table({"text": TEXTS, "label": labels})))
    assert set(classes(findings)) == {"0", "1", "2"}
    assert findings.sample_count == 28


def test_fields_of_structures_are_columns(inspect_text):
    table = pa.table(
        {"letter": [{"body": t, "n": 1} for t in TEXTS], "labels": [[label] for _, label in ROWS]}
    )
    findings = inspect_text(as_parquet(table))
    assert classes(findings) == ALL
    assert findings.input_column == "letter.body"


@pytest.mark.parametrize(
    "cell", [{"bytes": b"\xff\xd8\xff\xe0 and so on", "path": "1.jpg"}, b"\x89PNG\r\n\x1a\n and so on"]
)
def test_pictures_in_a_table_are_called_pictures(inspect_text, refusal_of, cell):
    refusal = refusal_of(inspect_text, as_parquet(pa.table({"image": [cell] * 6, "label": [0, 1] * 3})))
    assert refusal.code == "wrong_kind"
    assert "contains pictures" in refusal.detail
    assert 'choose "Images" instead' in refusal.detail or "choose" in refusal.detail


@pytest.mark.parametrize("writer", [ipc.new_file, ipc.new_stream])
@pytest.mark.parametrize("keep", [12, 40, 300, 0.5, 0.9])
def test_damaged_arrow_is_refused(inspect_text, refusal_of, writer, keep):
    data = as_arrow(pa.table({"text": TEXTS, "label": CODES}), writer)
    cut = data[: keep if keep > 1 else int(len(data) * keep)]
    assert refusal_of(inspect_text, cut).status in (400, 422)
