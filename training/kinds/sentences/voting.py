"""Measures a network together with the n-grams that vote with it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from training.engine.progress import Progress
from training.ground.events import Events
from training.kinds.sentences.blended import blend
from training.targets.target import Target


class Voting:
    """The part of a Learner that is the same for all networks: `logits` of the validation part are the network's own.

    `partner` [N, C] are the logits of the n-grams, `truth` [N] the classes.
    """

    def __init__(self, target: Target, partner: Tensor, truth: NDArray[Any]) -> None:
        self.target = target
        self._partner, self._truth = partner, truth

    @property
    def validation_count(self) -> int:
        """See Learner."""
        return len(self._truth)

    def logits(self) -> Tensor:
        """Of the validation part by the network alone, float32 [N, C] in main memory."""
        raise NotImplementedError

    def evaluate(self) -> tuple[float, float]:
        """See Learner; of both models together."""
        logits, _ = self.blended()
        score = self.target.measure(self._truth, self.target.decide_logits(logits).numpy())
        return float(self.target.loss(logits, torch.from_numpy(self._truth))), score.value

    def blended(self) -> tuple[Tensor, tuple[float, float]]:
        """Logits [N, C] of the validation part by both models, and the factor of each."""
        own = self.logits()
        factors = blend(own, self._partner, torch.from_numpy(self._truth), self.target)
        return factors[0] * own + factors[1] * self._partner, factors


# The factors of the network's and of the n-grams' logits, as the validation part chose them; and whether it chose the
# n-grams alone.
VOTES, NGRAMS_ALONE = "votes", "ngrams_alone"


@dataclass(frozen=True, kw_only=True, slots=True)
class VotingFit:
    """`module` with the `arguments` that build it again, and its `logits` [N, C] of the validation part.

    `measured` is the model that was measured, where that is another one; it shares the network. `embeddings` are what
    an encoder made of some sentences of the training and the validation part before it learned. `choices` is what the
    validation part chose. `count` is how many sentences all of it learned from, where that is not the training part.
    """

    module: nn.Module
    arguments: dict[str, Any]
    progress: Progress
    logits: Tensor
    measured: nn.Module | None
    embeddings: tuple[Tensor, Tensor] | None = None
    choices: Mapping[str, Any] = field(default_factory=dict)
    count: int = 0


def tell_votes(events: Events, name: str, factors: tuple[float, float]) -> None:
    """Which factors of the network's and of the n-grams' logits did best."""
    events.log(
        f"On the validation part the {name} and the n-grams together did best with "
        f"{factors[0]:.2f} and {factors[1]:.2f} of the votes."
    )
