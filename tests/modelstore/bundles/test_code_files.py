"""The code of models of all recipes is fit to be read: formatted, no unused names, its constants are the model's."""

import ast
import io
import json
import struct
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any

import pytest
from django.core.management import CommandError, call_command

from modelstore.bundles.code_files import SCRIPT, code_files, why_no_code
from modelstore.bundles.generated_code import NoCode, literal
from modelstore.models import TrainedModel
from tests.modelstore.conftest import Publish
from tests.tasks import Task
from training.ground.recipe import resolve

# wavelets.py lies beside the script.
PACKAGES = ("torch", "torchvision", "numpy", "PIL", "tokenizers", "safetensors", "wavelets")
RUFF = Path(sys.executable).with_name("ruff")
CLASSES = ['a "b"', "it's", "q\"x'", "back\\slash", "long " * 12 + "1", "猫\n犬", "{accuracy}"]
NGRAMS = {"classes": 3, "base": 9, "order": 2}
ENCODER = {"encoder": {"layers": 6}, "ngrams": NGRAMS, "length": 512, "window": 256}
RECURRENT = {"recurrent": {}, "ngrams": NGRAMS, "length": 256}
SCHEDULED = {
    "optimizer": "sgd",
    "learning_rate": 0.1,
    "reduce_lr_on_plateau": {"factor": 0.5, "patience": 2, "min_lr": 1e-4},
    "step_lr": {"step_size": 2, "gamma": 0.3},
    "early_stopping": 3,
    "class_weights": True,
}


def model_of(task: Task, values: dict[str, Any], count: int = 5_000, **report: Any) -> TrainedModel:
    """A row of no database, trained as `values` say."""
    config = resolve(task, values).to_json()
    return TrainedModel(
        task_type=task,
        task_name="Cats\nand \u2028 dogs",
        model_name=config["model"],
        classes=CLASSES,
        score_name="accuracy",
        score_value=0.9,
        score_low=0.85,
        score_high=0.94,
        manifest={
            "config": config,
            "files": {"validation.csv": {}},
            "preprocess": {"crop": 224},
            "versions": {"torch": "2.14.1+cpu", "numpy": "2.3.1", "python": "3.11.7"},
        },
        report={"train_count": count, "val_count": 100, "best_epoch": 3} | report,
    )


def opening(arguments: dict[str, Any], unit: str) -> Callable[[str], IO[bytes]]:
    """Opens a bundle's files, of which there is little more than their heads."""
    head = json.dumps({"__metadata__": {"arguments": json.dumps(arguments)}}).encode()
    own = [{"content": "[BOS]"}] if unit != "given" else [{"content": "[CLS]"}]
    steps = [{"type": "Metaspace"}] if unit == "pieces" else []
    kind = {"words": "WordLevel", "given": "WordPiece"}.get(unit, "BPE")
    tokenizer = {
        "model": {"type": kind},
        "added_tokens": own,
        "pre_tokenizer": {"pretokenizers": steps},
    }
    files = {
        "model.safetensors": struct.pack("<Q", len(head)) + head,
        "tokenizer.json": json.dumps(tokenizer).encode(),
    }
    return lambda name: io.BytesIO(files.get(name, b""))


def modules_of(node: ast.AST) -> list[str]:
    """The packages that it imports."""
    names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
    names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
    return [name.partition(".")[0] for name in names]


def recipes() -> dict[str, tuple[TrainedModel, Callable[[str], IO[bytes]]]]:
    found = {}
    nothing = opening({}, "words")
    for preset in ("quick", "balanced", "best"):
        for name in ("mobilenet_v2", "resnet18", "vit_b_16"):
            found[f"{preset} {name}"] = model_of(Task.IMAGE, {"preset": preset, "model": name}), nothing
        for name in ("minilm", "bge_small", "multilingual_e5"):
            for count in (50, 5_000):
                model = model_of(Task.TEXT, {"preset": preset, "model": name}, count)
                found[f"{preset} {name} {count}"] = model, opening(ENCODER, "")
        for name in ("lstm", "gru"):
            model = model_of(Task.TEXT, {"preset": preset, "model": name})
            found[f"{preset} {name}"] = model, opening(RECURRENT, "words")
    for name in ("mobilenet_v2", "wavelets"):
        found[f"scheduled {name}"] = model_of(Task.IMAGE, {"model": name} | SCHEDULED), nothing
    scratch = {"preset": "balanced", "model": "resnet18", "pretrained": False} | SCHEDULED
    found["from scratch"] = model_of(Task.IMAGE, scratch), nothing
    found["wavelets"] = model_of(Task.IMAGE, {"model": "wavelets"}), nothing
    kept = model_of(Task.IMAGE, {"preset": "best", "model": "mobilenet_v2"}, best_epoch=0)
    found["head kept"] = kept, nothing
    for unit in ("words", "pieces", "letters", "given"):
        model = model_of(Task.TEXT, {"model": "bag_of_ngrams"})
        found[f"n-grams of {unit}"] = model, opening(NGRAMS, unit)
    for name, arguments in (("bag_of_ngrams", NGRAMS), ("minilm", ENCODER), ("lstm", RECURRENT)):
        model = model_of(Task.TEXT, {"model": name} | SCHEDULED)
        found[f"scheduled {name}"] = model, opening(arguments, "words")
    return found


def test_code_of_all_recipes_is_formatted_and_whole(tmp_path: Path) -> None:
    for name, (model, open_file) in recipes().items():
        (tmp_path / name).mkdir()
        files = code_files(model, open_file)
        for file in ("train.py", "train.ipynb"):
            (tmp_path / name / file).write_bytes(files[file]().read())
        code = (tmp_path / name / "train.py").read_text()
        assert "# if:" not in code and "# end" not in code and "{interval}" not in code, name
        imported = {name for node in ast.walk(ast.parse(code)) for name in modules_of(node)}
        assert imported <= {*sys.stdlib_module_names, *PACKAGES}, name
        names: dict[str, Any] = {}
        settings = code[code.index("\nDATA = ") :].partition("\n\n")[0]
        exec("import os\nfrom pathlib import Path\n" + settings, names)
        assert names["CLASSES"] == CLASSES
        told = json.loads((tmp_path / name / "train.ipynb").read_text())
        assert (told["nbformat"], told["nbformat_minor"]) == (4, 5)
        assert len({cell["id"] for cell in told["cells"]}) == len(told["cells"])
        assert all("".join(c["source"]) in code for c in told["cells"] if c["cell_type"] == "code")
    for command in (["format", "--check"], ["check"]):
        # As people have it who set nothing.
        done = subprocess.run(
            [RUFF, *command, "--isolated", tmp_path], capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(
    "value", [*CLASSES, "", "'", '"', "\\", "\t\r\x00", 0.1, 1e-5, 3, CLASSES, {"a": "b"}]
)
def test_a_literal_is_what_it_was(value: Any) -> None:
    assert eval(literal(value)) == value


@pytest.mark.parametrize(
    ("facts", "words"),
    [
        ({"report": {"previous": {"samples": 3}}}, "went on from an earlier one"),
        ({"report": {"early": True}}, "while the training goes on"),
        ({"report": {"val_count": 0}}, "was not measured"),
        ({"score_name": "micro_f1"}, "one class to each sample"),
        ({"files": {}}, "earlier version"),
        ({"config": {}}, "earlier version"),
    ],
)
def test_a_sentence_says_why_there_is_none(facts: dict[str, Any], words: str) -> None:
    model = model_of(Task.IMAGE, {"model": "mobilenet_v2"})
    model.report |= facts.get("report", {})
    model.score_name = facts.get("score_name", "accuracy")
    model.manifest |= {name: facts[name] for name in ("files", "config") if name in facts}
    assert words in why_no_code(model)
    with pytest.raises(NoCode, match=words):
        code_files(model, opening({}, "words"))


def test_damaged_heads_are_no_code() -> None:
    model = model_of(Task.TEXT, {"model": "lstm"})
    for content in (b"", b"\xff" * 30, struct.pack("<Q", 2) + b"{}"):
        with pytest.raises(NoCode, match="do not tell"):
            code_files(model, lambda name, content=content: io.BytesIO(content))


def test_where_there_is_no_code_all_ways_say_why(publish: Publish, tmp_path: Path, client: Any) -> None:
    assert not why_no_code(model_of(Task.IMAGE, {"model": "mobilenet_v2"}))
    model = publish("image", manifest={"config": resolve(Task.IMAGE, {"model": "mobilenet_v2"}).to_json()})
    answer = client.get(f"/api/v1/models/{model.token}/download/?format=code")
    # Its bundle has no list of what it was measured on.
    assert answer.status_code == 404
    assert answer.json()["code"] == "file_not_found"
    assert "earlier version" in answer.json()["detail"]
    page = client.get(f"/models/{model.token}/").content.decode()
    assert "format=code" not in page and "earlier version of Flash" in page
    with pytest.raises(CommandError, match="earlier version"):
        call_command("export", model.token, target="code", output=str(tmp_path / "out"))
    assert not (tmp_path / "out").exists()


def test_whose_files_stay_here_stays_whole(publish: Publish, client: Any) -> None:
    model = publish("image", downloadable=False)
    answer = client.get(f"/api/v1/models/{model.token}/download/?format=code")
    assert (answer.status_code, answer.json()["code"]) == (403, "not_downloadable")


def test_a_zip_has_all_that_the_script_reads(publish: Publish, tmp_path: Path, client: Any) -> None:
    (tmp_path / "bundles" / "1").mkdir(parents=True)
    (tmp_path / "bundles" / "1" / "validation.csv").write_text("source,sha256,label,predicted,probability\n")
    recipe = resolve(Task.IMAGE, {"model": "wavelets"}).to_json()
    model = publish("image", manifest={"config": recipe, "model": "wavelets"})
    assert "format=code" in client.get(f"/models/{model.token}/").content.decode()
    answer = client.get(f"/models/{model.token}/download/?format=code")
    assert answer.status_code == 200
    with zipfile.ZipFile(io.BytesIO(b"".join(answer.streaming_content))) as archive:
        names = {name.rpartition("/")[2] for name in archive.namelist()}
        assert names == {SCRIPT, "train.ipynb", "requirements.txt", "validation.csv", "wavelets.py"}
