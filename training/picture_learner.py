"""Batches of pictures, augmented on the device, for the training loop."""

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from training.augment import augment
from training.config import TrainConfig
from training.device import mixed_precision
from training.linear import shuffled_batches
from training.optimizers import Group
from training.vision import PictureClassifier

# Pretrained layers learn more slowly than the head, the first ones slowest (Howard & Ruder 2018).
_PRETRAINED_SCALES = (0.05, 0.1, 0.15)
_SMALL_BATCH = 8
_AT_ONCE = 64
_RESIDENT_SHARE = 0.5


class PictureLearner:
    """A picture model with its decoded pictures, uint8 [N, S, S, 3], and labels [N].

    `parts` are the indices of the training and of the validation part.
    """

    def __init__(
        self,
        module: PictureClassifier,
        pixels: NDArray[np.uint8],
        labels: NDArray[np.int64],
        parts: tuple[NDArray[np.int64], NDArray[np.int64]],
        config: TrainConfig,
        device: torch.device,
    ) -> None:
        self._model = module.to(device).to(memory_format=torch.channels_last)
        self.module: nn.Module = self._model
        self.config = config
        self._device = device
        self._train, self._validation = parts
        self._labels = torch.from_numpy(labels).to(device)
        self._pixels = _on_device(pixels, device)
        counts = np.bincount(labels[self._train], minlength=module.head.out_features).clip(min=1)
        weights = torch.from_numpy((counts.sum() / len(counts) / counts).astype(np.float32)).to(device)
        self._weights = weights if config.class_weights else None

    def groups(self) -> list[Group]:
        """See Learner; biases and norms are not decayed."""
        backbone = list(self._model.network.parameters())
        scales = _PRETRAINED_SCALES if self.config.pretrained else (1.0,)
        size = -(-len(backbone) // len(scales))
        groups = []
        for number, scale in enumerate(scales):
            part = backbone[number * size : (number + 1) * size]
            groups.append(Group([p for p in part if p.ndim > 1], scale))
            groups.append(Group([p for p in part if p.ndim <= 1], scale, decay=False))
        head = self._model.head
        return [
            *groups,
            Group([parameter for name, parameter in head.named_parameters() if name == "weight"]),
            Group([parameter for name, parameter in head.named_parameters() if name == "bias"], decay=False),
        ]

    def batches(self, epoch: int) -> list[Tensor]:
        """See Learner."""
        if self.config.batch_size < _SMALL_BATCH:
            # The statistics of a few pictures are worse than those of ImageNet.
            for layer in self._model.modules():
                if isinstance(layer, nn.BatchNorm2d):
                    layer.eval()
        return shuffled_batches(len(self._train), self.config, epoch)

    def loss(self, batch: Tensor) -> tuple[Tensor, Tensor, int]:
        """See Learner."""
        chosen = self._train[batch.numpy()]
        labels = self._labels[torch.from_numpy(chosen).to(self._device)]
        pictures = self._model.normalise(self._take(chosen)).contiguous(memory_format=torch.channels_last)
        pictures = augment(pictures, self.config.augmentation)
        with mixed_precision(self._device):
            logits = self._model.head(
                self._model.network(pictures.contiguous(memory_format=torch.channels_last))
            )
        smoothing = self.config.label_smoothing
        loss = functional.cross_entropy(logits.float(), labels, self._weights, label_smoothing=smoothing)
        return loss, (logits.argmax(1) == labels).sum(), len(batch)

    def evaluate(self) -> tuple[float, float]:
        """See Learner."""
        probabilities = torch.from_numpy(self.probabilities())
        labels = self._labels[torch.from_numpy(self._validation).to(self._device)].cpu()
        loss = functional.nll_loss(probabilities.clamp(min=1e-12).log(), labels)
        return float(loss), float((probabilities.argmax(1) == labels).float().mean())

    @torch.no_grad()
    def probabilities(self) -> NDArray[np.float32]:
        """Of the validation part, [N, C], in single precision."""
        self._model.eval()
        starts = range(0, len(self._validation), _AT_ONCE)
        parts = [self._model(self._take(self._validation[i : i + _AT_ONCE])).softmax(1).cpu() for i in starts]
        return torch.cat(parts).numpy()

    def _take(self, indices: NDArray[np.int64]) -> Tensor:
        if isinstance(self._pixels, Tensor):
            return self._pixels[torch.from_numpy(indices).to(self._device)]
        return torch.from_numpy(self._pixels[indices]).to(self._device, non_blocking=True)


def _on_device(pixels: NDArray[np.uint8], device: torch.device) -> Any:
    """All pictures in the GPU's memory when they take no more than half of what is free."""
    if device.type == "cuda" and pixels.nbytes < _RESIDENT_SHARE * torch.cuda.mem_get_info(device)[0]:
        return torch.from_numpy(pixels).to(device)
    return pixels
