"""Recurrent networks and a linear model over n-grams that vote: their logits are added."""

from typing import Any

import torch
from torch import Tensor, nn

from training.engine.lbfgs import Lbfgs
from training.kinds.sentences.ngrams import NGramClassifier
from training.kinds.sentences.recurrent import RecurrentEnsemble
from training.targets.target import Target

_STEPS = 30
# A model is worth its time if the loss falls by more than this many standard errors.
_CLEARLY = 2.0


class BlendedClassifier(nn.Module):
    """Logits of `recurrent`, which reads the first `length` tokens of a sentence, and of `ngrams`, added."""

    def __init__(self, recurrent: RecurrentEnsemble, ngrams: NGramClassifier, length: int) -> None:
        super().__init__()
        self.recurrent, self.ngrams, self.length = recurrent, ngrams, length

    def forward(self, input_ids: Tensor) -> Tensor:
        """Logits [B, C] of `input_ids` [B, T], 0 = padding; each row has a token at least."""
        recurrent: Tensor = self.recurrent(input_ids[:, : self.length])
        ngrams: Tensor = self.ngrams(input_ids)
        return recurrent + ngrams

    @torch.no_grad()
    def scale(self, recurrent: float, ngrams: float) -> None:
        """Multiply the logits of each part."""
        for layer in self.last_layers():
            factor = ngrams if layer is self.ngrams else recurrent
            layer.weight.mul_(factor)
            layer.bias.mul_(factor)

    def last_layers(self) -> list[Any]:
        """What the logits are proportional to: their weights and biases."""
        return [*(member.head for member in self.recurrent.members), self.ngrams]

    def arguments(self, recurrent: dict[str, Any]) -> dict[str, Any]:
        """What `from_arguments` needs besides the tensors; `recurrent` is what built that part."""
        return {"recurrent": recurrent, "ngrams": self.ngrams.arguments(), "length": self.length}

    @classmethod
    def from_arguments(cls, state: dict[str, Tensor], arguments: dict[str, Any]) -> "BlendedClassifier":
        """The model that `arguments` describes, without its weights."""
        tables = state["ngrams.keys"], state["ngrams.idf"]
        ngrams = NGramClassifier(*tables, **arguments["ngrams"])
        return cls(RecurrentEnsemble(**arguments["recurrent"]), ngrams, arguments["length"])


def blend(one: Tensor, other: Tensor, labels: Tensor, target: Target) -> tuple[float, float]:
    """The factors, 0 at least, for two models' logits [N, C] whose sum gives `labels` [N] the lowest loss of `target`.

    A logarithmic opinion pool (Heskes 1998): where one model has nothing to add, its factor is near 0.
    """
    factors = _best_factors([one, other], labels, target)
    if min(factors) >= 0:
        return factors[0], factors[1]
    alone = [max(0.0, _best_factors([logits], labels, target)[0]) for logits in (one, other)]
    losses = [float(target.loss(a * x, labels)) for a, x in zip(alone, (one, other), strict=True)]
    return (alone[0], 0.0) if losses[0] <= losses[1] else (0.0, alone[1])


def adds(blended: Tensor, alone: Tensor, labels: Tensor, target: Target) -> bool:
    """Whether logits [N, C] of two models give `labels` [N] a clearly lower loss than those of one, whatever its scale.

    By the differences of the samples' losses.
    """
    factor = max(0.0, _best_factors([alone], labels, target)[0])
    at = target.slope(labels, blended.shape[1])
    gains = at(factor * alone.double())[0] - at(blended.double())[0]
    return bool(gains.mean() > _CLEARLY * gains.std() / len(gains) ** 0.5)


def _best_factors(models: list[Tensor], labels: Tensor, target: Target) -> list[float]:
    logits = torch.stack([model.double() for model in models])
    at = target.slope(labels, logits.shape[2])

    def loss(factors: Tensor) -> tuple[float, Tensor]:
        mixed = torch.einsum("m,mnc->nc", factors, logits)
        losses, errors = at(mixed)
        slope = torch.einsum("nc,mnc->m", errors, logits) / len(labels)
        return float(losses.mean()), slope

    solver = Lbfgs(loss, torch.full((len(models),), 1 / len(models), dtype=torch.float64))
    for _ in range(_STEPS):
        if solver.converged:
            break
        solver.step()
    return [float(factor) for factor in solver.point]
