"""One picture, stored in many ways, is one picture: to the check, the trainer, page, API, batches and bundle."""

import base64
import io
import json
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from PIL import Image

from jobs.batches.child.predicting import Predictor
from jobs.kinds.pictures.check import check_picture
from jobs.kinds.pictures.items import Pictures
from modelstore.bundles import store
from modelstore.bundles.standalone_files import standalone_files, write_files
from modelstore.models import TrainedModel
from modelstore.prediction import predictor
from tests import storings
from tests.published import create_model
from tests.training.datasets import COLOURS, picture_run_dir, start
from training.bundle.onnx_classifier import OnnxClassifier
from training.ground.limits import Limits
from training.kinds.pictures.decode import decode_in_chunks
from training.kinds.pictures.preprocess import PicturePreprocess
from training.train import train

pytestmark = pytest.mark.django_db
# Of 1: what lossy storing, or the rounding of colours, may change of a probability.
_SAME = 0.02
SETS = {"coloured": storings.COLOURED, "half the colours": storings.HALVED, "grey": storings.GREY}
Answers = list[tuple[str, float]]
Expected = dict[str, tuple[str, float]]


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Of a small model, really trained on pictures of the kind, some stored with loss."""
    folder = picture_run_dir(tmp_path_factory.mktemp("one") / "run", count=0)
    for name, colour in COLOURS.items():
        for number in range(16):
            image = storings.drawn(colour, number)
            if number % 2:
                image.save(folder / "data" / name / f"{number}.jpg", quality=60 + 2 * number)
            else:
                image.save(folder / "data" / name / f"{number}.png")
    job, _ = start(folder)
    train(job)
    return job.folder / "bundle"


@pytest.fixture
def model(bundle: Path) -> Iterator[TrainedModel]:
    predictor.loaded.cache_clear()
    store.upload_bundle(folder=bundle, prefix="jobs/1/1")
    yield create_model(token="one", prefix="jobs/1/1", folder=bundle, task_name="one", downloadable=True)
    predictor.loaded.cache_clear()


@pytest.fixture(params=SETS)
def stored(request: pytest.FixtureRequest) -> dict[str, bytes]:
    """Each way of storing the picture, with its bytes; the first is the plain one."""
    return made(request.param)


@cache
def made(name: str) -> dict[str, bytes]:
    """Encoders take their time: once is enough for all tests."""
    return {storing: make() for storing, make in SETS[name].items()}


@pytest.fixture
def expected(stored: dict[str, bytes], bundle: Path) -> Expected:
    """What the model says of the plain picture; of colours that were lost on the way, of the very bytes."""
    classifier = OnnxClassifier(bundle)
    rows = classifier.predict(list(stored.values()))
    plain = classifier.manifest.classes[int(rows[0].argmax())]
    loses = SETS["half the colours"].keys() == stored.keys()
    return {
        name: (plain, float(row.max() if loses else rows[0].max()))
        for name, row in zip(stored, rows, strict=True)
    }


def assert_same(stored: dict[str, bytes], answers: Answers, expected: Expected) -> None:
    assert len(answers) == len(stored)
    told = dict(zip(stored, answers, strict=True))
    wrong = {
        name: (label, round(probability, 4), expected[name])
        for name, (label, probability) in told.items()
        if label != expected[name][0] or abs(probability - expected[name][1]) > _SAME
    }
    assert not wrong


def zip_of(stored: dict[str, bytes], path: Path) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for number, content in enumerate(stored.values()):
            archive.writestr(f"{number:03}.dat", content)
    return path


def test_there_are_25_storings_at_least() -> None:
    assert len(storings.COLOURED) >= 25


def test_the_check_takes_it_and_shows_it(stored: dict[str, bytes]) -> None:
    def look(content: bytes) -> Any:
        verdict = check_picture(content, Limits(), decode=True, thumbnail=True)
        assert verdict.reason is None and verdict.data_uri
        with Image.open(io.BytesIO(base64.b64decode(verdict.data_uri.partition(",")[2]))) as thumbnail:
            assert thumbnail.size == (96, 64)
            return np.asarray(thumbnail.convert("RGB"), int)

    plain = look(stored["PNG"])
    far = {name: np.abs(look(content) - plain).mean() for name, content in stored.items()}
    assert {name: mean for name, mean in far.items() if mean > 3} == {}


def test_the_trainer_sees_the_same(stored: dict[str, bytes], tmp_path: Path) -> None:
    paths = [tmp_path / f"{number}.dat" for number in range(len(stored))]
    for path, content in zip(paths, stored.values(), strict=True):
        path.write_bytes(content)
    ((_, pixels, refused),) = decode_in_chunks(paths, PicturePreprocess(96, 96, whole=True), threads=2)
    assert refused == []
    far = np.abs(pixels.astype(int) - pixels[0]).mean((1, 2, 3))
    assert {name: mean for name, mean in zip(stored, far, strict=True) if mean > 2} == {}


def test_the_page_says_the_same(
    client: Client, model: TrainedModel, stored: dict[str, bytes], expected: Expected
) -> None:
    files = [SimpleUploadedFile(name, content) for name, content in stored.items()]
    response = client.post(reverse("model-predict", args=[model.token]), {"image": files})
    found = [outcome.prediction for outcome in response.context["outcomes"]]
    assert_same(stored, [(one.label, one.probability) for one in found], expected)


def test_the_api_says_the_same(
    client: Client, model: TrainedModel, stored: dict[str, bytes], expected: Expected
) -> None:
    inputs = [base64.b64encode(content).decode() for content in stored.values()]
    address = f"/api/v1/models/{model.token}/predict/"
    response = client.post(address, json.dumps({"inputs": inputs}), content_type="application/json")
    found = response.json()["predictions"]
    assert_same(stored, [(one["label"], one["probability"]) for one in found], expected)


def test_a_batch_says_the_same(
    bundle: Path, stored: dict[str, bytes], expected: Expected, tmp_path: Path
) -> None:
    limits = Limits()
    batch = Predictor(OnnxClassifier(bundle), limits=limits, top_k=1, threads=2, at_once=4)
    pictures = Pictures(zip_of(stored, tmp_path / "some.zip"), limits)
    rows = [row for chunk in batch.results(pictures.items(0), lambda: False) for row in chunk]
    assert_same(stored, [(row["label"], row["probability"]) for row in rows], expected)


def test_the_bundle_says_the_same(
    model: TrainedModel, bundle: Path, stored: dict[str, bytes], expected: Expected, tmp_path: Path
) -> None:
    """In a process that has nothing of Flash on its path."""
    folder = tmp_path / "bundle"
    folder.mkdir()
    write_files(standalone_files(model, lambda name: (bundle / name).open("rb")), folder)
    for name in ("model.onnx", "model.json"):
        (folder / name).write_bytes((bundle / name).read_bytes())
    paths = [tmp_path / f"{number}.dat" for number in range(len(stored))]
    for path, content in zip(paths, stored.values(), strict=True):
        path.write_bytes(content)
    command = [sys.executable, str(folder / "predict.py"), "--json", *map(str, paths)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, cwd="/")
    assert done.returncode == 0, done.stderr
    found = [json.loads(line) for line in done.stdout.splitlines()]
    assert_same(stored, [(one["label"], one["probability"]) for one in found], expected)
