"""Batches of pictures, augmented on the device, for the training loop."""

import time
from collections.abc import Hashable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from training.engine.depthwise import use_fast_depthwise
from training.engine.device import mixed_precision
from training.engine.linear import shuffled_batches
from training.engine.optimizers import Group
from training.engine.process_group import ProcessGroup
from training.evaluation.report import log_loss
from training.ground.control import available_cores
from training.ground.machine import Machine
from training.ground.recipe import Recipe
from training.ground.samples import class_counts
from training.kinds.pictures.augment import augment
from training.kinds.pictures.catalog import ONE_SIDE_ONLY
from training.kinds.pictures.feed import PictureFeed
from training.kinds.pictures.networks.trunk import fixed_function, split_network
from training.kinds.pictures.networks.vision import PictureClassifier
from training.targets.target import target_of

# The thirds of the pretrained layers from first to last: the first learn slowest (Howard & Ruder 2018).
_THIRDS = (1 / 3, 2 / 3, 1.0)
_SMALL_BATCH = 8
_AT_ONCE = {"cpu": 32, "cuda": 256}
# The side of the smaller pictures against that of the whole ones, in steps that the strides of all networks divide.
_SMALL_SIDE, _SIDE_STEP = 0.72, 32


class PictureLearner:
    """A picture model with its decoded pictures, uint8 [N, S, S, 3], and labels [N].

    `parts` are the indices of the training and of the validation part; of both, `group` leaves a share to this process.
    """

    def __init__(
        self,
        module: PictureClassifier,
        pixels: NDArray[np.uint8],
        labels: NDArray[Any],
        parts: tuple[NDArray[np.int64], NDArray[np.int64]],
        config: Recipe,
        device: torch.device,
        group: ProcessGroup | None = None,
        *,
        threads: int = 0,
    ) -> None:
        self._group = group or ProcessGroup()
        if device.type == "cuda":
            use_fast_depthwise(module)
        self._model = module.to(device).to(memory_format=torch.channels_last)
        self.module: nn.Module = self._model
        self.config = config
        self.target = target_of(config.task, config.target)
        self.evaluation_seconds = 0.0
        self._device = device
        self._feed = PictureFeed(pixels, device)
        self._side = self._feed.side
        share = config.frozen_share if config.pretrained else 0.0
        self._lower, self._upper = split_network(self._model.network, share)
        self._fixed = fixed_function(self._lower, device, threads or available_cores())
        self._train, self._validation = (torch.from_numpy(part) for part in parts)
        self._labels = torch.from_numpy(labels).to(device)
        counts = class_counts(labels[parts[0]], module.head.out_features).clip(min=1)
        weights = torch.from_numpy((counts.sum() / len(counts) / counts).astype(np.float32)).to(device)
        self._weights = weights if config.class_weights else None

    @property
    def validation_count(self) -> int:
        """See Learner."""
        return len(self._validation)

    def groups(self) -> list[Group]:
        """See Learner; biases and norms are not decayed."""
        backbone = [parameter for parameter in self._model.network.parameters() if parameter.requires_grad]
        rate = self.config.backbone_rate
        scales = [third * rate for third in _THIRDS] if self.config.pretrained else [1.0]
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
        """See Learner; each batch holds the indices of its pictures."""
        self._lower.eval()
        self._side = self._side_in(epoch)
        if self.config.freeze_norms or self.config.batch_size < _SMALL_BATCH:
            # The statistics of a few pictures are worse than those of ImageNet.
            for layer in self._model.modules():
                if isinstance(layer, nn.BatchNorm2d):
                    layer.eval()
        # On a GPU each size of batches is recorded anew (decision 063).
        equal = self._device.type == "cuda" and self._group.size == 1
        shuffled = shuffled_batches(len(self._train), self.config, epoch, equal=equal)
        shares = [self._group.share(self._train[batch]) for batch in shuffled]
        batches = [share.to(self._feed.index_device) for share in shares]
        self._feed.plan(batches)
        return batches

    def _side_in(self, epoch: int) -> int:
        """Small pictures at first: half the arithmetic, and objects of more sizes (Touvron et al. 2019)."""
        whole = self._feed.side
        if epoch > self.config.small_share * self.config.epochs or self._model.name in ONE_SIDE_ONLY:
            return whole
        return max(_SIDE_STEP, round(whole * _SMALL_SIDE / _SIDE_STEP) * _SIDE_STEP)

    def inputs(self, batch: Tensor) -> tuple[Sequence[Tensor], Hashable]:
        """See Learner: the pictures [B, S, S, 3] and their classes [B]."""
        return (self._feed.next(batch), self._labels[batch.to(self._device)]), self._side

    def backward(self, inputs: Sequence[Tensor], scale: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """See Learner."""
        pixels, labels = inputs
        pictures = self._model.normalise(pixels).contiguous(memory_format=torch.channels_last)
        pictures = augment(pictures, self.config.augmentation, self._side)
        with mixed_precision(self._device):
            logits = self._model.head(self._features(pictures))
        smoothing = self.config.label_smoothing
        loss = self.target.loss(logits.float(), labels, self._weights, smoothing=smoothing)
        torch.autograd.backward(loss, scale)
        return loss.detach(), self.target.right(self.target.decide_logits(logits), labels).sum()

    def evaluate(self) -> tuple[float, float]:
        """See Learner."""
        started = time.monotonic()
        probabilities = self.probabilities()
        self.evaluation_seconds += time.monotonic() - started
        labels = self._labels[self._validation.to(self._device)].cpu().numpy()
        score = self.target.measure(labels, self.target.decide(probabilities))
        return log_loss(self.target, labels, probabilities), score.value

    @torch.no_grad()
    def probabilities(self) -> NDArray[np.float32]:
        """Of the validation part, [N, C], in single precision."""
        self._model.eval()
        share = self._group.share(self._validation).to(self._feed.index_device)
        batches = torch.split(share, _AT_ONCE[self._device.type])
        found = torch.cat([self._predict(self._feed.take(batch)) for batch in batches]).cpu()
        return self._group.gather_rows(found, len(self._validation)).numpy()

    def _predict(self, pixels: Tensor) -> Tensor:
        """What the model itself gives, by way of the fast function for its lower blocks."""
        pictures = self._model.normalise(pixels)
        features = self._features(pictures)
        if self._model.flip:
            features = (features + self._features(pictures.flip(3))) / 2
        probabilities: Tensor = self.target.probabilities(self._model.head(features))
        return probabilities

    def _features(self, pictures: Tensor) -> Tensor:
        found = self._fixed(pictures.contiguous(memory_format=torch.channels_last))
        features: Tensor = self._upper(found)
        return features


def learner_of(
    config: Recipe,
    machine: Machine,
    device: torch.device,
    group: ProcessGroup,
    *,
    name: str,
    flip: bool,
    pixels: Path,
    labels: NDArray[Any],
    parts: tuple[NDArray[np.int64], NDArray[np.int64]],
) -> PictureLearner:
    """The learner of another process, from the file with the decoded pictures; its weights are still to come."""
    classes = labels.shape[1] if labels.ndim > 1 else int(labels.max()) + 1
    model = PictureClassifier(name, classes, flip)
    pixels_on_disk = np.load(pixels, mmap_mode="r")
    return PictureLearner(
        model, pixels_on_disk, labels, parts, config, device, group, threads=machine.threads
    )
