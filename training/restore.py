"""Builds a classifier again from model.pt, for whoever wants to go on in PyTorch.

    from training.restore import load_classifier
    classify = load_classifier(Path("bundle/model.pt"))
    probabilities = classify(pixels)  # uint8 [B, S, S, 3], or input_ids int64 [B, T]

model.pt is a dict for `torch.load(..., weights_only=True)`: "state_dict" (of a picture model: in torchvision's own
names, so `torchvision.models.NAME(num_classes=C).load_state_dict` takes it; of wavelets the head alone, for nothing
else in them learns), "model", "classes", "target", "preprocess" and
the "arguments" that build a text model. model.safetensors holds the same tensors, the rest as metadata.
"""

from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from training.bundle.manifest import PT_FORMAT
from training.kinds import CATALOG, MANY_LABELS, kind_of, load


class Classifier(nn.Module):
    """A model that gives logits, followed by softmax, or by a sigmoid for each label of `many_labels`."""

    def __init__(self, model: nn.Module, *, many_labels: bool = False) -> None:
        super().__init__()
        self.model, self.many_labels = model, many_labels

    def forward(self, inputs: Tensor) -> Tensor:
        """Probabilities [B, C]."""
        logits: Tensor = self.model(inputs)
        return logits.sigmoid() if self.many_labels else logits.softmax(dim=1)


def load_classifier(path: Path) -> Classifier:
    """The classifier of a model.pt, ready to predict."""
    saved = torch.load(path, map_location="cpu", weights_only=True)
    if saved.get("format") != PT_FORMAT:
        raise ValueError(f"{path.name} does not have the format {PT_FORMAT}")
    return Classifier(_build(saved), many_labels=saved.get("target") == MANY_LABELS).eval()


def _build(saved: dict[str, Any]) -> nn.Module:
    spec = CATALOG.get(saved["model"])
    if spec is None:
        raise ValueError(f"There is no model {str(saved['model'])[:80]!r} in this version")
    module: nn.Module = load(kind_of(spec.task).restore)(saved)
    return module
