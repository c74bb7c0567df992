"""What goes with a bundle: a model card, programs, a page that predicts in a browser."""

import ast
import base64
import gzip
import json
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import IO

import pytest

from modelstore.bundles.model_card import model_card
from modelstore.bundles.standalone_files import (
    FOLDER,
    kind_files,
    standalone_bytes,
    standalone_files,
    web_files,
    write_files,
)
from modelstore.downloads.file_responses import FileMissing, open_download
from modelstore.models import TrainedModel
from modelstore.standalone.runtime.make import make
from tests.modelstore.conftest import Publish
from training.ground.recipe import resolve


def test_the_model_card_has_the_score_and_what_it_is_worth(publish: Publish) -> None:
    model = publish("image", task_name="Red <b>or</b> | green")
    model.report |= {
        "baseline": {"name": "colours", "accuracy": 0.7},
        "warnings": ["Few pictures in red (3)."],
        "thresholds": [{"threshold": 0.9, "unsure": 0.25, "accuracy": 0.99}],
    }
    card = model_card(model)
    for words in ("| Accuracy | 90.0 % |", "80.0 % to 95.0 %", "50.0 %", "colours | 70.0 %", "Few pictures"):
        assert words in card
    assert "| 0.90 | 25.0 % | 99.0 % |" in card
    assert card.startswith("# Red \\<b\\>or\\</b\\> \\| green\n")


def test_the_model_card_says_how_much_of_other_classes_is_noticed(publish: Publish) -> None:
    model = publish("text")
    assert "Set a threshold" in model_card(model)
    model.report |= {"outside": {"missing": "Too few."}}
    assert "Set a threshold" in model_card(model)
    model.report |= {"outside": {"threshold": 0.7, "false_alarms": 0.049, "caught": 0.421, "asked": 800}}
    card = model_card(model)
    assert "It marks 42.1 % of what belongs to none of them as `outside`, with 4.9 % false alarms" in card
    assert "Set a threshold" not in card
    model.report["outside"]["caught"] = None
    assert "It marks what belongs to none of them as `outside`, with 4.9 % false alarms." in model_card(model)


@pytest.mark.parametrize("outside", [None, {"threshold": 0.5}], ids=str)
def test_predict_py_says_what_is_probably_none_of_the_classes(
    publish: Publish, tmp_path: Path, outside: dict[str, float] | None
) -> None:
    model = publish("text", manifest={"outside": outside})
    folder = tmp_path / "bundles" / "1"
    write_files(standalone_files(model, lambda name: (folder / name).open("rb")), folder)
    command = [sys.executable, folder / "predict.py", "great fun", "the weather"]
    lines = subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()
    found = ["probably none of my classes" in line for line in lines]
    answers = [
        json.loads(line)
        for line in subprocess.run(
            [*command, "--json"], capture_output=True, text=True, check=True
        ).stdout.splitlines()
    ]
    assert found == [False, outside is not None]
    assert [answer.get("outside") for answer in answers] == ([False, True] if outside else [None, None])


@pytest.mark.parametrize("kind", ["image", "text"])
def test_the_page_for_browsers_has_the_model_inside(publish: Publish, tmp_path: Path, kind: str) -> None:
    model = publish(kind)
    folder = tmp_path / "bundles" / "1"
    write_files(web_files(model, lambda name: (folder / name).open("rb")), tmp_path / "web")
    script = (tmp_path / "web" / "model.js").read_text()
    assert base64.b64decode(script.split('"')[1]) == (folder / "model.onnx").read_bytes()
    facts = json.loads((tmp_path / "web" / "facts.js").read_text().removeprefix("window.FLASH_FACTS = ")[:-2])
    assert facts["classes"] == model.classes
    assert ("tokenizer" in facts) == (kind == "text")
    script = (tmp_path / "web" / "runtime.js").read_text()
    assert script.startswith("window.FLASH_RUNTIME = {code: ")
    assert gzip.decompress(base64.b64decode(script.split('"')[3]))[:4] == b"\0asm"
    whole = sum(path.stat().st_size for path in (tmp_path / "web").iterdir())
    assert standalone_bytes(model) == pytest.approx(whole, rel=0.02)


def test_another_runtime_than_the_pinned_one_is_refused(tmp_path: Path) -> None:
    package = tmp_path / "onnxruntime-web.tgz"
    package.write_bytes(b"something else")
    with pytest.raises(ValueError, match="its checksum is different"):
        make(tmp_path, package)
    assert [path.name for path in tmp_path.iterdir() if path.suffix == ".gz"] == []


def test_a_model_that_no_page_can_read_for_has_none_and_says_so(publish: Publish) -> None:
    model = publish("text")
    TrainedModel.objects.update(model_name="multilingual_e5")
    model.refresh_from_db()
    names = standalone_files(model, open_nothing)
    assert not [name for name in names if name.startswith("web/")] and standalone_bytes(model) == 0
    assert "There is no page for browsers" in model_card(model)
    with pytest.raises(FileMissing, match="no page for browsers"):
        open_download(model=model, format="web")


def open_nothing(name: str) -> IO[bytes]:
    raise AssertionError(name)


def test_what_runs_elsewhere_imports_nothing_of_flash(publish: Publish) -> None:
    """The packages that requirements.txt names, Python's own, each other, and what only rare pictures need."""
    packages, ours = (
        {"numpy", "onnxruntime", "PIL", "tokenizers", "pydicom"},
        {"predict", "preprocess", "inputs", "service"},
    )
    copied = {kind: kind_files(publish(kind)) for kind in ("image", "text")}
    beside = {name.removesuffix(".py") for files in copied.values() for name in files}
    known = {*sys.stdlib_module_names, *packages, *ours, *beside}
    # What trains again has tests of its own.
    texts = {file.name: file.read_text() for file in FOLDER.rglob("*.py") if file.parent.name != "code"}
    for kind, files in copied.items():
        for name, opener in files.items():
            with opener() as file:
                texts[f"{kind} {name}"] = file.read().decode()
    for name, code in texts.items():
        for node in ast.walk(ast.parse(code)):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            assert {module.split(".")[0] for module in names} <= known, f"{name} imports {names}"


def test_the_model_card_tells_only_settings_that_its_kind_has(publish: Publish) -> None:
    model = publish("text")
    model.manifest["config"] = resolve(model.task_type, {"preset": "quick"}).to_json()
    card = model_card(model)
    assert "Preset: Quick; " in card and "90 : 10" in card
    assert "retrained" not in card and "ImageNet" not in card


def _unpacked(publish: Publish, tmp_path: Path, kind: str) -> Path:
    """A bundle as a user has it, and evaluate.py with one validation sample that nobody has."""
    model = publish(kind)
    folder = tmp_path / "bundles" / "1"
    write_files(standalone_files(model, lambda name: (folder / name).open("rb")), folder)
    (folder / "validation.csv").write_text(f"sha256,label,predicted\n{64 * 'a'},x,x\n")
    shutil.copy(FOLDER / "evaluate.py", folder)
    return folder


def _told(program: Path, *arguments: object) -> str:
    command = [sys.executable, str(program), *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert done.returncode == 1 and "Traceback" not in done.stderr, done.stderr
    return done.stderr.strip()


@pytest.mark.slow
def test_data_that_cannot_be_read_is_told_in_a_sentence(publish: Publish, tmp_path: Path) -> None:
    program = _unpacked(publish, tmp_path, "text") / "evaluate.py"
    zipped, listed = tmp_path / "some.zip", tmp_path / "some.jsonl"
    with zipfile.ZipFile(zipped, "w") as archive:
        archive.writestr("a.csv", "text,label\nx,y\n")
    listed.write_text('{"text": "a"\n')
    assert "is not a table of text" in _told(program, zipped)
    assert "cannot be read as a table" in _told(program, listed)
    assert _told(program, "/nope.csv") == "/nope.csv: No such file or directory."


@pytest.mark.slow
def test_a_picture_that_is_not_there_is_not_called_damaged(publish: Publish, tmp_path: Path) -> None:
    folder = _unpacked(publish, tmp_path, "image")
    told = _told(folder / "predict.py", "/nope.jpg", folder)
    assert told == f"/nope.jpg: there is no such file\n{folder}: it is a folder, not a picture"
    assert "neither a folder nor a zip" in _told(folder / "evaluate.py", folder / "labels.txt")


def test_help_on_the_runtime_fetches_nothing() -> None:
    command = [sys.executable, str(FOLDER / "runtime" / "make.py"), "--help"]
    told = subprocess.run(command, capture_output=True, text=True, check=True, env={"PATH": ""}).stdout
    assert "onnxruntime-web" in told and "package" in told
