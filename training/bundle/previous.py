"""The model that a training continues from: RUN_DIR/previous, a bundle of Flash."""

import csv
from functools import cached_property
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from training.bundle.manifest import FOLD, MARKS_FILE, TORCH_FILE, VALIDATION_FILE, Manifest
from training.kinds import kind_of

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
    def _rows(self) -> list[dict[str, str]]:
        path = self.folder / VALIDATION_FILE
        if not path.exists():
            return []
        with path.open(encoding="utf-8", newline="") as file:
            return list(csv.DictReader(file))

    @property
    def answers(self) -> dict[str, str]:
        """{content id: label that was predicted} of what it was measured on; empty in a bundle without the list."""
        return {row["sha256"]: row["predicted"] for row in self._rows}

    @property
    def in_folds(self) -> bool:
        """Whether it was measured on all of its samples, each answered by a model that had not learned from it."""
        return any(FOLD in row for row in self._rows)

    @property
    def has_learned(self) -> bool:
        """Whether its network is another one than before, so that what goes on from it knows what it learned from."""
        recipe = {**self.manifest.config, "model": self.manifest.model}
        return not kind_of(self.manifest.task).is_convex(recipe)

    def marks(self) -> dict[str, NDArray[Any]]:
        """Those of the samples that it was trained with, see MARKS_FILE; empty where it has none."""
        path = self.folder / MARKS_FILE
        if not path.exists():
            return {}
        with np.load(path) as marks:
            return dict(marks)

    def weights_file(self, model: str) -> Path | None:
        """Its model.pt, where it is the same `model`, the file is there, and one may go on from it.

        One that was measured in folds and has learned leaves nothing that a model which goes on could be measured on.
        """
        path = self.folder / TORCH_FILE
        is_it = self.manifest.model == model and path.exists()
        return path if is_it and not (self.in_folds and self.has_learned) else None
