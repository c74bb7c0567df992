"""What goes with a bundle: a model card, programs, a page that predicts in a browser."""

import ast
import base64
import json
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from modelstore.bundles.model_card import model_card
from modelstore.bundles.standalone_files import (
    FOLDER,
    kind_files,
    runtime_path,
    standalone_files,
    web_files,
    write_files,
)
from modelstore.downloads.file_responses import open_download
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
    assert not (tmp_path / "web" / "runtime.js").exists()


def test_a_fetched_runtime_goes_along(publish: Publish, settings, tmp_path: Path) -> None:
    settings.FLASH_VAR_DIR = tmp_path / "var"
    runtime_path().parent.mkdir(parents=True)
    runtime_path().write_text("runtime")
    content = b"".join(open_download(model=publish(task_name="a"), format="bundle").stream)
    assert b"a-mobilenet_v2/web/runtime.js" in content


def test_a_runtime_that_is_another_one_is_refused(settings, tmp_path: Path) -> None:
    settings.FLASH_VAR_DIR = tmp_path / "var"
    (tmp_path / "onnxruntime-web.tgz").write_bytes(b"something else")
    with pytest.raises(CommandError, match="its checksum is different"):
        call_command("get_runtime", str(tmp_path / "onnxruntime-web.tgz"))
    assert not runtime_path().exists()


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
    command = [sys.executable, str(FOLDER / "web" / "get_runtime.py"), "--help"]
    told = subprocess.run(command, capture_output=True, text=True, check=True, env={"PATH": ""}).stdout
    assert "onnxruntime-web" in told and "package" in told
