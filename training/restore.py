"""Builds a classifier again from model.pt, for whoever wants to go on in PyTorch.

    from training.restore import load_classifier
    classify = load_classifier(Path("bundle/model.pt"))
    probabilities = classify(pixels)  # uint8 [B, S, S, 3], or input_ids int64 [B, T]

model.pt is a dict for `torch.load(..., weights_only=True)`: "state_dict" (of a picture model: in torchvision's own
names, so `torchvision.models.NAME(num_classes=C).load_state_dict` takes it; of wavelets the head alone, for nothing
else in them learns), "model", "classes", "preprocess" and
the "arguments" that build a text model. model.safetensors holds the same tensors, the rest as metadata.
"""

from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from training.bundle.manifest import PT_FORMAT
from training.kinds import CATALOG, kind_of, load


class Classifier(nn.Module):
    """A model that gives logits, followed by softmax."""

    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        self.model = model

    def forward(self, inputs: Tensor) -> Tensor:
        """Probabilities [B, C]."""
        return torch.softmax(self.model(inputs), dim=1)


def load_classifier(path: Path) -> Classifier:
    """The classifier of a model.pt, ready to predict."""
    saved = torch.load(path, map_location="cpu", weights_only=True)
    if saved.get("format") != PT_FORMAT:
        raise ValueError(f"{path.name} does not have the format {PT_FORMAT}")
    return Classifier(_build(saved)).eval()


def _build(saved: dict[str, Any]) -> nn.Module:
    spec = CATALOG.get(saved["model"])
    if spec is None:
        raise ValueError(f"There is no model {str(saved['model'])[:80]!r} in this version")
    module: nn.Module = load(kind_of(spec.task).restore)(saved)
    return module
