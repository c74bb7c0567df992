"""What goes with a bundle: a model card, programs, a page that predicts in a browser."""

import ast
import base64
import json
import sys
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from modelstore.bundles.model_card import model_card
from modelstore.bundles.standalone_files import FOLDER, kind_files, runtime_path, web_files, write_files
from modelstore.downloads.file_responses import open_download
from tests.modelstore.conftest import Publish


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
    texts = {file.name: file.read_text() for file in FOLDER.rglob("*.py")}
    for kind, files in copied.items():
        for name, opener in files.items():
            with opener() as file:
                texts[f"{kind} {name}"] = file.read().decode()
    for name, code in texts.items():
        for node in ast.walk(ast.parse(code)):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            assert {module.split(".")[0] for module in names} <= known, f"{name} imports {names}"
