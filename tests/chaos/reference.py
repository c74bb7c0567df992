"""The right answers: what a model's own bundle says, read and run outside of the site."""

import hashlib
import io
import tempfile
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from training.bundle.manifest import Manifest, verify
from training.bundle.onnx_classifier import OnnxClassifier

_TOLERANCE = 2e-3


class Reference:
    """A bundle that was downloaded; raises what zipfile and the bundle raise when it is damaged."""

    def __init__(self, bundle: bytes) -> None:
        with tempfile.TemporaryDirectory(prefix="flash-chaos-") as name:
            folder = unpack(bundle, Path(name))
            self._classifier = OnnxClassifier(folder)
        self.classes = self._classifier.manifest.classes
        self.digest = hashlib.sha256(bundle).hexdigest()

    def answers(self, inputs: Sequence[Any]) -> list[dict[str, float]]:
        """The probability of each class, for each input."""
        found = self._classifier.predict(inputs)
        return [dict(zip(self.classes, map(float, row), strict=True)) for row in found]


def unpack(bundle: bytes, folder: Path) -> Path:
    """The folder of model.json below `folder`, all files as it says."""
    with zipfile.ZipFile(io.BytesIO(bundle)) as archive:
        if broken := archive.testzip():
            raise zipfile.BadZipFile(f"{broken} is damaged")
        archive.extractall(folder)
    (manifest,) = folder.rglob("model.json")
    verify(manifest.parent, Manifest.read(manifest.parent))
    return manifest.parent


def difference(told: dict[str, float], right: dict[str, float]) -> str:
    """What is wrong about an answer with all classes, or ""."""
    if set(told) != set(right):
        return f"its classes are {sorted(told)}, those of the bundle {sorted(right)}"
    label = max(right, key=lambda name: abs(told[name] - right[name]))
    if abs(told[label] - right[label]) > _TOLERANCE:
        return f"{label} got {told[label]:.4f}, by the bundle {right[label]:.4f}"
    return ""
