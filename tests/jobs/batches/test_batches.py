"""Whole files predicted by a real child process: what comes out, and what is left behind."""

import csv
import io
import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from django.core.files.storage import default_storage
from pyarrow import parquet
from python_calamine import CalamineWorkbook

from jobs.batches import downloads
from jobs.batches.child.items import Item
from jobs.batches.errors import BatchesFull
from jobs.kinds.pictures.sorted_zip import write_sorted
from jobs.kinds.sentences.items import Sentences
from jobs.models import BatchPrediction
from jobs.uploads import UploadRefused
from tests.bundles import picture
from tests.jobs.batches.conftest import colours, stored, zipped
from training.ground.limits import Limits

pytestmark = pytest.mark.django_db
Finish = Callable[..., BatchPrediction]


def results(batch: BatchPrediction) -> list[dict[str, Any]]:
    with default_storage.open(f"{batch.results_prefix}/results.jsonl") as file:
        return [json.loads(line) for line in file.read().decode().splitlines()]


def table(batch: BatchPrediction) -> list[list[str]]:
    with default_storage.open(f"{batch.results_prefix}/results.csv") as file:
        return list(csv.reader(io.StringIO(file.read().decode("utf-8-sig"))))


def test_each_picture_of_a_zip_gets_a_result_and_a_bad_one_a_sentence(
    finish: Finish, settings: Any, tmp_path: Path, django_capture_on_commit_callbacks: Any
) -> None:
    files = {
        "cats/one.png": picture("blue"),
        "two.jpg": picture("red", format="JPEG"),
        "cut.jpg": picture("red", size=(400, 400), format="JPEG")[:900],
        "old.psd": b"8BPS\0\x01" + b"\0" * 30,
        "__MACOSX/._one.png": b"junk",
        "notes.txt": b"not a picture",
    }
    with django_capture_on_commit_callbacks(execute=True):
        batch = finish(zipped(files), top_k=2)
    assert (batch.status, batch.total, batch.done, batch.bad) == ("done", 4, 4, 2)
    assert batch.counts == {"blue": 1, "red": 1}
    one, two, cut, psd = results(batch)
    assert (one["file"], one["label"], len(one["top"])) == ("cats/one.png", "blue", 2)
    assert two["label"] == "red"
    assert "damaged or cut short" in cut["error"]
    assert psd["error"] == "This is PSD, which cannot be read here. Save it as JPEG or PNG."
    assert table(batch)[0] == ["file", "label", "probability", "label_2", "probability_2", "error"]
    assert table(batch)[1][:2] == ["cats/one.png", "blue"]
    assert table(batch)[4] == ["old.psd", "", "", "", "", psd["error"]]
    assert batch.first == results(batch)
    # The upload is nobody's business any more, and nothing lies about.
    assert not batch.file
    assert list(Path(settings.FLASH_RUNS_DIR).rglob("*.jsonl")) == []
    assert sorted(stored(tmp_path / "media")) == [
        "results.csv",
        "results.jsonl",
        "results.xlsx",
        "sorted.zip",
    ]


TEXTS = ["great fun, really", "awful", "=lovely()"]


def _jsonl() -> bytes:
    return "".join(json.dumps({"id": 1, "text": text}) + "\n" for text in TEXTS).encode()


def _parquet() -> bytes:
    buffer = io.BytesIO()
    parquet.write_table(pa.table({"text": TEXTS}), buffer)
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("name", "content", "first_row"),
    [
        ("one_column.csv", ("text\n" + "\n".join(TEXTS) + "\n").encode(), 2),
        ("two.tsv", ("id\ttext\n" + "".join(f"7\t{text}\n" for text in TEXTS)).encode(), 2),
        ("lines.txt", ("\n".join(TEXTS)).encode(), 1),
        ("things.jsonl", _jsonl(), 1),
        ("things.parquet", _parquet(), 1),
    ],
)
def test_sentences_come_in_any_table(tmp_path: Path, name: str, content: bytes, first_row: int) -> None:
    (tmp_path / name).write_bytes(content)
    source = Sentences(tmp_path / name, name, Limits())
    assert [(item.names["row"], item.value) for item in source.items(0)] == list(enumerate(TEXTS, first_row))
    assert [item.value for item in source.items(2)] == TEXTS[2:]
    assert source.total == 3


@pytest.mark.parametrize(
    "text", ["It was great, {} times", "It was awful; {} times", "Once | and never again, {} days later"]
)
def test_a_long_table_of_one_quoted_column_is_read_as_a_short_one(tmp_path: Path, text: str) -> None:
    """What separates elsewhere is a part of each sentence, and the whole is looked at, not only its beginning."""
    texts = [text.format(number) for number in range(6_000)]
    path = tmp_path / "long.csv"
    path.write_text("text\n" + "".join(f'"{sentence}"\n' for sentence in texts))
    assert path.stat().st_size > 128 * 1024
    source = Sentences(path, path.name, Limits())
    assert [item.value for item in source.items(0)] == texts


def test_a_column_may_be_chosen_and_a_bad_row_does_not_spoil_the_rest(finish: Finish) -> None:
    rows = "text,remark\nx,=great()\nx,\nx,awful\n"
    batch = finish(rows.encode(), "things.csv", input_column="remark")
    assert [row.get("label", row.get("error")) for row in results(batch)] == [
        "good",
        "This is empty: write a sentence.",
        "bad",
    ]
    # The user's own columns, byte for byte, so that they join with the file again.
    assert table(batch)[0][:3] == ["text", "remark", "label"]
    assert [row[:3] for row in table(batch)[1:]] == [
        ["x", "=great()", "good"],
        ["x", "", ""],
        ["x", "awful", "bad"],
    ]


@pytest.mark.parametrize(
    ("name", "content", "form"),
    [
        ("page.csv", b"<!doctype html><html><body>x</body></html>", "sentences in a table"),
        ("empty.csv", b"", "sentences in a table"),
        ("rows.jsonl", zipped({"a.png": b"x", "b.png": b"y"}), "sentences in a table"),
        ("none.zip", zipped({}), "pictures in a zip or frames of a video"),
    ],
)
def test_a_wrong_file_gets_no_advice_on_training(submit: Any, name: str, content: bytes, form: str) -> None:
    with pytest.raises(UploadRefused) as refused:
        submit(content, name)
    assert refused.value.detail.endswith(f" Here you can send {form}.")
    assert "label" not in refused.value.detail and "class" not in refused.value.detail


def test_a_refused_file_is_not_called_a_dataset(submit: Any) -> None:
    with pytest.raises(UploadRefused) as refused:
        submit(zipped({"a.txt": b"x"}), "none.zip")
    assert (refused.value.title, refused.value.code) == ("The file cannot be predicted", "no_pictures")


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("empty.zip", b"", "empty"),
        ("words.zip", b"no zip at all", "neither a zip"),
        ("none.zip", zipped({"a.txt": b"x"}), "no pictures"),
        ("broken.zip", colours()[:200], "zip"),
        ("empty.csv", b"", "empty"),
        ("broken.jsonl", b'{"text": "a"}\n{"text": \n', "Line 2"),
    ],
)
def test_what_cannot_be_predicted_is_refused_at_once_and_leaves_nothing(
    submit: Finish, name: str, content: bytes, words: str, tmp_path: Path
) -> None:
    with pytest.raises(UploadRefused, match=words):
        submit(content, name)
    assert not BatchPrediction.objects.exists()
    assert stored(tmp_path / "media") == []
    assert list((tmp_path / "tmp").iterdir()) == []


def test_the_queue_has_an_end(submit: Finish, settings: Any) -> None:
    settings.FLASH_BATCHES_WAITING = 1
    submit(colours())
    with pytest.raises(BatchesFull):
        submit(colours())


def sheet(batch: BatchPrediction, name: str = "Results") -> list[list[Any]]:
    with default_storage.open(f"{batch.results_prefix}/results.xlsx") as file:
        return CalamineWorkbook.from_filelike(io.BytesIO(file.read())).get_sheet_by_name(name).to_python()


def test_a_table_keeps_its_own_columns_in_front_and_ours_give_way(finish: Finish) -> None:
    rows = "number,Label,message\n7,old,great fun\n8,new,=awful()\n"
    batch = finish(rows.encode(), "things.csv", input_column="message", top_k=1)
    names = ["number", "Label", "message", "predicted_label", "predicted_probability", "predicted_error"]
    assert table(batch)[0] == sheet(batch)[0] == names
    assert [row[:4] for row in table(batch)[1:]] == [
        ["7", "old", "great fun", "good"],
        ["8", "new", "=awful()", "bad"],
    ]
    assert [row[2] for row in sheet(batch)[1:]] == ["great fun", "=awful()"]
    assert sheet(batch, "Classes") == [["label", "count"], ["bad", 1.0], ["good", 1.0]]


def test_rows_about_none_of_the_classes_are_marked(finish: Finish, make_model: Any) -> None:
    model = make_model("text", outside={"threshold": 0.5})
    rows = "text\ngreat fun\nthe weather\n \nawful\n"
    batch = finish(
        f"number,{rows.replace(chr(10), chr(10) + '7,', 4)}".encode(), "a.csv", model=model, top_k=1
    )
    names = ["number", "text", "label", "probability", "outside", "error"]
    assert table(batch)[0] == sheet(batch)[0] == names
    assert [row[4] for row in table(batch)[1:]] == ["no", "yes", "", "no"]
    assert [row[4] for row in sheet(batch)[1:]] == ["no", "yes", "", "no"]
    assert [row.get("outside") for row in results(batch)] == [False, True, None, False]


def test_the_pictures_come_back_sorted_into_folders(finish: Finish) -> None:
    files = {"a/one.png": picture("blue"), "two.png": picture("red"), "cut.jpg": b"\xff\xd8\xff nothing"}
    batch = finish(zipped(files))
    assert downloads.formats_of(batch) == ["xlsx", "csv", "jsonl", "zip"]
    content = b"".join(downloads.open_results(batch=batch, format="zip").stream)
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert {name: archive.read(name) for name in archive.namelist()} == {
            "blue/a/one.png": files["a/one.png"],
            "red/two.png": files["two.png"],
        }
    small = batch.summary["thumbnails"]
    assert [bool(one) for one in small] == [True, True, False]
    assert small[0].startswith("data:image/jpeg;base64,")


def test_labels_become_folders_that_every_system_has(tmp_path: Path) -> None:
    labels = ["a/b", "a:b", "..", "CON?", "Cat", "cat"]
    (tmp_path / "r").write_text("".join(json.dumps({"label": label}) + "\n" for label in labels))
    items = [Item({"file": f"{number}.png"}, b"x") for number in range(len(labels))]
    write_sorted(items, tmp_path / "r", tmp_path / "z.zip")
    with zipfile.ZipFile(tmp_path / "z.zip") as archive:
        folders = [name.split("/")[0] for name in archive.namelist()]
    assert folders == ["a_b", "a_b (2)", "_", "CON_", "Cat", "cat (2)"]
