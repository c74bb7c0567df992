"""The contract of a target: a record of functions that loop, report, audit and examples ask."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from training.score import Score

# An array of numpy or a tensor of torch: what only compares and picks works on either.
Array = Any


class Loss(Protocol):
    """The loss of logits, a tensor []: their mean over the samples, or the sum with reduction="sum"."""

    def __call__(
        self,
        logits: Array,
        truth: Array,
        weights: Array | None = None,
        *,
        smoothing: float = 0.0,
        reduction: str = "mean",
    ) -> Array: ...


@dataclass(frozen=True, kw_only=True, slots=True)
class Target:
    """What is learnt from each sample.

    `truth` has a row for each of N samples in the target's own form, `probabilities` [N, C] are the model's, and a
    decision is what the model answers, in the form of the truth.

    name            its word in files
    score           the name of its score in `training.score.SCORES`
    loss            see Loss; the only one that needs torch, and imports it when called
    decide          logits or probabilities [N, C] -> decisions
    right           (decisions, truth) -> bool [N]
    measure         (truth, decisions) -> Score, with its interval
    luck            (score's value, N) -> by how much chance alone moves the value: its standard error
    confidence      (probabilities, decisions) -> [N], how sure the model was of its answers
    likelihood      (truth, probabilities) -> [N], the probability that the model gave the truth
    figures         (labels, truth, decisions) -> what report.json has beside the score
    words           (labels, truth or decision of one sample) -> as a person says it
    temperature     (truth, probabilities) -> by what to divide the logits so that probabilities mean what they say
    tempered        (probabilities, temperature) -> what they become then
    """

    name: str
    score: str
    loss: Loss
    decide: Callable[[Array], Array]
    right: Callable[[Array, Array], Array]
    measure: Callable[[Array, Array], Score]
    luck: Callable[[float, int], float]
    confidence: Callable[[Array, Array], Array]
    likelihood: Callable[[Array, Array], Array]
    figures: Callable[[Sequence[str], Array, Array], dict[str, Any]]
    words: Callable[[Sequence[str], Any], str]
    temperature: Callable[[Array, Array], float]
    tempered: Callable[[Array, float], Array]
