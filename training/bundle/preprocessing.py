"""What every kind's preprocessing can do, and the one that a bundle names."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

from numpy.typing import NDArray

from training.bundle.manifest import Manifest
from training.kinds import kind_of, load


class UnreadableInput(ValueError):
    """An input cannot be used; `reason` says why, `index` which of several."""

    def __init__(self, reason: str, index: int | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.index = index


class OutOfTime(Exception):
    """The deadline of a prediction has passed."""


class Preprocessing(Protocol):
    """How an input becomes numbers, in training and in prediction.

    The module of a kind that defines it has `from_json(data, folder)`, where `data` is what `to_json` gave and `folder`
    the bundle with the files that `files` gave. It imports nothing of Flash, for it goes along with bundles.
    """

    def batches(self, inputs: Sequence[Any], at_once: int) -> Iterator[tuple[list[int], NDArray[Any]]]:
        """Places in `inputs` and what the graph takes for them, until all have been given.

        `at_once` is how many inputs may be worked on side by side. Raises ValueError with a reason; its `index`, where
        it has one, is the place of the input that cannot be used.
        """

    def to_json(self) -> dict[str, Any]:
        """What model.json says under "preprocess"."""

    def files(self) -> Mapping[str, str]:
        """Names and texts of the files that it needs beside model.json."""


def preprocessing_of(manifest: Manifest, folder: Path) -> Preprocessing:
    """The preprocessing of the bundle in `folder`; raises UnknownKind, and what a damaged bundle leads to."""
    found: Preprocessing = load(kind_of(manifest.task).preprocess).from_json(manifest.preprocess, folder)
    return found
