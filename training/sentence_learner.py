"""Batches of sentences of similar length for the training loop."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from training.blended import blend
from training.config import TrainConfig
from training.device import mixed_precision
from training.optimizers import Group
from training.preprocess import pad
from training.process_group import ProcessGroup
from training.recurrent import RecurrentClassifier

# Sentences are sorted by length within this many batches: little padding, yet different company every epoch.
_BATCHES_SORTED_TOGETHER = 40
_TOKENS_AT_ONCE = 32_768


class SentenceLearner:
    """A recurrent classifier with its sentences: `rows` and `labels` are (training part, validation part).

    `partner` [N, C] are the logits of the other model of the blend for the validation part. Of both parts, `group`
    leaves a share to this process.
    """

    def __init__(
        self,
        module: RecurrentClassifier,
        rows: Sequence[list[list[int]]],
        labels: Sequence[NDArray[np.int64]],
        config: TrainConfig,
        device: torch.device,
        partner: Tensor,
        group: ProcessGroup | None = None,
    ) -> None:
        self._group = group or ProcessGroup()
        self.module: torch.nn.Module = module
        self.config = config
        self._device, self._partner = device, partner
        (self._train, self._validation), (self._train_labels, self._validation_labels) = rows, labels
        self._lengths = np.array([len(row) for row in self._train])
        counts = np.bincount(self._train_labels, minlength=module.head.out_features).clip(min=1)
        weights = torch.from_numpy((counts.sum() / len(counts) / counts).astype(np.float32)).to(device)
        self._weights = weights if config.class_weights else None

    @property
    def validation_count(self) -> int:
        """See Learner."""
        return len(self._validation)

    def groups(self) -> list[Group]:
        """See Learner; weight decay would open the gates that padding shuts."""
        named = list(self.module.named_parameters())
        kept = [p for name, p in named if "weight_ih" in name or "bias" in name]
        return [Group([p for _, p in named if all(p is not k for k in kept)]), Group(kept, decay=False)]

    def batches(self, epoch: int) -> list[NDArray[np.int64]]:
        """See Learner."""
        random = np.random.default_rng((self.config.seed, epoch))
        order = random.permutation(len(self._train))
        size = self.config.batch_size
        batches = []
        for start in range(0, len(order), size * _BATCHES_SORTED_TOGETHER):
            window = order[start : start + size * _BATCHES_SORTED_TOGETHER]
            window = window[np.argsort(self._lengths[window], kind="stable")]
            batches += [window[i : i + size] for i in range(0, len(window), size)]
        return [self._group.share(batches[i]) for i in random.permutation(len(batches))]

    def loss(self, batch: NDArray[np.int64]) -> tuple[Tensor, Tensor, int]:
        """See Learner."""
        ids = self._ids([self._train[i] for i in batch])
        labels = torch.from_numpy(self._train_labels[batch]).to(self._device)
        with mixed_precision(self._device):
            logits = self.module(ids)
        smoothing = self.config.label_smoothing
        loss = functional.cross_entropy(logits.float(), labels, self._weights, label_smoothing=smoothing)
        return loss, (logits.argmax(1) == labels).sum(), len(batch)

    def evaluate(self) -> tuple[float, float]:
        """See Learner; of both models together."""
        logits, _ = self.blended()
        labels = torch.from_numpy(self._validation_labels)
        loss = functional.cross_entropy(logits, labels)
        return float(loss), float((logits.argmax(1) == labels).float().mean())

    def blended(self) -> tuple[Tensor, tuple[float, float]]:
        """Logits [N, C] of the validation part by both models, and the factor of each."""
        own = self.logits()
        factors = blend(own, self._partner, torch.from_numpy(self._validation_labels))
        return factors[0] * own + factors[1] * self._partner, factors

    @torch.no_grad()
    def logits(self) -> Tensor:
        """Of the validation part by the network alone, float32 [N, C]."""
        self.module.eval()
        every = sorted(range(len(self._validation)), key=lambda i: len(self._validation[i]))
        order = self._group.share(every)
        found: list[Tensor] = []
        start = 0
        while start < len(order):
            count = max(1, _TOKENS_AT_ONCE // len(self._validation[order[min(start + 511, len(order) - 1)]]))
            chunk = order[start : start + min(count, 512)]
            found.append(self.module(self._ids([self._validation[i] for i in chunk])).float().cpu())
            start += len(chunk)
        own = torch.cat(found) if found else torch.empty(0, self._partner.shape[1])
        result = torch.empty(len(every), own.shape[1])
        result[every] = self._group.gather_rows(own, len(every))
        return result

    def _ids(self, rows: Sequence[Sequence[int]]) -> Tensor:
        return torch.from_numpy(pad(rows)).to(self._device, non_blocking=True)


def learner_of(
    config: TrainConfig,
    device: torch.device,
    group: ProcessGroup,
    *,
    arguments: dict[str, Any],
    rows: Sequence[list[list[int]]],
    labels: Sequence[NDArray[np.int64]],
    partner: Tensor,
) -> SentenceLearner:
    """The learner of another process; its weights are still to come."""
    module = RecurrentClassifier(dropout=config.dropout, **arguments).to(device)
    return SentenceLearner(module, rows, labels, config, device, partner, group)
