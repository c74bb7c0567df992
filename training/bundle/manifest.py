"""The files that a training leaves behind, and model.json, which names and checks them."""

import hashlib
import json
import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Self

from training.bundle.label_limits import label_thresholds
from training.bundle.outside import most_spread
from training.kinds import ONE_LABEL
from training.score import ACCURACY, Score

FORMAT_VERSION = 1
MANIFEST_FILE = "model.json"
ONNX_FILE = "model.onnx"
# The same model in 8-bit integers, where it answers alike; see training/kinds/pictures/serving_copy.py.
SERVING_COPY_FILE = "serving.onnx"
TORCH_FILE = "model.pt"
# What model.pt says of itself.
PT_FORMAT = "flash-1"
SAFETENSORS_FILE = "model.safetensors"
REPORT_FILE = "report.json"
VALIDATION_FILE = "validation.csv"
# Its column that a model measured in folds has, see `training/export/examples.py`.
FOLD = "fold"
EXAMPLES_FILE = "examples.zip"
# The model that was measured, where the one that is served learned from the validation part, too: all of it, or the
# tensors in which they differ.
MEASURED_ONNX_FILE = "measured.onnx"
MEASURED_TENSORS_FILE = "measured.npz"
# Of the samples that it was trained and measured on: by these others are told whether they are among them.
MARKS_FILE = "marks.npz"
_CHUNK = 1024 * 1024
SHA256 = re.compile(r"[0-9a-f]{64}")


class BundleDamaged(Exception):
    """A file of the bundle is missing, changed or unreadable; the message names it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Manifest:
    """model.json: what the model is, what goes in and comes out, and a sha256 for every other file.

    `score` is the one on the validation part, as `training.score` writes it; an accuracy (0 to 1) stands in `accuracy`
    and `accuracy_interval`, too, and in older bundles there alone. `test` is {score, count} of a test part that the
    upload named; None where there was none. `outside` says which answers are probably about none of the classes
    (`training/evaluation/outside.py`); None where the model does not tell. `target` is ONE_LABEL, of which the
    likeliest is the answer, or MANY_LABELS, whose answers are all labels that are as likely as their `thresholds` [C].
    `created` is ISO 8601 in UTC.
    """

    task: str
    model: str
    classes: list[str]
    preprocess: dict[str, Any]
    config: dict[str, Any]
    created: str
    score: dict[str, Any] = field(default_factory=dict)
    accuracy: float | None = None
    accuracy_interval: list[float] | None = None
    test: dict[str, Any] | None = None
    outside: dict[str, Any] | None = None
    target: str = ONE_LABEL
    thresholds: list[float] | None = None
    task_name: str = ""
    input_name: str = "pixels"
    output_name: str = "probabilities"
    versions: dict[str, str] = field(default_factory=dict)
    files: dict[str, dict[str, Any]] = field(default_factory=dict)
    format_version: int = FORMAT_VERSION

    @classmethod
    def read(cls, folder: Path) -> Self:
        """The manifest in `folder`; raises BundleDamaged when it is missing or makes no sense."""
        try:
            data = json.loads((folder / MANIFEST_FILE).read_text(encoding="utf-8"))
            manifest = cls(**data)
        except (OSError, UnicodeDecodeError, ValueError, TypeError, RecursionError) as error:
            raise BundleDamaged(f"{MANIFEST_FILE} is missing or cannot be read") from error
        manifest._check()
        return manifest

    def _check(self) -> None:
        if self.format_version != FORMAT_VERSION:
            raise BundleDamaged(f"{MANIFEST_FILE} is of version {self.format_version}, not {FORMAT_VERSION}")
        well_formed = (
            isinstance(self.files, dict)
            and isinstance(self.preprocess, dict)
            and isinstance(self.classes, list)
            and len(self.classes) >= 2
            and all(isinstance(label, str) for label in self.classes)
        )
        if not well_formed:
            raise BundleDamaged(f"{MANIFEST_FILE} does not describe a model")
        self.measured()
        self.tested()
        self.most_spread()
        try:
            label_thresholds(asdict(self))
        except (KeyError, TypeError, ValueError) as error:
            raise BundleDamaged(f"{MANIFEST_FILE} does not say which labels are said") from error

    def measured(self) -> Score:
        """The score on the validation part; raises BundleDamaged when there is none, or of a name unknown here."""
        try:
            if self.score:
                return Score.from_json(self.score)
            low, high = self.accuracy_interval or (None, None)
            return Score.from_json({"name": ACCURACY, "value": self.accuracy, "low": low, "high": high})
        except (KeyError, TypeError, ValueError) as error:
            raise BundleDamaged(f"{MANIFEST_FILE} does not say how good the model is") from error

    def tested(self) -> tuple[Score, int] | None:
        """The score on the given test part and its samples; None where there was no such part."""
        try:
            return (Score.from_json(self.test["score"]), int(self.test["count"])) if self.test else None
        except (KeyError, TypeError, ValueError) as error:
            raise BundleDamaged(f"{MANIFEST_FILE} does not say how good the model is") from error

    def most_spread(self) -> float | None:
        """Above which spread an answer is probably about none of the classes; None where the model does not tell."""
        try:
            return most_spread(self.outside)
        except (KeyError, TypeError, ValueError) as error:
            raise BundleDamaged(
                f"{MANIFEST_FILE} does not say which answers are about none of the classes"
            ) from error

    def write(self, folder: Path) -> None:
        """Write model.json into `folder`, whole or not at all."""
        temporary = folder / f"{MANIFEST_FILE}.tmp"
        # Only an accuracy has its two fields, and only some a test part or a threshold; one label a sample goes without
        # saying, as in older bundles.
        facts = {name: value for name, value in asdict(self).items() if value is not None}
        if self.target == ONE_LABEL:
            del facts["target"]
        temporary.write_text(json.dumps(facts, ensure_ascii=False, indent=1), encoding="utf-8")
        os.replace(temporary, folder / MANIFEST_FILE)


@dataclass(frozen=True, slots=True)
class SharedRange:
    """`bytes` of a file, from `at` on, that are the same in many models; `sha256` is theirs alone."""

    sha256: str
    at: int
    bytes: int


def shared_range(facts: Mapping[str, Any]) -> SharedRange | None:
    """What model.json says of a file's shared bytes; None where it has none. Raises BundleDamaged for nonsense."""
    told = facts.get("shared")
    if told is None:
        return None
    try:
        found = SharedRange(**told)
        makes_sense = (
            SHA256.fullmatch(found.sha256) is not None
            and type(found.at) is type(found.bytes) is int
            and found.at >= 0
            and 0 < found.bytes <= facts["bytes"] - found.at
        )
    except (TypeError, KeyError) as error:
        raise BundleDamaged(_NO_RANGE) from error
    if not makes_sense:
        raise BundleDamaged(_NO_RANGE)
    return found


_NO_RANGE = f"{MANIFEST_FILE} does not say which bytes are shared"


def describe_files(
    folder: Path, names: Iterable[str], shared: Mapping[str, tuple[int, int]] | None = None
) -> dict[str, dict[str, Any]]:
    """Size and sha256 of each named file, as model.json lists them; of some the (start, size) of `shared` bytes."""
    ranges = shared or {}
    return {name: _described(folder / name, ranges.get(name)) for name in names}


def _described(path: Path, shared: tuple[int, int] | None) -> dict[str, Any]:
    facts: dict[str, Any] = {"sha256": sha256(path), "bytes": path.stat().st_size}
    if shared is not None:
        at, size = shared
        facts["shared"] = {"sha256": sha256(path, at, size), "at": at, "bytes": size}
    return facts


def verify(folder: Path, manifest: Manifest) -> None:
    """Check every file that `manifest` names against its size and sha256; raises BundleDamaged."""
    if ONNX_FILE not in manifest.files:
        raise BundleDamaged(f"{MANIFEST_FILE} does not name {ONNX_FILE}")
    for name, facts in manifest.files.items():
        verify_file(folder / plain_name(name), facts)


def verify_file(path: Path, facts: Mapping[str, Any]) -> None:
    """Check one file against the size and sha256 in `facts`; raises BundleDamaged."""
    try:
        if path.stat().st_size != facts["bytes"]:
            raise BundleDamaged(f"{path.name} does not have the size that {MANIFEST_FILE} states")
        if sha256(path) != facts["sha256"]:
            raise BundleDamaged(f"{path.name} has been changed since it was written")
    except (OSError, KeyError, TypeError) as error:
        raise BundleDamaged(f"{path.name} is missing or cannot be read") from error


def plain_name(name: str) -> str:
    """`name` if it is a bare file name; raises BundleDamaged for anything that could leave the folder."""
    if not name or name != os.path.basename(name) or name in (".", "..") or "\\" in name or "\0" in name:
        raise BundleDamaged(f"{MANIFEST_FILE} names a file outside the bundle")
    return name


def sha256(path: Path, start: int = 0, size: int | None = None) -> str:
    """Hex digest of a file, or of `size` bytes of it, read in pieces."""
    digest = hashlib.sha256()
    left = size if size is not None else path.stat().st_size - start
    with path.open("rb") as file:
        file.seek(start)
        while chunk := file.read(min(_CHUNK, left)):
            digest.update(chunk)
            left -= len(chunk)
    return digest.hexdigest()
