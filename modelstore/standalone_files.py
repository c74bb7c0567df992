"""What a bundle needs to be of use without Flash: programs, a page for browsers, a model card.

They are added when a bundle leaves, not stored with it: they are the same for all models, and get better.
"""

import base64
import io
import json
import shutil
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import IO, Any

from django.conf import settings

from modelstore.model_card import model_card
from modelstore.models import TaskType, TrainedModel
from training import preprocess
from training.bundle import ONNX_FILE, VALIDATION_FILE
from training.preprocess import TOKENIZER_FILE

FOLDER = Path(__file__).resolve().parent / "standalone"
# `manage.py get_runtime` writes it, see standalone/web/get_runtime.py.
RUNTIME_FILE = "runtime.js"
_WEB_FILES = ("index.html", "page.css", "page.js", "inputs.js")
_FACTS = (
    "task_name",
    "classes",
    "preprocess",
    "input_name",
    "output_name",
    "accuracy",
    "accuracy_interval",
)
# Whole groups of three bytes, so that the pieces join.
_PIECE = 3 * 256 * 1024

Open = Callable[[str], IO[bytes]]


def runtime_path() -> Path:
    """Where this installation keeps onnxruntime-web; the file is there once an operator fetched it."""
    return Path(settings.FLASH_VAR_DIR) / "onnxruntime-web" / RUNTIME_FILE


def standalone_files(model: TrainedModel, open_file: Open) -> dict[str, IO[bytes]]:
    """Names in the bundle and open files; `open_file` opens one of the model's own. Close them all."""
    files: dict[str, IO[bytes]] = {
        "README.md": _text(model_card(model)),
        "requirements.txt": _text(requirements(model)),
        "predict.py": (FOLDER / "predict.py").open("rb"),
        "preprocess.py": Path(preprocess.__file__).open("rb"),  # noqa: SIM115 - the caller closes all
    }
    if VALIDATION_FILE in model.manifest["files"]:
        files["evaluate.py"] = (FOLDER / "evaluate.py").open("rb")
    return files | {f"web/{name}": file for name, file in web_files(model, open_file).items()}


def web_files(model: TrainedModel, open_file: Open) -> dict[str, IO[bytes]]:
    """The files of the page that predicts in a browser; with its runtime where that is here."""
    files: dict[str, IO[bytes]] = {name: (FOLDER / "web" / name).open("rb") for name in _WEB_FILES}
    files["facts.js"] = _text(f"window.FLASH_FACTS = {json.dumps(_facts(model, open_file))};\n")
    files["model.js"] = _model_script(open_file)
    files["get_runtime.py"] = (FOLDER / "web" / "get_runtime.py").open("rb")
    if runtime_path().is_file():
        files[RUNTIME_FILE] = runtime_path().open("rb")
    return files


def requirements(model: TrainedModel) -> str:
    """What predict.py needs, one a line."""
    names = ["onnxruntime", "numpy", "pillow"]
    return "\n".join([*names, "tokenizers"] if model.task_type == TaskType.TEXT else names) + "\n"


def _facts(model: TrainedModel, open_file: Open) -> Mapping[str, Any]:
    facts = {name: model.manifest[name] for name in _FACTS if name in model.manifest}
    facts["task_name"] = model.task_name
    if model.task_type == TaskType.TEXT:
        with open_file(TOKENIZER_FILE) as file:
            facts["tokenizer"] = json.load(file)
    return facts


def _model_script(open_file: Open) -> IO[bytes]:
    """The model as a script: a page opened from the disk may run one, but not fetch a file."""
    script = tempfile.TemporaryFile(dir=settings.FILE_UPLOAD_TEMP_DIR)  # noqa: SIM115 - the caller closes it
    script.write(b'window.FLASH_MODEL = "')
    with open_file(ONNX_FILE) as model:
        while piece := model.read(_PIECE):
            script.write(base64.b64encode(piece))
    script.write(b'";\n')
    script.seek(0)
    return script


def _text(content: str) -> IO[bytes]:
    return io.BytesIO(content.encode())


def write_files(files: Mapping[str, IO[bytes]], folder: Path) -> None:
    """Copies open files into `folder` and closes them."""
    for name, file in files.items():
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        with file, target.open("wb") as copy:
            shutil.copyfileobj(file, copy)
