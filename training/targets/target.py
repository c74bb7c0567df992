"""The contract of a target: a record of functions that loop, report, audit and examples ask."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, cast

from training.kinds import MANY_LABELS, ONE_LABEL, kind_of, load
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


# Each sample's loss [N] and its gradient [N, C], both of logits [N, C].
Slope = Callable[[Array], tuple[Array, Array]]
# Some samples that have the same truth and the same decision: both, as examples.json has them, and their places.
Cell = tuple[Any, Any, Array]


@dataclass(frozen=True, kw_only=True, slots=True)
class Target:
    """What is learnt from each sample.

    `truth` has a row for each of N samples in the target's own form, `probabilities` [N, C] are the model's, and a
    decision is what the model answers, in the form of the truth.

    name            its word in files
    score           the name of its score in `training.score.SCORES`
    answers_one     whether a decision is a single label, which is more or less sure as a whole
    activation      the operator of ONNX that makes probabilities of logits [N, C]
    loss            see Loss; this and `slope` need torch, and import it when called
    slope           (truth, C) -> see Slope; of a loss that is convex in the logits, for solvers
    balance         (truth, C) -> [N], how much each sample has to weigh where rare classes weigh as much as common ones
    weight          (truth, weights [C] of the classes) -> [N], how much each sample weighs in a mean of such losses
    probabilities   logits [N, C], a tensor -> what they mean, a tensor [N, C]
    decide          probabilities [N, C] -> decisions
    decide_logits   logits [N, C] -> decisions, as they are before anything was `fitted`
    fitted          (truth, calibrated probabilities, sources [N] or None) -> the target with what its decisions take
                    from the samples that were measured, and decisions about these that are not flattered by it; None
                    where decisions take nothing from them
    right           (decisions, truth) -> bool [N]
    measure         (truth, decisions) -> Score, with its interval
    luck            (score's value, N) -> by how much chance alone moves the value: its standard error
    confidence      (probabilities, decisions) -> [N], how sure the model was of its answers
    likelihood      (truth, probabilities) -> [N], the probability that the model gave the truth
    judged          (truth, decisions, probabilities) -> of whatever was said, [M] probabilities and whether it is right
    figures         (labels, truth, decisions, probabilities or None) -> what report.json has beside the score
    words           (labels, truth or decision of one sample) -> as a person says it
    parse           (labels, such words) -> the decision again; one that is never right, where they name no such label
    knows           (labels, such words) -> whether they can be said with these labels
    cells           (truth, decisions) -> the samples, put together by both: see Cell
    contradicted    (truth, probabilities by models that never saw the sample) -> places of the samples whose truth is
                    likely wrong, the surest first
    temperature     (truth, probabilities) -> by what to divide the logits so that probabilities mean what they say
    tempered        (probabilities, temperature) -> what they become then
    """

    name: str
    score: str
    answers_one: bool = True
    activation: str = "Softmax"
    loss: Loss
    slope: Callable[[Array, int], Slope]
    balance: Callable[[Array, int], Array]
    weight: Callable[[Array, Array], Array]
    probabilities: Callable[[Array], Array]
    decide: Callable[[Array], Array]
    decide_logits: Callable[[Array], Array]
    fitted: "Callable[[Array, Array, Array | None], tuple[Target, Array]] | None" = None
    right: Callable[[Array, Array], Array]
    measure: Callable[[Array, Array], Score]
    luck: Callable[[float, int], float]
    confidence: Callable[[Array, Array], Array]
    likelihood: Callable[[Array, Array], Array]
    judged: Callable[[Array, Array, Array], tuple[Array, Array]]
    figures: Callable[[Sequence[str], Array, Array, Array | None], dict[str, Any]]
    words: Callable[[Sequence[str], Any], str]
    parse: Callable[[Sequence[str], str], Any]
    knows: Callable[[Sequence[str], str], bool]
    cells: Callable[[Array, Array], list[Cell]]
    contradicted: Callable[[Array, Array], Array]
    temperature: Callable[[Array, Array], float]
    tempered: Callable[[Array, float], Array]


def target_of(task: str, name: str) -> Target:
    """The target of this name (ONE_LABEL, MANY_LABELS) for models of the kind of `task`.

    Raises UnknownKind; ValueError where models of the kind learn no such target.
    """
    kind = kind_of(task)
    place = {ONE_LABEL: kind.target, MANY_LABELS: kind.many_target}.get(name, "")
    if not place:
        raise ValueError(f"Models of the kind {kind.name!r} do not learn {name!r}")
    return cast(Target, load(place))
