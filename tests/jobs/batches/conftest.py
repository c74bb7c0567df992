"""Models with tiny real bundles, and files to predict."""

import io
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from django.core.files.base import ContentFile

from jobs.batches import runner, submission
from jobs.batches.options import BatchOptions
from jobs.models import BatchPrediction
from jobs.worker import watch
from jobs.worker.stop_request import STOPPING
from modelstore.bundles import store
from modelstore.ground import tokens
from modelstore.models import TrainedModel
from tests import bundles
from tests.published import create_model
from training.bundle.manifest import MARKS_FILE, Manifest, describe_files


def zipped(files: dict[str, bytes]) -> bytes:
    """A zip of these files."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in files.items():
            # Of no date, so that the same files make the same zip.
            archive.writestr(zipfile.ZipInfo(name), content)
    return buffer.getvalue()


def stored(folder: Path) -> list[str]:
    """The files of batches below `folder`, the storage."""
    return [path.name for path in folder.glob("batch*/**/*") if path.is_file()]


def colours(count: int = 3) -> bytes:
    """A zip with red and blue pictures in turn."""
    return zipped(
        {f"{n:03}.png": bundles.picture("blue" if n % 2 else "red", size=(20 + n, 20)) for n in range(count)}
    )


def many(count: int = 5000) -> bytes:
    """A zip that takes seconds: the same picture again and again."""
    one = bundles.picture("red", size=(400, 400), format="JPEG")
    return zipped({f"{n:04}.jpg": one for n in range(count)})


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watch, "POLL_SECONDS", 0.05)
    STOPPING.clear()


@pytest.fixture
def make_model(db: None, tmp_path: Path) -> Callable[..., TrainedModel]:
    """`make_model("image" | "text" | "shared")`: a model whose bundle lies in storage; `marks` are of its training.

    What else is given goes into its manifest.
    """

    def make(kind: str = "image", marks: dict[str, Any] | None = None, **manifest: Any) -> TrainedModel:
        build = {
            "image": bundles.image_bundle,
            "text": bundles.text_bundle,
            "shared": bundles.shared_bundle,
        }[kind]
        folder = build(tmp_path / f"bundle-{tokens.new_token()}", **manifest)
        if marks is not None:
            np.savez_compressed(folder / MARKS_FILE, **marks)
            found = Manifest.read(folder)
            files = found.files | describe_files(folder, [MARKS_FILE])
            replace(found, files=files).write(folder)
        prefix = f"jobs/{tokens.new_token()}/1"
        store.upload_bundle(folder=folder, prefix=prefix)
        return create_model(
            token=tokens.new_token(), prefix=prefix, folder=folder, task_name="task", downloadable=True
        )

    return make


@pytest.fixture
def submit(make_model: Callable[..., TrainedModel]) -> Callable[..., BatchPrediction]:
    """`submit(content, name, **options)`: a batch that waits; `model` where it must be a certain one."""

    def run(
        content: bytes, name: str = "things.zip", *, model: TrainedModel | None = None, **options: Any
    ) -> BatchPrediction:
        kind = "text" if name.endswith((".csv", ".txt", ".jsonl", ".tsv", ".parquet")) else "image"
        return submission.submit(
            model=model or make_model(kind),
            upload=ContentFile(content, name=name),
            options=BatchOptions.from_fields(options),
        )

    return run


@pytest.fixture
def finish(submit: Callable[..., BatchPrediction]) -> Callable[..., BatchPrediction]:
    """As `submit`, and then it is predicted by a real child process."""

    def run(*arguments: Any, **options: Any) -> BatchPrediction:
        batch = submit(*arguments, **options)
        assert runner.run_next()
        model = batch.model
        batch.refresh_from_db()
        # The same row, which knows its token.
        batch.model = model
        return batch

    return run
