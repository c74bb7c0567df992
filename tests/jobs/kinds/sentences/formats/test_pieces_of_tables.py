"""Tables in pieces whose names or folders tell the class, and exports that once were taken for something else."""

import io
import json

import pyarrow as pa
import pytest
from pyarrow import orc, parquet

from jobs.kinds.sentences import uploads
from jobs.uploads.errors import UploadRefused
from tests.jobs.kinds.sentences.formats.made_up import ALL, LABELS, ROWS, classes, repairs, zipped
from training.ground.limits import Limits


def inspected(tmp_path, name, data):
    path = tmp_path / "upload"
    path.write_bytes(data if isinstance(data, bytes) else data.encode())
    return uploads.inspect(path, name, Limits(), {})


def read(tmp_path, name, data):
    inspected(tmp_path, name, data)
    uploads.unpack(tmp_path / "upload", name, tmp_path / "data", Limits(), {})
    return sorted((tmp_path / "data" / "data.csv").read_text().splitlines()[1:])


def texts_of(label):
    return [text for text, own in ROWS if own == label]


def as_parquet(texts):
    buffer = io.BytesIO()
    parquet.write_table(pa.table({"text": texts}), buffer)
    return buffer.getvalue()


def pieces(place, make):
    """Each class in two files, numbered through."""
    found = {}
    for number, label in enumerate(LABELS):
        texts = texts_of(label)
        for half, some in enumerate((texts[:3], texts[3:])):
            found[place(label, 2 * number + half)] = make(some)
    return found


def as_csv(texts):
    return "text\n" + "".join(f'"{text}"\n' for text in texts)


@pytest.mark.parametrize(
    "files",
    [
        pieces(lambda label, n: f"label={label}/part-{n}.parquet", as_parquet),
        pieces(lambda label, n: f"data/year=2026/intent={label}/part-{n}.csv", as_csv),
        pieces(lambda label, n: f"{label}/part-{n}.parquet", as_parquet),
        pieces(lambda label, n: f"out/{label}/part-0000{n}-5f0c8a11-c000.csv", as_csv),
        pieces(lambda label, n: f"{label}/data_{n}.csv", as_csv),
    ],
    ids=["hive", "hive among others", "folders", "folders of Spark", "folders of DuckDB"],
)
def test_a_folder_tells_the_class_of_its_pieces(tmp_path, files):
    findings = inspected(tmp_path, "pieces.zip", zipped(files))
    assert classes(findings) == ALL
    assert "the name of the folder is the label" in repairs(findings)


def test_the_rows_are_those_of_the_pieces(tmp_path):
    files = pieces(lambda label, n: f"label={label}/part-{n}.parquet", as_parquet)
    lines = read(tmp_path, "pieces.zip", zipped(files))
    assert lines == sorted(f'"{text}","{label}"' for text, label in ROWS)


def test_a_name_in_an_address_is_unquoted(tmp_path):
    files = {
        f"label=well%20{word}/part-0.csv": as_csv(texts_of(label))
        for word, label in zip("ab", LABELS, strict=False)
    }
    assert set(classes(inspected(tmp_path, "a.zip", zipped(files)))) == {"well a", "well b"}


def test_pieces_of_texts_alone_are_no_classes(tmp_path):
    files = {f"part-{n}.csv": as_csv(texts_of(label)) for n, label in enumerate(LABELS)}
    with pytest.raises(UploadRefused, match="one column"):
        inspected(tmp_path, "a.zip", zipped(files))


def test_names_of_files_are_classes_still(tmp_path):
    files = {f"{label}.csv": as_csv(texts_of(label)) for label in LABELS}
    assert classes(inspected(tmp_path, "a.zip", zipped(files))) == ALL


@pytest.mark.parametrize("first", ['He said "go"', "a back\\slash in it"])
def test_an_object_of_texts_is_read_whatever_its_first_text(tmp_path, first):
    rows = {f"{first} and more": LABELS[0], **dict(ROWS)}
    findings = inspected(tmp_path, "texts.json", json.dumps(rows))
    assert findings.sample_count == len(ROWS) + 1


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("order", [("wish", "text"), ("text", "wish")])
def test_yaml_with_a_document_for_each_row_is_read(tmp_path, end, order):
    rows = [{"text": json.dumps(text), "wish": label} for text, label in ROWS]
    data = "---\n".join("".join(f"{name}: {row[name]}\n" for name in order) for row in rows)
    assert classes(inspected(tmp_path, "rows.yaml", data.replace("\n", end))) == ALL


@pytest.mark.parametrize("compression", ["uncompressed", "zstd"])
def test_orc_is_called_so(tmp_path, compression):
    buffer = io.BytesIO()
    table = pa.table({"text": [text for text, _ in ROWS], "label": [label for _, label in ROWS]})
    orc.write_table(table, buffer, compression=compression)
    with pytest.raises(UploadRefused, match=r"an ORC file\. Save the table as Parquet or CSV"):
        inspected(tmp_path, "a.orc", buffer.getvalue())


def test_a_text_that_begins_with_the_same_letters_is_none(tmp_path):
    data = "ORC,label\n" + "".join(f'"{text}",{label}\n' for text, label in ROWS)
    assert classes(inspected(tmp_path, "a.csv", data)) == ALL


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (
            "\x1e" + "\x1e".join(json.dumps({"text": text, "label": k}) + "\n" for text, k in ROWS),
            "JSON text seq",
        ),
        ("\x1e{}\n", "JSON text sequence"),
        ("\\begin{tabular}{ll}\ntext & label \\\\\na & b \\\\\n\\end{tabular}\n", "a table in LaTeX"),
        ("% made by hand\n\\documentclass{article}\n\\begin{document}\n", "a table in LaTeX"),
    ],
)
def test_what_cannot_be_read_has_its_true_name(tmp_path, data, words):
    with pytest.raises(UploadRefused, match=words):
        inspected(tmp_path, "a.txt", data)
