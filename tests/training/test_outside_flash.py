"""A bundle reproduces its accuracy in a virtual environment that has what its requirements.txt says and no more."""

import io
import json
import subprocess
import sys
import zipfile
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest

from modelstore.bundles import store
from modelstore.downloads.file_responses import open_download
from tests.published import create_model
from tests.training.datasets import picture_run_dir, start, text_run_dir
from training.search.folds import fit_in_folds
from training.train import train

pytestmark = [pytest.mark.slow, pytest.mark.django_db]
UV = Path(sys.executable).with_name("uv")
Unpacked = Callable[[Path], Path]


@pytest.fixture(scope="module")
def bare_python(tmp_path_factory: pytest.TempPathFactory) -> Callable[[Path], Path]:
    """`bare_python(requirements.txt)`: the interpreter of an environment with these packages, from uv's cache."""
    made: dict[str, Path] = {}

    def make(requirements: Path) -> Path:
        text = requirements.read_text()
        if text not in made:
            folder = tmp_path_factory.mktemp("bare") / "venv"
            python = folder / "bin" / "python"
            wanted = [f"{name}=={version(name)}" for name in text.split()]
            run([UV, "venv", "--quiet", "--python", sys.executable, folder])
            run([UV, "pip", "install", "--quiet", "--offline", "--python", python, *wanted])
            made[text] = python
        return made[text]

    return make


def run(command: list[Any], **options: Any) -> str:
    done = subprocess.run(
        [str(part) for part in command], capture_output=True, text=True, timeout=300, **options
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture
def unpacked(tmp_path: Path) -> Unpacked:
    """`unpacked(folder)`: the zip that a user downloads of a trained bundle, unpacked."""

    def unpack(folder: Path) -> Path:
        store.upload_bundle(folder=folder, prefix="jobs/7/1")
        model = create_model(
            token="t", prefix="jobs/7/1", folder=folder, task_name="Try it", downloadable=True
        )
        with zipfile.ZipFile(
            io.BytesIO(b"".join(open_download(model=model, format="bundle").stream))
        ) as archive:
            archive.extractall(tmp_path / "unpacked")
        (inside,) = (tmp_path / "unpacked").iterdir()
        return inside

    return unpack


def check(python: Path, folder: Path, data: Path, report: dict[str, Any]) -> None:
    told = json.loads(run([python, folder / "evaluate.py", data, "--json"], cwd="/"))
    assert told["found"] == told["validation_samples"] == report["val_count"]
    assert told["measured_model"] == pytest.approx(report["accuracy"], abs=1e-6)
    assert told["measured_model_answers_as_reported"] == 1.0
    tested = json.loads(run([python, folder / "evaluate.py", data, "--test", "--json"], cwd="/"))
    assert tested["test_samples"] >= report["val_count"] + report["train_count"]
    assert tested["test_interval"][0] <= tested["test_accuracy"] <= tested["test_interval"][1]


@pytest.mark.usefixtures("with_weights")
def test_a_picture_bundle_reproduces_its_accuracy(
    tmp_path: Path, bare_python: Any, unpacked: Unpacked
) -> None:
    job, _ = start(picture_run_dir(tmp_path / "run", model="mobilenet_v3_small"))
    train(job)
    folder = unpacked(job.folder / "bundle")
    report = json.loads((folder / "report.json").read_text())
    python = bare_python(folder / "requirements.txt")
    check(python, folder, job.data, report)
    picture = job.data / "red" / "000.png"
    answer = json.loads(run([python, folder / "predict.py", picture, "--json"]))
    assert answer["label"] in ("red", "green", "blue") and len(answer["top"]) == 3
    refused = subprocess.run(
        [python, folder / "predict.py", folder / "README.md"], capture_output=True, text=True
    )
    assert refused.returncode == 1 and "not a picture" in refused.stderr


def test_a_text_bundle_reproduces_its_accuracy(tmp_path: Path, bare_python: Any, unpacked: Unpacked) -> None:
    job, _ = start(text_run_dir(tmp_path / "run"))
    train(job)
    folder = unpacked(job.folder / "bundle")
    report = json.loads((folder / "report.json").read_text())
    python = bare_python(folder / "requirements.txt")
    check(python, folder, job.data / "data.csv", report)
    words = run([python, folder / "predict.py", "-", "--threshold", "1.1"], input="rain over the hill\n\n")
    assert words.startswith("rain over the hill\tnone of my classes\t")


def test_so_does_a_network_that_votes_with_ngrams(
    tmp_path: Path, bare_python: Any, unpacked: Unpacked
) -> None:
    small = {"epochs": 2, "hidden": 16, "embedding": 16, "layers": 1}
    job, _ = start(text_run_dir(tmp_path / "run", model="lstm", language="th", **small))
    train(job)
    folder = unpacked(job.folder / "bundle")
    report = json.loads((folder / "report.json").read_text())
    check(bare_python(folder / "requirements.txt"), folder, job.data / "data.csv", report)


@pytest.mark.parametrize("fold", ["1", "2"])
def test_a_bundle_measured_in_folds_says_what_it_can_prove(
    tmp_path: Path, bare_python: Any, unpacked: Unpacked, fold: str
) -> None:
    job, _ = start(text_run_dir(tmp_path / "run", data_split=0.8))
    train(job, by=fit_in_folds)
    folder = unpacked(job.folder / "bundle")
    report = json.loads((folder / "report.json").read_text())
    python = bare_python(folder / "requirements.txt")
    told = json.loads(run([python, folder / "evaluate.py", job.data / "data.csv", "--json"], cwd="/"))
    assert (told["folds"], told["listed_samples"]) == (5, report["val_count"])
    assert told["listed"] == told["reported_accuracy"] == pytest.approx(report["accuracy"], abs=1e-6)
    assert told["found"] == told["validation_samples"] == report["folds"]["first"]["count"]
    assert told["measured_model"] == told["first_fold"]
    assert told["measured_model_answers_as_reported"] == 1.0
    assert "in 5 folds" in run([python, folder / "evaluate.py", job.data / "data.csv"], cwd="/")
    # An answer that was changed is found, by the figure where the model of its fold is not there.
    rows = (folder / "validation.csv").read_text().splitlines()
    place = next(i for i, row in enumerate(rows) if row.endswith(f",{fold}"))
    rows[place] = (
        rows[place].replace(",weather,weather,", ",weather,food,").replace(",food,food,", ",food,weather,")
    )
    (folder / "validation.csv").write_text("\n".join(rows) + "\n")
    changed = subprocess.run(
        [python, folder / "evaluate.py", job.data / "data.csv"], capture_output=True, text=True
    )
    assert changed.returncode == 1
