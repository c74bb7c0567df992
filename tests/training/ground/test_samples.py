"""A sample is known by what is in it and by its place; how it is shown is another matter."""

import csv
import hashlib
import io
import shutil
from pathlib import Path

import pytest

from tests.training.datasets import picture_run_dir, sentences, start, write_table
from training.bundle.previous import FOLDER
from training.ground.errors import TrainingFailed
from training.ground.samples import ContentIds, Samples, labelled
from training.kinds.pictures import reading
from training.kinds.sentences.reading import read_sentences
from training.train import train


def some(contents: ContentIds[str]) -> Samples[str]:
    return labelled(["a", "b", "a", "c"], ["1", "2", "3", "4"], ["x", "y", "x", "z"], contents, str.upper)


def test_an_id_is_computed_once_for_each_content() -> None:
    asked: list[str] = []

    def digest(item: str) -> str:
        asked.append(item)
        return item * 3

    samples = some(ContentIds(digest))
    assert samples.ids([3, 0, 2], 2) == ["ccc", "aaa", "aaa"]
    assert samples.keep([0, 1, 3]).ids([0, 1, 2], 1) == ["aaa", "bbb", "ccc"]
    assert sorted(asked) == ["a", "b", "c"]


def test_a_sample_is_shown_with_its_place_and_words() -> None:
    samples = some(ContentIds(str))
    assert samples.shown(1) == "2: B"
    assert samples.keep([1, 3]).shown(1) == "4: C"
    assert labelled(["a"], ["folder/a.png"], ["x"], ContentIds(str)).shown(0) == "folder/a.png"


def test_classes_without_samples_are_dropped() -> None:
    samples = some(ContentIds(str)).keep([3, 0])
    assert (samples.classes, samples.labels.tolist()) == (["x", "z"], [1, 0])


def test_a_sentence_has_the_row_of_its_file_for_a_place(tmp_path: Path) -> None:
    write_table(tmp_path / "data", [("good: a colon", "x"), ("", "x"), ("row 9: odd", "y")])
    samples = read_sentences(tmp_path / "data")
    assert list(samples.places) == ["row 2", "row 4"]
    assert list(samples.places[1:]) == ["row 4"]
    assert samples.shown(1) == "row 4: row 9: odd"
    assert samples.ids([1], 1) == [hashlib.sha256(b"row 9: odd").hexdigest()]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("input,label\na,x\n\nb,y\n", [("a", "row 2"), ("b", "row 3")]),
        ("\nlabel,input\nx,a,more,and more\ny\nz,c\n", [("a", "row 2"), ("c", "row 4")]),
        ("input,label,input\n1,x,a\n2,y,b\n", [("a", "row 2"), ("b", "row 3")]),
        ("input,label,group\na,x,g,label\nb,y\n", [("a", "row 2"), ("b", "row 3")]),
    ],
    ids=["an empty line", "cells too many and too few", "a column twice", "a short row of three"],
)
def test_odd_tables_are_read_cell_by_cell(tmp_path: Path, text: str, expected: list[tuple[str, str]]) -> None:
    (tmp_path / "data.csv").write_text(text)
    samples = read_sentences(tmp_path)
    assert list(zip(samples.items, samples.places, strict=True)) == expected


def test_a_table_without_its_columns_has_no_sentences(tmp_path: Path) -> None:
    (tmp_path / "data.csv").write_text("text,label\na,x,b\n")
    with pytest.raises(TrainingFailed, match="no sentences"):
        read_sentences(tmp_path)


def test_a_colon_in_a_place_does_not_change_what_is_listed(tmp_path: Path) -> None:
    from tests.training.datasets import text_run_dir

    folder = text_run_dir(tmp_path)
    shutil.rmtree(folder / "data")
    write_table(folder / "data", [(f"row 1: {text}", label) for text, label in sentences()])
    train(start(folder)[0])
    rows = list(csv.DictReader(io.StringIO((folder / "bundle/validation.csv").read_text())))
    known = {hashlib.sha256(f"row 1: {text}".encode()).hexdigest() for text, _ in sentences()}
    assert rows and {row["sha256"] for row in rows} <= known
    assert all(row["source"].removeprefix("row ").isdigit() for row in rows)


@pytest.mark.usefixtures("with_weights")
def test_pictures_of_a_continued_training_are_hashed_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hashed: list[Path] = []
    sha256 = reading.sha256
    monkeypatch.setattr(reading, "sha256", lambda path: (hashed.append(path), sha256(path))[1])
    values = {"model": "mobilenet_v3_small"}
    earlier = picture_run_dir(tmp_path / "earlier", 20, **values)
    train(start(earlier)[0])
    # Of a first training only what it was measured on is listed.
    assert len(hashed) == len(set(hashed)) == 12
    hashed.clear()
    folder = picture_run_dir(tmp_path / "next", 24, **values)
    shutil.copytree(earlier / "bundle", folder / FOLDER)
    train(start(folder)[0])
    assert len(hashed) == len(set(hashed)) == 72
