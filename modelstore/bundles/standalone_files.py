"""What a bundle needs to be of use without Flash: programs, a page for browsers, a model card.

They are added when a bundle leaves, not stored with it: they are the same for all models, and get better.
"""

import base64
import io
import json
import shutil
import tempfile
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import IO, Any

from django.conf import settings

from modelstore.bundles.model_card import model_card
from modelstore.models import TrainedModel
from training.bundle.manifest import ONNX_FILE, VALIDATION_FILE
from training.kinds import CATALOG, kind_of
from training.score import ACCURACY

FOLDER = Path(__file__).resolve().parents[1] / "standalone"
# onnxruntime-web, see its make.py; what the page calls each part.
_RUNTIME = FOLDER / "runtime"
_RUNTIME_PARTS = {"code": "ort.mjs.gz", "wasm": "ort.wasm.gz"}
_WEB_FILES = ("index.html", "page.css", "page.js")
_FACTS = (
    "task_name",
    "classes",
    "preprocess",
    "input_name",
    "output_name",
    "accuracy",
    "accuracy_interval",
    "score",
    "outside",
    "thresholds",
)
# Whole groups of three bytes, so that the pieces join.
_PIECE = 3 * 256 * 1024

Open = Callable[[str], IO[bytes]]
Opener = Callable[[], IO[bytes]]


def reads_in_browser(model: TrainedModel) -> bool:
    """Whether the page for browsers reads what this model reads."""
    spec = CATALOG.get(model.model_name)
    return spec is None or spec.in_browser


def kind_files(model: TrainedModel) -> dict[str, Opener]:
    """The modules that know this model's inputs; they stand alone."""
    kind = kind_of(model.task_type)
    parts = kind.preprocess_parts
    return {
        "preprocess.py": partial(_beside, kind.preprocess, parts),
        **{f"{_last(part)}.py": partial(_beside, part, parts) for part in parts},
        "inputs.py": plain(module_file(f"{kind.standalone}.inputs")),
    }


def _beside(module: str, parts: Sequence[str]) -> IO[bytes]:
    """The text of a module for a folder where `parts` lie beside it: they lose their packages."""
    code = module_file(module).read_text(encoding="utf-8")
    for part in parts:
        code = code.replace(part, _last(part))
    return io.BytesIO(code.encode())


def _last(module: str) -> str:
    return module.rpartition(".")[2]


def module_file(module: str) -> Path:
    """Where a module lies. It is not imported: that may need numpy, and the web starts without."""
    spec = find_spec(module)
    assert spec is not None and spec.origin is not None
    return Path(spec.origin)


def standalone_files(model: TrainedModel, open_file: Open) -> dict[str, Opener]:
    """Names in the bundle and what opens each file; `open_file` opens one of the model's own."""
    files = {
        "README.md": text(model_card(model)),
        "labels.txt": text("".join(f"{' '.join(label.split())}\n" for label in model.classes)),
        "requirements.txt": text(requirements(model)),
        "predict.py": plain(FOLDER / "predict.py"),
        **kind_files(model),
    }
    if VALIDATION_FILE in model.manifest["files"] and model.score.name == ACCURACY:
        files["evaluate.py"] = plain(FOLDER / "evaluate.py")
    if not reads_in_browser(model):
        return files
    return files | {f"web/{name}": opener for name, opener in web_files(model, open_file).items()}


def web_files(model: TrainedModel, open_file: Open) -> dict[str, Opener]:
    """The files of the page that predicts in a browser, opened from the disk or served as they are."""
    files = {name: plain(FOLDER / "web" / name) for name in _WEB_FILES}
    files["inputs.js"] = plain(
        module_file(f"{kind_of(model.task_type).standalone}.inputs").with_suffix(".js")
    )
    files["facts.js"] = text(f"window.FLASH_FACTS = {json.dumps(_facts(model, open_file))};\n")
    files["model.js"] = partial(_model_script, open_file)
    files["runtime.js"] = _runtime_script
    files["LICENSE-onnxruntime.txt"] = plain(_RUNTIME / "LICENSE")
    return files


def standalone_bytes(model: TrainedModel) -> int:
    """About how much they add to a bundle: what the page for browsers takes."""
    if not reads_in_browser(model):
        return 0
    runtime = sum((_RUNTIME / name).stat().st_size for name in _RUNTIME_PARTS.values())
    return (int(model.manifest["files"][ONNX_FILE]["bytes"]) + runtime) * 4 // 3


def plain(path: Path) -> Opener:
    """Opens a file of this installation."""
    return lambda: path.open("rb")


def text(content: str) -> Opener:
    """Opens what was written on the spot."""
    return partial(io.BytesIO, content.encode())


def requirements(model: TrainedModel) -> str:
    """What predict.py needs, one a line."""
    return "\n".join(["onnxruntime", "numpy", "pillow", *kind_of(model.task_type).requirements]) + "\n"


def _facts(model: TrainedModel, open_file: Open) -> Mapping[str, Any]:
    facts = {name: model.manifest[name] for name in _FACTS if name in model.manifest}
    facts["task_name"] = model.task_name
    for name in kind_of(model.task_type).bundle_files:
        with open_file(name) as file:
            facts[Path(name).stem] = json.load(file)
    return facts


def _model_script(open_file: Open) -> IO[bytes]:
    return _script(("window.FLASH_MODEL = ", partial(open_file, ONNX_FILE), ";\n"))


def _runtime_script() -> IO[bytes]:
    said: list[str | Opener] = ["window.FLASH_RUNTIME = {"]
    for name, file in _RUNTIME_PARTS.items():
        said += [f"{name}: ", plain(_RUNTIME / file), ", "]
    return _script((*said, "};\n"))


def _script(parts: Sequence[str | Opener]) -> IO[bytes]:
    """Files in base64 as a script: a page opened from the disk may run one, but not fetch a file."""
    with ExitStack() as stack:
        script = stack.enter_context(tempfile.TemporaryFile(dir=settings.FILE_UPLOAD_TEMP_DIR))
        for part in parts:
            if isinstance(part, str):
                script.write(part.encode())
                continue
            script.write(b'"')
            with part() as file:
                while piece := file.read(_PIECE):
                    script.write(base64.b64encode(piece))
            script.write(b'"')
        script.seek(0)
        stack.pop_all()
        return script


def write_files(files: Mapping[str, Opener], folder: Path) -> None:
    """Copies files into `folder`."""
    for name, opener in files.items():
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        with opener() as file, target.open("wb") as copy:
            shutil.copyfileobj(file, copy)
