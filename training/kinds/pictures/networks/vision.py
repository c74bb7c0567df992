"""The picture models of the catalogue over torchvision: backbone, head, and normalisation inside."""

import sys
import types
from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn

from training.ground.events import Events
from training.kinds.pictures.catalog import MODELS, WAVELETS
from training.kinds.pictures.networks.wavelets import WaveletNetwork
from training.kinds.pictures.networks.weights import find_weights

_MEAN = (0.485, 0.456, 0.406)
_STD = (0.229, 0.224, 0.225)
# Where each network keeps its last linear layer; the wavelets have none but ours.
_HEADS: Mapping[str, str] = {spec.name: spec.last_layer for spec in MODELS}
_STAND_INS: Mapping[str, Mapping[str, Any]] = {
    "torchvision.ops.roi_align": {"roi_align": None, "RoIAlign": nn.Module},
    "torchvision.datasets": {},
}


def torchvision_models() -> Any:
    """`torchvision.models`, without the compiler and the data sets.

    One operator for object detection imports all of torch._dynamo, five seconds on a small machine, for a check
    that only detection makes; nothing here reads torchvision's data sets. Stand-ins take their places unless the
    real ones are loaded already.
    """
    for name, contents in _STAND_INS.items():
        if name not in sys.modules:
            sys.modules[name] = types.ModuleType(name)
            vars(sys.modules[name]).update(contents)
    import torchvision.models

    return torchvision.models


class PictureClassifier(nn.Module):
    """Network `name` for `classes` classes; takes uint8 pictures [B, S, S, 3], gives logits [B, C].

    With `flip` it looks at each picture and at its mirror image, and the head sees the mean of both.
    """

    mean: Tensor
    scale: Tensor

    def __init__(self, name: str, classes: int, flip: bool = False) -> None:
        super().__init__()
        self.name = name
        self.flip = flip
        self.network, width = _backbone(name)
        self.head = nn.Linear(width, classes)
        self.register_buffer("mean", torch.tensor(_MEAN).view(1, 3, 1, 1) * 255, persistent=False)
        self.register_buffer("scale", 1 / (torch.tensor(_STD).view(1, 3, 1, 1) * 255), persistent=False)

    def normalise(self, pixels: Tensor) -> Tensor:
        """uint8 [B, S, S, 3] as float32 [B, 3, S, S] with ImageNet's mean 0 and deviation 1."""
        return (pixels.permute(0, 3, 1, 2).float() - self.mean) * self.scale

    def features(self, pixels: Tensor) -> Tensor:
        """What the head sees, [B, F]."""
        pictures = self.normalise(pixels)
        features: Tensor = self.network(pictures)
        if self.flip:
            features = (features + self.network(pictures.flip(3))) / 2
        return features

    def forward(self, pixels: Tensor) -> Tensor:
        """Logits."""
        logits: Tensor = self.head(self.features(pixels))
        return logits

    def last_layers(self) -> list[nn.Linear]:
        """What the logits are proportional to."""
        return [self.head]

    def torchvision_state(self) -> dict[str, Tensor]:
        """The state in torchvision's own names, so that its models can load it."""
        head = {f"{_HEADS[self.name]}.{name}": tensor for name, tensor in self.head.state_dict().items()}
        return self.network.state_dict() | head

    def load_torchvision_state(self, state: Mapping[str, Tensor]) -> None:
        """Load what `torchvision_state` gave."""
        prefix = f"{_HEADS[self.name]}."
        self.head.load_state_dict(
            {k.removeprefix(prefix): v for k, v in state.items() if k.startswith(prefix)}
        )
        self.network.load_state_dict({k: v for k, v in state.items() if not k.startswith(prefix)})

    def load_backbone(self, state: Mapping[str, Tensor]) -> None:
        """Load what `torchvision_state` gave of a model with other classes: all but the head."""
        prefix = f"{_HEADS[self.name]}."
        self.network.load_state_dict({k: v for k, v in state.items() if not k.startswith(prefix)})

    def load_pretrained(self, events: Events, *, instead: str) -> bool:
        """Load ImageNet weights into the backbone; False when there are none to be had.

        Then a warning has said so, and with the words of `instead` what is done without them.
        """
        state = find_weights(
            self.name, weights_url(self.name), self.network.state_dict(), events, instead=instead
        )
        if state is None:
            return False
        self.network.load_state_dict(state, strict=False)
        return True


def weights_url(name: str) -> str:
    """Where torchvision keeps the ImageNet weights of its network `name`."""
    url: str = torchvision_models().get_model_weights(name).DEFAULT.url
    return url


def restored(saved: dict[str, Any]) -> PictureClassifier:
    """The model that model.pt holds, with its weights."""
    model = PictureClassifier(saved["model"], len(saved["classes"]), **saved["arguments"])
    model.load_torchvision_state(saved["state_dict"])
    return model


def _backbone(name: str) -> tuple[nn.Module, int]:
    """The network without its last layer, and how many features it gives."""
    if name == WAVELETS:
        wavelets = WaveletNetwork()
        return wavelets, wavelets.width
    network: nn.Module = getattr(torchvision_models(), name)()
    parent, _, leaf = _HEADS[name].rpartition(".")
    holder: Any = network.get_submodule(parent)
    width: int = (holder[int(leaf)] if leaf.isdigit() else getattr(holder, leaf)).in_features
    setattr(holder, leaf, nn.Identity())
    return network, width
