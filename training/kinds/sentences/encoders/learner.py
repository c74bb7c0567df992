"""The last layers of an encoder, for the training loop: batches of states that the layers below made once."""

from collections.abc import Hashable, Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from training.engine.device import mixed_precision
from training.engine.optimizers import Group
from training.ground.recipe import Recipe
from training.ground.samples import class_counts
from training.kinds.sentences.batches import sorted_batches
from training.kinds.sentences.encoders.classifier import TopClassifier
from training.kinds.sentences.encoders.states import TokenStates, batches_of
from training.kinds.sentences.voting import Voting
from training.targets.target import target_of

# Each layer below learns so much slower than the one above (Howard & Ruder 2018).
_DECAY = 0.8
# Of each part of a batch.
_TENSORS = 4


class EncoderLearner(Voting):
    """`module` with the states and labels [N] of all sentences; `parts` are the indices of training and validation."""

    def __init__(
        self,
        module: TopClassifier,
        states: TokenStates,
        labels: NDArray[Any],
        parts: Sequence[NDArray[np.int64]],
        config: Recipe,
        device: torch.device,
        partner: Tensor,
    ) -> None:
        super().__init__(target_of(config.task, config.target), partner, labels[parts[1]])
        self.module: nn.Module = module
        self._top = module
        self.config = config
        self._states, self._labels, self._device = states, labels, device
        self._train, self._validation = parts
        weights = torch.ones(module.head.out_features)
        if config.class_weights:
            counts = class_counts(labels[parts[0]], len(weights)).clip(min=1)
            weights = torch.from_numpy((counts.sum() / len(counts) / counts).astype(np.float32))
        self._weights = weights.to(device)

    def groups(self) -> list[Group]:
        """See Learner; biases and norms are not decayed."""
        groups, rate = [], 1.0
        for part in (self._top.head, *reversed(self._top.layers)):
            own = list(part.parameters())
            groups.append(Group([p for p in own if p.ndim > 1], rate))
            groups.append(Group([p for p in own if p.ndim <= 1], rate, decay=False))
            rate *= self.config.backbone_rate if part is self._top.head else _DECAY
        return groups

    def batches(self, epoch: int) -> list[NDArray[np.int64]]:
        """See Learner; each batch holds the indices of its sentences."""
        lengths = self._states.lengths[self._train]
        return [self._train[batch] for batch in sorted_batches(lengths, self.config, epoch)]

    def inputs(self, batch: NDArray[np.int64]) -> tuple[Sequence[Tensor], Hashable]:
        """See Learner: of each part states [M, T, W], ids [M, T], which belong to each text [B, M], and classes [B]."""
        found: list[Tensor] = []
        for part in self._parts(batch):
            found += [*self._states.of(part), torch.from_numpy(self._labels[part]).to(self._device)]
        return found, None

    def _parts(self, batch: NDArray[np.int64]) -> list[NDArray[np.int64]]:
        """The batch in parts of about as many windows as it has texts: long ones take no more memory than short."""
        part = (self._states.windows[batch].cumsum() - 1) // len(batch)
        return np.split(batch, np.flatnonzero(np.diff(part)) + 1)

    def backward(self, inputs: Sequence[Tensor], scale: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """See Learner; the parts of a batch one after another."""
        parts = [inputs[start : start + _TENSORS] for start in range(0, len(inputs), _TENSORS)]
        weights = torch.stack([self.target.weight(labels, self._weights).sum() for *_, labels in parts])
        shares = weights / weights.sum()
        losses, right = [], []
        for (*given, labels), share in zip(parts, shares, strict=True):
            with mixed_precision(self._device):
                logits = self.module(*given)
            logits = logits.float()
            loss = self.target.loss(logits, labels, self._weights, smoothing=self.config.label_smoothing)
            loss = loss * share
            torch.autograd.backward(loss, scale)
            losses.append(loss.detach())
            right.append(self.target.right(self.target.decide_logits(logits), labels).sum())
        return torch.stack(losses).sum(), torch.stack(right).sum()

    @torch.no_grad()
    def logits(self) -> Tensor:
        """See Voting."""
        self.module.eval()
        places = np.empty(int(self._validation.max(initial=-1)) + 1, np.int64)
        places[self._validation] = np.arange(len(self._validation))
        found = torch.empty(len(self._validation), self._top.head.out_features)
        for batch in batches_of(self._states.lengths, self._validation, self._device):
            with mixed_precision(self._device):
                logits = self.module(*self._states.of(batch))
            found[torch.from_numpy(places[batch])] = logits.float().cpu()
        return found
