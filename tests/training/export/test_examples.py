"""What is kept of the validation part: a list of it, and samples to look at."""

import csv
import hashlib
import io
import json
import zipfile

import numpy as np
import pytest
from PIL import Image

from tests.training.datasets import picture_run_dir, sentences, start, text_run_dir
from training.bundle.manifest import Manifest
from training.evaluation.report import thresholds
from training.export.examples import chosen_cells, write_examples
from training.ground.recipe import resolve
from training.kinds.pictures.reading import read_pictures
from training.kinds.pictures.thumbnail import thumbnail
from training.kinds.sentences.reading import sentence_sha256
from training.targets.one_label import ONE_LABEL
from training.train import train

TRUTH = np.array([0, 0, 0, 1, 1])
PROBABILITIES = np.array([[0.9, 0.1], [0.6, 0.4], [0.2, 0.8], [0.7, 0.3], [0.1, 0.9]], np.float32)


def test_a_cell_of_mistakes_has_the_surest_first_and_one_of_right_answers_the_least_sure() -> None:
    cells = chosen_cells(ONE_LABEL, TRUTH, PROBABILITIES, ["a", "b", "c", "d", "e"], 100)
    found = {(cell["truth"], cell["predicted"]): [row["source"] for row in cell["samples"]] for cell in cells}
    assert found == {(0, 1): ["c"], (1, 0): ["d"], (0, 0): ["b", "a"], (1, 1): ["e"]}


def test_when_not_all_can_be_kept_the_mistakes_are() -> None:
    cells = chosen_cells(ONE_LABEL, TRUTH, PROBABILITIES, list("abcde"), 2)
    assert [row["source"] for cell in cells for row in cell["samples"]] == ["c", "d"]
    assert sum(cell["count"] for cell in cells) == 5


def test_a_threshold_tells_its_price() -> None:
    rows = {row["threshold"]: row for row in thresholds(ONE_LABEL, TRUTH, PROBABILITIES)}
    assert rows[0.0] == {"threshold": 0.0, "unsure": 0.0, "accuracy": 0.6}
    assert rows[0.85] == {"threshold": 0.85, "unsure": 0.6, "accuracy": 1.0}
    assert rows[0.95]["accuracy"] is None


class Kept:
    """As much of an outcome as is looked at here."""

    def __init__(self, folder, places) -> None:
        self.samples = read_pictures(folder / "data")
        self.recipe = resolve("imageclassification", {})
        self.measured_on = [self.samples.places.index(place) for place in places]
        self.folds = None
        self.shown, self.classes = places, ["one", "two"]
        self.truth, self.probabilities, self.target = TRUTH, PROBABILITIES, ONE_LABEL
        self.decisions = ONE_LABEL.decide(PROBABILITIES)


def test_pictures_are_listed_by_the_sha256_of_their_files_and_kept_small(tmp_path) -> None:
    run, _ = start(picture_run_dir(tmp_path))
    folder = tmp_path / "bundle"
    folder.mkdir()
    names = ["red/000.png", "green/001.png", "red/002.png", "green/003.png", "blue/004.png"]
    report = {"hardest": [{"source": "blue/005.png"}], "suspects": None, "duplicates": None}
    written = write_examples(folder, Kept(tmp_path, names), run, report)
    assert written == ["validation.csv", "examples.zip"]
    rows = list(csv.DictReader(io.StringIO((folder / "validation.csv").read_text())))
    assert [row["source"] for row in rows] == names
    assert rows[0]["sha256"] == hashlib.sha256((run.data / names[0]).read_bytes()).hexdigest()
    assert (rows[2]["label"], rows[2]["predicted"], rows[2]["probability"]) == ("one", "two", "0.800000")
    with zipfile.ZipFile(folder / "examples.zip") as archive:
        told = json.loads(archive.read("examples.json"))
        assert set(told["pictures"]) == {*names, "blue/005.png"}
        assert Image.open(io.BytesIO(archive.read(told["pictures"]["blue/005.png"]))).format == "JPEG"


def test_what_fails_costs_the_training_nothing(tmp_path, capfd) -> None:
    run, _ = start(picture_run_dir(tmp_path))
    outcome = Kept(tmp_path, ["red/000.png"] * 5)
    (run.data / "red/000.png").unlink()
    assert write_examples(tmp_path, outcome, run, {}) == []
    assert "FileNotFoundError" in capfd.readouterr().err


def test_a_thumbnail_is_upright_and_says_nothing_of_the_camera(tmp_path) -> None:
    exif = Image.Exif()
    exif[0x0112], exif[0x010F] = 6, "somebody's camera"
    Image.new("RGB", (600, 300), "red").save(tmp_path / "a.jpg", exif=exif)
    data = thumbnail(tmp_path / "a.jpg")
    assert data is not None and b"somebody" not in data
    assert Image.open(io.BytesIO(data)).size == (64, 128)
    (tmp_path / "b.jpg").write_bytes(b"no picture")
    assert thumbnail(tmp_path / "b.jpg") is None


def test_sentences_are_listed_by_their_words(tmp_path) -> None:
    run, _ = start(text_run_dir(tmp_path))
    train(run)
    folder = tmp_path / "bundle"
    assert {"validation.csv", "examples.zip", "measured.onnx"} <= set(Manifest.read(folder).files)
    rows = list(csv.DictReader(io.StringIO((folder / "validation.csv").read_text())))
    known = {sentence_sha256(text): label for text, label in sentences()}
    assert rows and all(known[row["sha256"]] == row["label"] for row in rows)
    assert sentence_sha256(" a\tb ") == sentence_sha256("a b")


@pytest.mark.usefixtures("with_weights")
@pytest.mark.slow
def test_the_head_that_was_measured_comes_with_the_bundle(tmp_path) -> None:
    run, _ = start(picture_run_dir(tmp_path, model="mobilenet_v3_small"))
    train(run)
    with np.load(tmp_path / "bundle" / "measured.npz") as tensors:
        assert {name: array.shape[0] for name, array in tensors.items()} == {"head.weight": 3, "head.bias": 3}
