"""Writes what serves a bundle elsewhere (on AWS Lambda, in a container, as a page) or trains it again without Flash."""

import os
import shutil
import tempfile
from collections.abc import Callable, Mapping
from enum import StrEnum
from functools import partial
from importlib.metadata import version
from pathlib import Path

from modelstore.bundles.model_card import model_card
from modelstore.bundles.standalone_files import (
    FOLDER,
    Opener,
    kind_files,
    plain,
    requirements,
    text,
    write_files,
)
from modelstore.downloads.file_responses import check_downloadable, checked_code, checked_page, open_checked
from modelstore.ground.errors import FlashError
from modelstore.models import TrainedModel
from training.bundle.manifest import MANIFEST_FILE, ONNX_FILE
from training.kinds import kind_of

Files = Mapping[str, Opener]


class Target(StrEnum):
    """Where a bundle can be served; CODE trains it again."""

    LAMBDA = "lambda"
    DOCKER = "docker"
    WEB = "web"
    CODE = "code"


class ExportRefused(FlashError):
    """The folder is not fit to be written to."""

    status = 409
    code = "export_refused"
    title = "Nothing was exported"


def export(*, model: TrainedModel, target: Target, folder: Path) -> list[str]:
    """Write `folder`, whole or not at all; gives the names of its files.

    Raises ExportRefused (409) where the folder has something in it, NotDownloadable (403), and as `open_download`.
    """
    check_downloadable(model)
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise ExportRefused(f"{folder} exists and is not an empty folder. Choose another one, or remove it.")
    folder.parent.mkdir(parents=True, exist_ok=True)
    partial = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", dir=folder.parent))
    try:
        write_files(_FILES[target](model), partial)
        # Made for its maker alone; a container's user has to read it.
        partial.chmod(0o755)
        os.replace(partial, folder)
    except BaseException:
        shutil.rmtree(partial, ignore_errors=True)
        raise
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


def _lambda(model: TrainedModel) -> Files:
    return _service(model, "lambda", ("handler.py", "template.yaml", "DEPLOY.md"))


def _docker(model: TrainedModel) -> Files:
    return _service(model, "docker", ("server.py", "Dockerfile", "DEPLOY.md"))


def _service(model: TrainedModel, kind: str, own: tuple[str, ...]) -> Files:
    """The model with what predicts; weights for training, report and examples stay behind."""
    names = [ONNX_FILE, MANIFEST_FILE, *kind_of(model.task_type).bundle_files]
    pinned = "".join(f"{name}=={version(name)}\n" for name in requirements(model).split())
    return {
        "README.md": text(model_card(model)),
        "requirements.txt": text(pinned),
        "predict.py": plain(FOLDER / "predict.py"),
        "service.py": plain(FOLDER / "serve" / "service.py"),
        **kind_files(model),
        **{name: plain(FOLDER / kind / name) for name in own},
        **{name: partial(open_checked, model, name) for name in names},
    }


_FILES: Mapping[Target, Callable[[TrainedModel], Files]] = {
    Target.LAMBDA: _lambda,
    Target.DOCKER: _docker,
    Target.WEB: checked_page,
    Target.CODE: checked_code,
}
