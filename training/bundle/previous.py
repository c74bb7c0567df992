"""The model that a training continues from: RUN_DIR/previous, a bundle of Flash."""

import csv
from functools import cached_property
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from training.bundle.manifest import MARKS_FILE, TORCH_FILE, VALIDATION_FILE, Manifest

FOLDER = "previous"


class Previous:
    """An earlier model of the same kind, in `folder`; raises BundleDamaged when there is none."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.manifest = Manifest.read(folder)

    @classmethod
    def of(cls, run_dir: Path) -> Self | None:
        """The one of this RUN_DIR; None when it starts afresh."""
        folder = run_dir / FOLDER
        return cls(folder) if folder.is_dir() else None

    @cached_property
    def answers(self) -> dict[str, str]:
        """{content id: label that was predicted} of its validation part; empty in a bundle without the list."""
        path = self.folder / VALIDATION_FILE
        if not path.exists():
            return {}
        with path.open(encoding="utf-8", newline="") as file:
            return {row["sha256"]: row["predicted"] for row in csv.DictReader(file)}

    def marks(self) -> dict[str, NDArray[Any]]:
        """Those of the samples that it was trained with, see MARKS_FILE; empty where it has none."""
        path = self.folder / MARKS_FILE
        if not path.exists():
            return {}
        with np.load(path) as marks:
            return dict(marks)

    def weights_file(self, model: str) -> Path | None:
        """Its model.pt, where it is the same `model` and the file is there."""
        path = self.folder / TORCH_FILE
        return path if self.manifest.model == model and path.exists() else None
