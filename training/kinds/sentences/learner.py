"""Batches of sentences of similar length for the training loop."""

from collections.abc import Hashable, Sequence
from functools import partial
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from training.engine.cores import Cores
from training.engine.device import mixed_precision
from training.engine.optimizers import Group
from training.engine.process_group import ProcessGroup, threads_of
from training.ground.machine import Machine
from training.ground.recipe import Recipe
from training.ground.samples import class_counts
from training.kinds.sentences.batches import sorted_batches
from training.kinds.sentences.preprocess import pad
from training.kinds.sentences.recurrent import RecurrentClassifier, RecurrentEnsemble
from training.kinds.sentences.voting import Voting
from training.targets.target import target_of

_TOKENS_AT_ONCE, _SENTENCES_AT_ONCE = 16_384, 256
# Of fewer sentences a core makes less in the same time.
_LEAST_PART = 32
_LENGTH_STEP = 8


class SentenceLearner(Voting):
    """Recurrent classifiers with their sentences: `rows` and `labels` are (training part, validation part).

    `partner` [N, C] are the logits of the other model of the blend for the validation part. Of both parts, `group`
    leaves a share to this process.
    """

    def __init__(
        self,
        module: RecurrentEnsemble,
        rows: Sequence[list[Sequence[int]]],
        labels: Sequence[NDArray[Any]],
        config: Recipe,
        device: torch.device,
        partner: Tensor,
        group: ProcessGroup | None = None,
        *,
        machine: Machine = Machine(),  # noqa: B008
    ) -> None:
        super().__init__(target_of(config.task, config.target), partner, labels[1])
        self._group = group or ProcessGroup()
        self.module: torch.nn.Module = module
        self._members: list[RecurrentClassifier] = list(module.members)
        self.config = config
        self._device = device
        (self._train, self._validation), self._train_labels = rows, labels[0]
        networks = len(self._members)
        threads = threads_of(machine, self._group.size) if device.type == "cpu" else 1
        self._parts = max(1, min(threads // networks, config.batch_size // _LEAST_PART))
        self._cores = Cores(min(threads, networks * self._parts), threads)
        self._lengths = np.array([len(row) for row in self._train])
        counts = class_counts(self._train_labels, partner.shape[1]).clip(min=1)
        weights = (counts.sum() / len(counts) / counts).astype(np.float32)
        weights = weights if config.class_weights else np.ones_like(weights)
        self._class_weights, self._weights = weights, torch.from_numpy(weights).to(device)

    def groups(self) -> list[Group]:
        """See Learner; weight decay would open the gates that padding shuts."""
        named = list(self.module.named_parameters())
        kept = [p for name, p in named if "weight_ih" in name or "bias" in name]
        return [Group([p for _, p in named if all(p is not k for k in kept)]), Group(kept, decay=False)]

    def batches(self, epoch: int) -> list[NDArray[np.int64]]:
        """See Learner."""
        return [self._group.share(batch) for batch in sorted_batches(self._lengths, self.config, epoch)]

    def inputs(self, batch: NDArray[np.int64]) -> tuple[Sequence[Tensor], Hashable]:
        """See Learner: what the whole batch weighs [], then of each part its words [B, T] and classes [B]."""
        parts = [batch[i :: self._parts] for i in range(min(self._parts, len(batch)))]
        total = float(self.target.weight(self._train_labels[batch], self._class_weights).sum())
        found = [torch.tensor(total, device=self._device)]
        for part in parts:
            found.append(self._ids([self._train[i] for i in part]))
            found.append(torch.from_numpy(self._train_labels[part]).to(self._device))
        return found, None

    def backward(self, inputs: Sequence[Tensor], scale: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """See Learner; each network learns as if it were alone, from parts of the batch side by side."""
        total, ids, labels = inputs[0], inputs[1::2], inputs[2::2]
        members = [member for member in self._members for _ in ids]
        networks = len(self._members)
        # Random numbers are drawn here, in an order that does not depend on the threads.
        masks = [member.masks(len(part)) for member, part in zip(members, [*ids] * networks, strict=True)]
        found = self._cores.map(
            partial(self._gradients, total, scale), members, [*ids] * networks, [*labels] * networks, masks
        )
        loss = sum(part for part, _, _ in found) / len(self._members)
        correct = sum(part for _, part, _ in found) / len(self._members)
        for member, (_, _, gradients) in zip(members, found, strict=True):
            for parameter, gradient in zip(member.parameters(), gradients, strict=True):
                parameter.grad = gradient if parameter.grad is None else parameter.grad.add_(gradient)
        return torch.as_tensor(loss), torch.as_tensor(correct).round()

    def _gradients(
        self,
        total: Tensor,
        scale: Tensor | None,
        member: RecurrentClassifier,
        ids: Tensor,
        labels: Tensor,
        masks: Tensor,
    ) -> tuple[Tensor, Tensor, tuple[Tensor, ...]]:
        """Of one network and a part of a batch that weighs `total` as a whole: loss, right answers, gradients."""
        with mixed_precision(self._device):
            logits = member(ids, masks)
        smoothing = self.config.label_smoothing
        summed = self.target.loss(logits.float(), labels, self._weights, reduction="sum", smoothing=smoothing)
        gradients = torch.autograd.grad(summed / total, list(member.parameters()), scale)
        return (
            summed.detach() / total,
            self.target.right(self.target.decide_logits(logits), labels).sum(),
            gradients,
        )

    def logits(self) -> Tensor:
        """See Voting."""
        self.module.eval()
        every = sorted(range(len(self._validation)), key=lambda i: len(self._validation[i]))
        order = self._group.share(every)
        chunks = []
        start = 0
        while start < len(order):
            last = order[min(start + _SENTENCES_AT_ONCE, len(order)) - 1]
            count = max(1, min(_SENTENCES_AT_ONCE, _TOKENS_AT_ONCE // len(self._validation[last])))
            chunks.append(order[start : start + count])
            start += count
        found = self._cores.map(self._logits_of, chunks)
        own = torch.cat(found) if found else torch.empty(0, self._partner.shape[1])
        result = torch.empty(len(every), own.shape[1])
        result[every] = self._group.gather_rows(own, len(every))
        return result

    @torch.no_grad()
    def _logits_of(self, chunk: Sequence[int]) -> Tensor:
        logits: Tensor = self.module(self._ids([self._validation[i] for i in chunk]))
        return logits.float().cpu()

    def _ids(self, rows: Sequence[Sequence[int]]) -> Tensor:
        # On a GPU few lengths, each of which is recorded once: padding changes nothing.
        step = _LENGTH_STEP if self._device.type == "cuda" else 1
        return torch.from_numpy(pad(rows, step)).to(self._device, non_blocking=True)


def learner_of(
    config: Recipe,
    machine: Machine,
    device: torch.device,
    group: ProcessGroup,
    *,
    arguments: dict[str, Any],
    rows: Sequence[list[Sequence[int]]],
    labels: Sequence[NDArray[Any]],
    partner: Tensor,
) -> SentenceLearner:
    """The learner of another process; its weights are still to come."""
    module = RecurrentEnsemble(dropout=config.dropout, **arguments).to(device)
    return SentenceLearner(module, rows, labels, config, device, partner, group, machine=machine)
