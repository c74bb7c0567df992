"""Teaches an encoder from a few examples of each class: those of one class together, those of others apart."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from training.engine.device import mixed_precision
from training.kinds.sentences.encoders.bert import Bert, pooled
from training.kinds.sentences.preprocess import pad

# Measured with 8 and 16 sentences of each class of trec6, three draws each: at twice the rate or with three times the
# steps 16 lose two points to four, and with fewer layers that learn 8 lose three to ten.
_TEMPERATURE = 0.1
_RATE, _WEIGHT_DECAY, _WARM_UP = 1e-4, 0.01, 0.1
_BATCH, _EACH, _ROUNDS, _LEAST_STEPS = 64, 2, 4, 20
# Of similar lengths, so that little is padding.
_PARTS = 2


def contrast(
    encoder: Bert,
    rows: Sequence[Sequence[int]],
    labels: NDArray[np.int64],
    *,
    seed: int,
    device: torch.device,
    tell: Callable[[float], None],
) -> None:
    """All layers of `encoder` learn from `rows` of ids with `labels` [N] (supervised contrast, Khosla et al. 2020).

    Among the neighbours of a sentence in its batch, those of its class shall be the likely ones. `tell` gets the share
    that is done before each step, and may raise.
    """
    random = np.random.default_rng(seed)
    steps = max(_LEAST_STEPS, round(_ROUNDS * len(rows) / _BATCH))
    parameters = [p for layer in encoder.layers for p in layer.parameters()]
    matrices, others = ([p for p in parameters if (p.ndim > 1) is wanted] for wanted in (True, False))
    groups: list[dict[str, Any]] = [{"params": matrices}, {"params": others, "weight_decay": 0.0}]
    optimizer = torch.optim.AdamW(groups, lr=_RATE, weight_decay=_WEIGHT_DECAY)
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: _rate(step / steps))
    batches = _batches(labels, random)
    for step in range(steps):
        tell(step / steps)
        batch = np.array(sorted(next(batches), key=lambda place: len(rows[place])))
        with mixed_precision(device):
            embedded = torch.cat(
                [_embedded(encoder, part, rows, device) for part in np.array_split(batch, _PARTS)]
            )
        loss = _loss(embedded, torch.from_numpy(labels[batch]).to(device))
        optimizer.zero_grad(set_to_none=True)
        torch.autograd.backward(loss)
        nn.utils.clip_grad_norm_(parameters, 1.0)
        optimizer.step()
        schedule.step()


def _embedded(
    encoder: Bert, places: NDArray[np.int64], rows: Sequence[Sequence[int]], device: torch.device
) -> Tensor:
    ids = torch.from_numpy(pad([rows[place] for place in places])).to(device)
    return pooled(encoder(ids).float(), ids, encoder.shape)


def _rate(done: float) -> float:
    return min(done / _WARM_UP + 0.05, (1 - done) / (1 - _WARM_UP), 1.0)


def _loss(embedded: Tensor, labels: Tensor) -> Tensor:
    unit = functional.normalize(embedded, dim=1)
    own = torch.eye(len(unit), dtype=torch.bool, device=unit.device)
    scores = (unit @ unit.T / _TEMPERATURE).masked_fill(own, -torch.inf)
    alike = (labels[:, None] == labels[None, :]) & ~own
    likely = scores.log_softmax(1).masked_fill(~alike, 0.0).sum(1) / alike.sum(1).clamp(min=1)
    return -likely[alike.any(1)].mean()


def _batches(labels: NDArray[np.int64], random: np.random.Generator) -> Iterator[NDArray[np.int64]]:
    """Everything, where that is one batch; else some sentences of some classes, all in turn."""
    if len(labels) <= _BATCH:
        while True:
            yield np.arange(len(labels))
    of_class = [np.flatnonzero(labels == label) for label in np.unique(labels)]
    queue: list[NDArray[np.int64]] = []
    while True:
        if len(queue) * _EACH < _BATCH:
            groups = [
                own[i : i + _EACH]
                for members in of_class
                for own in [random.permutation(members)]
                for i in range(0, len(own), _EACH)
            ]
            queue += [groups[i] for i in random.permutation(len(groups))]
        count = min(len(queue), _BATCH // _EACH)
        yield np.concatenate(queue[:count])
        del queue[:count]
