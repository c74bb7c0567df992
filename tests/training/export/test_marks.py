"""A trained bundle has marks of all that it was trained and measured on, and of what the model before it was."""

import shutil

import numpy as np
import pytest

from tests.training.datasets import picture_run_dir, sentences, start, text_run_dir, write_table
from training.bundle.manifest import MARKS_FILE, Manifest, verify
from training.bundle.previous import FOLDER
from training.kinds.pictures.decode import decode_in_chunks
from training.kinds.pictures.descriptors import Descriptors
from training.kinds.pictures.marks import seen_before as seen_pictures
from training.kinds.pictures.preprocess import PicturePreprocess
from training.kinds.sentences.alike.marks import seen_before
from training.train import train

NEW = ["a quiet evening with an old book", "nobody knows which door leads out"]
SPORT = [(f"the {who} team won the match in the {place}", "sport") for who in ("red", "blue", "young")
         for place in ("north", "south", "rain")]  # fmt: skip


def marks_of(bundle):
    manifest = Manifest.read(bundle)
    verify(bundle, manifest)
    assert MARKS_FILE in manifest.files
    with np.load(bundle / MARKS_FILE) as marks:
        return dict(marks)


def test_sentences_of_both_parts_are_known_and_those_of_the_model_before(tmp_path):
    first, _ = start(text_run_dir(tmp_path / "first", data_split=0.8))
    train(first)
    learnt = [text for text, _ in sentences()]
    marks = marks_of(first.folder / "bundle")
    assert seen_before(learnt, marks).all()
    assert not seen_before([*NEW, *(text for text, _ in SPORT)], marks).any()
    folder = text_run_dir(tmp_path / "second", data_split=0.8)
    shutil.rmtree(folder / "data")
    write_table(folder / "data", [*SPORT, *sentences()[:12], *sentences()[-12:]])
    shutil.copytree(first.folder / "bundle", folder / FOLDER)
    second, _ = start(folder)
    train(second)
    marks = marks_of(folder / "bundle")
    assert seen_before([*learnt, *(text for text, _ in SPORT)], marks).all()
    assert not seen_before(NEW, marks).any()


@pytest.mark.slow
@pytest.mark.usefixtures("with_weights")
def test_pictures_of_both_parts_are_known(tmp_path):
    run, _ = start(picture_run_dir(tmp_path / "run", model="mobilenet_v3_small"))
    train(run)
    bundle = run.folder / "bundle"
    preprocess = PicturePreprocess.from_json(Manifest.read(bundle).preprocess)
    paths = sorted(run.data.rglob("*.png"))
    found = Descriptors(len(paths))
    for first, pixels, _ in decode_in_chunks(paths, preprocess, threads=2):
        found.add(first, pixels)
    assert seen_pictures(found, marks_of(bundle)).all()
