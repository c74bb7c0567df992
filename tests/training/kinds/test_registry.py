"""A kind of task is a record that is registered: what nobody registered is refused, a new one needs nothing else."""

import csv
import dataclasses
import io
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from tests.whole.numbers_kind import KIND, TASK
from training.bundle.manifest import Manifest, verify
from training.bundle.onnx_classifier import OnnxClassifier
from training.bundle.preprocessing import UnreadableInput
from training.ground.machine import Machine
from training.ground.recipe import Recipe, RecipeInvalid, resolve
from training.kinds import (
    CATALOG,
    KINDS,
    KindsInvalid,
    Preset,
    UnknownKind,
    kind_of,
    load,
    load_kinds,
    register,
    unregister,
)
from training.restore import load_classifier

ROOT = Path(__file__).parents[3]
BUILT_IN = ("imageclassification", "textclassification")


@pytest.fixture
def numbers() -> Iterator[None]:
    """The kind of numbers is known to this process."""
    register(KIND)
    yield
    unregister(KIND)


def write_numbers(folder: Path, count: int = 60) -> None:
    folder.mkdir(parents=True)
    random = np.random.default_rng(1)
    with (folder / "pairs.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        for number in range(count):
            middle = 2.0 * (number % 2)
            x, y = random.normal(middle, 0.3, 2)
            writer.writerow((f"{x:.3f}", f"{y:.3f}", "high" if middle else "low"))


def test_the_kinds_that_come_with_flash_are_known() -> None:
    assert tuple(KINDS) == BUILT_IN
    assert [kind.name for kind in KINDS.values()] == ["pictures", "sentences"]
    assert KINDS.get("x") is None
    assert "x" not in KINDS


@pytest.mark.parametrize("task", ["", "x", "image", None, TASK])
def test_an_unknown_kind_is_refused_with_those_that_are_known(task) -> None:
    with pytest.raises(UnknownKind, match="imageclassification, textclassification"):
        kind_of(task)
    with pytest.raises(UnknownKind):
        resolve(task, {})


@pytest.mark.parametrize("kind", KINDS.values(), ids=lambda kind: kind.name)
def test_what_a_kind_names_is_there(kind) -> None:
    for name in (kind.read, kind.fit, kind.restore, kind.thumbnail, kind.serving_copy):
        assert not name or callable(load(name))
    assert callable(load(kind.preprocess).from_json)
    assert all(spec.task == kind.task and CATALOG[spec.name] is spec for spec in kind.models)
    fields = {field.name for field in dataclasses.fields(Recipe)}
    for preset in Preset:
        assert kind.preset_words[preset]
        for model in (None, *(spec.name for spec in kind.models)):
            values = kind.defaults(preset, model, None)
            assert set(values) <= fields
            assert kind.model(values["model"]) is not None
            assert isinstance(kind.is_convex(values), bool)
            assert isinstance(kind.curve_words(values), str)
            assert kind.rough_seconds(values, 1_000) > 0


@pytest.mark.usefixtures("numbers")
def test_a_kind_from_outside_stands_beside_the_others() -> None:
    assert tuple(KINDS) == (*BUILT_IN, TASK)
    assert CATALOG["line"].title == "Line"
    register(KIND)
    assert resolve(TASK, {}).solver == "newton"
    with pytest.raises(RecipeInvalid, match="have no pretrained weights"):
        resolve(TASK, {"pretrained": True})


@pytest.mark.usefixtures("numbers")
def test_no_kind_takes_the_place_of_another() -> None:
    with pytest.raises(ValueError, match=TASK):
        register(dataclasses.replace(KIND, models=()))
    with pytest.raises(ValueError, match="line"):
        register(dataclasses.replace(KIND, task="other"))


def test_kinds_are_loaded_by_the_names_of_their_modules() -> None:
    load_kinds(" tests.whole.numbers_kind, ")
    try:
        assert kind_of(TASK) is KIND
    finally:
        unregister(KIND)


@pytest.mark.parametrize(
    ("module", "words"),
    [
        ("tests.no_such_kind", "There is no such Python module"),
        ("no_such_package.kind", "There is no such Python module"),
        ("tests.whole", "has no KIND"),
        ("training.kinds", "has no KIND"),
        ("..", "Importing it ends in"),
    ],
)
def test_a_module_without_a_kind_is_refused_by_its_name(module: str, words: str) -> None:
    with pytest.raises(KindsInvalid, match=words) as caught:
        load_kinds([module])
    assert repr(module) in str(caught.value)


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("import a_missing_library", "needs the module 'a_missing_library'"),
        ("raise RuntimeError('no licence')", "RuntimeError: no licence"),
        ("KIND = 'boxes'", "has no KIND"),
    ],
)
def test_a_module_that_cannot_be_imported_says_why(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, source: str, words: str
) -> None:
    (tmp_path / "made_up_kind.py").write_text(source)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "made_up_kind", raising=False)
    with pytest.raises(KindsInvalid, match=words):
        load_kinds("made_up_kind")
    sys.modules.pop("made_up_kind", None)


@pytest.mark.slow
@pytest.mark.usefixtures("numbers")
def test_a_kind_from_outside_is_trained_in_a_process_of_its_own_and_predicts(tmp_path: Path) -> None:
    write_numbers(tmp_path / "data")
    told = resolve(TASK, {}).to_json() | Machine(nice=0, threads=1, serving_copy=True).to_json()
    (tmp_path / "config.json").write_text(json.dumps({"config": told, "task_name": "try"}))
    command = [sys.executable, "-m", "training", str(tmp_path)]
    unknown = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert unknown.returncode == 1
    assert json.loads(unknown.stdout.splitlines()[-1])["code"] == "config_invalid"
    environment = os.environ | {"FLASH_KINDS": "tests.whole.numbers_kind"}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    folder = tmp_path / "bundle"
    manifest = Manifest.read(folder)
    verify(folder, manifest)
    assert (manifest.task, manifest.input_name) == (TASK, "numbers")
    assert manifest.accuracy == 1.0
    found = OnnxClassifier(folder).predict([(0.1, 0.0), (2.0, 2.1)])
    assert [manifest.classes[i] for i in found.argmax(1)] == ["low", "high"]
    with pytest.raises(UnreadableInput, match="no pair") as caught:
        OnnxClassifier(folder).predict([(1, 1), ("one", "two")])
    assert caught.value.index == 1
    import torch

    with torch.no_grad():
        alike = load_classifier(folder / "model.pt")(torch.tensor([[0.1, 0.0], [2.0, 2.1]])).numpy()
    assert alike == pytest.approx(found, abs=1e-5)
    rows = list(csv.DictReader(io.StringIO((folder / "validation.csv").read_text())))
    assert len(rows) == json.loads((folder / "report.json").read_text())["val_count"]


def test_a_thread_that_asks_while_the_kinds_are_loaded_waits_for_them():
    code = (
        "import threading, time\n"
        "from training.kinds import registry\n"
        "load = registry.load_kinds\n"
        "registry.load_kinds = lambda names: (time.sleep(0.3), load(names))\n"
        "found = []\n"
        "threads = [threading.Thread(target=lambda: found.append(list(registry.KINDS))) for _ in range(4)]\n"
        "[thread.start() for thread in threads]; [thread.join() for thread in threads]\n"
        "print([len(names) for names in found])"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[2, 2, 2, 2]"
