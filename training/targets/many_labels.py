"""Any number of C labels for each sample, none among them: truth and decisions are bool [N, C]; the score is micro F1.

Each label has a sigmoid of its own, and a threshold from which it is said (`training.targets.label_thresholds`).
"""

import json
from collections.abc import Sequence
from functools import partial
from itertools import compress
from typing import Any

import numpy as np
from numpy.typing import NDArray

from training.score import MICRO_F1
from training.targets.label_figures import label_figures, micro_f1
from training.targets.label_thresholds import USUAL, cross_fitted, fit_thresholds
from training.targets.target import Array, Cell, Slope, Target
from training.targets.temperature import PRIOR_SAMPLES, highest_likelihood

# Between the labels of a sample, where people read them; and what is said of a sample that has none.
BETWEEN, NONE = " | ", "(none)"
_SMALLEST = 1e-7
_LONGEST_LIST = 100_000


def many_labels(thresholds: Sequence[float] | None = None) -> Target:
    """The target whose labels are said from these `thresholds` [C] on; by default from one half."""
    limits = None if thresholds is None else np.asarray(thresholds, np.float32)
    return Target(
        name="many_labels",
        score=MICRO_F1,
        answers_one=False,
        activation="Sigmoid",
        loss=_loss,
        slope=_slope,
        balance=_balance,
        weight=_weight,
        probabilities=_probabilities,
        decide=partial(_decide, limits),
        decide_logits=_decide_logits,
        fitted=_fitted,
        right=_right,
        measure=micro_f1,
        luck=_luck,
        confidence=_confidence,
        likelihood=_likelihood,
        judged=_judged,
        figures=partial(label_figures, limits),
        words=_words,
        parse=_parse,
        knows=_knows,
        cells=_cells,
        contradicted=_contradicted,
        temperature=_temperature,
        tempered=_tempered,
    )


def _loss(
    logits: Array,
    truth: Array,
    weights: Array | None = None,
    *,
    smoothing: float = 0.0,
    reduction: str = "mean",
) -> Array:
    """Binary cross entropy, summed over the labels; `weights` [C] are those of a label where it is there.

    Smoothing takes a share from the labels that are there and spreads it over all, as with one label.
    """
    from torch.nn import functional

    wanted = truth.to(logits.dtype)
    if smoothing:
        wanted = wanted * (1 - smoothing) + smoothing / logits.shape[1]
    losses = functional.binary_cross_entropy_with_logits(
        logits, wanted, pos_weight=weights, reduction="none"
    ).sum(1)
    return losses if reduction == "none" else losses.sum() if reduction == "sum" else losses.mean()


def _slope(truth: Array, classes: int) -> Slope:
    from torch.nn import functional

    of_truth = truth.float()

    def at(logits: Array) -> tuple[Array, Array]:
        wanted = of_truth.to(logits.dtype)
        losses = functional.binary_cross_entropy_with_logits(logits, wanted, reduction="none")
        return losses.sum(1), logits.sigmoid() - wanted

    return at


def _balance(truth: Array, classes: int) -> Array:
    """Each sample as much as its rarest label; without any, as one of those that have none."""
    counts, none = truth.sum(0).clamp(min=1).float(), (~truth).all(1)
    of_rarest = (truth / counts).amax(1)
    of_rarest[none] = 1 / max(int(none.sum()), 1)
    return of_rarest


def _weight(truth: Array, weights: Array) -> Array:
    """Those of the labels are in the loss; each sample counts once."""
    return (
        weights.new_ones(len(truth)) if hasattr(weights, "new_ones") else np.ones(len(truth), weights.dtype)
    )


def _probabilities(logits: Array) -> Array:
    return logits.sigmoid()


def _decide(thresholds: NDArray[np.float32] | None, probabilities: Array) -> Array:
    return probabilities >= (USUAL if thresholds is None else thresholds)


def _decide_logits(logits: Array) -> Array:
    return logits >= 0


def _fitted(
    truth: NDArray[np.bool_], probabilities: NDArray[np.float32], sources: NDArray[np.int64] | None
) -> tuple[Target, NDArray[np.bool_]]:
    found = many_labels(fit_thresholds(truth, probabilities).tolist())
    return found, cross_fitted(truth, probabilities, sources)


def _right(decisions: Array, truth: Array) -> Array:
    return (decisions == truth).all(1)


def _luck(value: float, count: int) -> float:
    """That of a share; F1 varies about as much."""
    return float((max(value * (1 - value), 0.0) / max(count, 1)) ** 0.5)


def _of(probabilities: NDArray[Any], answers: NDArray[np.bool_]) -> NDArray[Any]:
    """The probability that all of a sample's labels are as in `answers`, were they independent."""
    each = np.where(answers, probabilities, 1 - probabilities).astype(float)
    found: NDArray[Any] = np.exp(np.log(np.maximum(each, _SMALLEST)).sum(axis=1))
    return found


def _confidence(probabilities: NDArray[Any], decisions: NDArray[Any]) -> NDArray[Any]:
    return _of(probabilities, decisions)


def _likelihood(truth: NDArray[Any], probabilities: NDArray[Any]) -> NDArray[Any]:
    return _of(probabilities, truth)


def _judged(
    truth: NDArray[Any], decisions: NDArray[Any], probabilities: NDArray[Any]
) -> tuple[NDArray[Any], NDArray[np.bool_]]:
    """Of each label that is said."""
    return probabilities[decisions], truth[decisions]


def _words(labels: Sequence[str], label: Any) -> str:
    return BETWEEN.join(compress(labels, label)) or NONE


def _named(words: str) -> list[str]:
    """The labels in such words, or in a JSON list of them."""
    if words.startswith("[") and words.endswith("]") and len(words) <= _LONGEST_LIST:
        try:
            found = json.loads(words)
        except (ValueError, RecursionError):
            found = None
        if isinstance(found, list):
            return [str(label) for label in found]
    return [] if words in ("", NONE) else words.split(BETWEEN)


def _parse(labels: Sequence[str], words: str) -> NDArray[np.bool_]:
    named = set(_named(words))
    return np.array([label in named for label in labels], bool)


def _knows(labels: Sequence[str], words: str) -> bool:
    return set(_named(words)) <= set(labels)


def _cells(truth: NDArray[Any], decisions: NDArray[Any]) -> list[Cell]:
    """Of each label those that have it and got it, that have it and did not, and that got it without having it.

    -1 stands for a label that is not there: (label, -1) was missed, (-1, label) said wrongly.
    """
    found: list[Cell] = []
    for label in range(truth.shape[1]):
        has, said = truth[:, label], decisions[:, label]
        for cell, members in (
            ((label, label), has & said),
            ((label, -1), has & ~said),
            ((-1, label), said & ~has),
        ):
            if members.any():
                found.append((*cell, np.flatnonzero(members)))
    return found


def _contradicted(truth: NDArray[Any], probabilities: NDArray[np.float32]) -> NDArray[np.int64]:
    """Samples of which one label alone is likely wrong, each label taken as a question of yes and no.

    As `confident_learning.contradicted`: the other answer must be as likely as it usually is where it is given.
    """
    margins = np.zeros(len(truth))
    for label in range(truth.shape[1]):
        has, likely = truth[:, label], probabilities[:, label].astype(float)
        for given, other in ((has, 1 - likely), (~has, likely)):
            usual = max(float(other[~given].mean()), 0.5) if (~given).any() else 1.0
            suspect = given & (other >= usual)
            margins = np.maximum(margins, np.where(suspect, 2 * other - 1, 0.0))
    places = np.flatnonzero(margins > 0)
    by_margin: NDArray[np.int64] = places[np.argsort(-margins[places], kind="stable")]
    return by_margin


def _logits(probabilities: NDArray[Any]) -> NDArray[np.float64]:
    kept = np.clip(probabilities.astype(float), _SMALLEST, 1 - _SMALLEST)
    found: NDArray[np.float64] = np.log(kept) - np.log1p(-kept)
    return found


def _temperature(truth: NDArray[Any], probabilities: NDArray[Any]) -> float:
    """As with one label (Guo et al. 2017), of the sigmoids of all labels together."""
    if not truth.size:
        return 1.0
    logits = _logits(probabilities)
    signed = np.where(truth, logits, -logits)

    def slopes(inverse: float) -> tuple[float, float]:
        wrong = 1 / (1 + np.exp(np.clip(inverse * signed, -500, 500)))
        return float(-(signed * wrong).sum()), float((signed**2 * wrong * (1 - wrong)).sum())

    return highest_likelihood(slopes, PRIOR_SAMPLES)


def _tempered(probabilities: NDArray[np.float32], temperature: float) -> NDArray[np.float32]:
    scaled: NDArray[np.float32] = (1 / (1 + np.exp(-_logits(probabilities) / temperature))).astype(np.float32)
    return scaled


MANY_LABELS = many_labels()
