"""One label of C for each sample: truth and decisions are class indices, int64 [N]; the score is the accuracy."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from training.score import ACCURACY, Score
from training.targets.confident_learning import contradicted
from training.targets.target import Array, Cell, Slope, Target
from training.targets.temperature import fit_temperature, tempered


def _loss(
    logits: Array,
    truth: Array,
    weights: Array | None = None,
    *,
    smoothing: float = 0.0,
    reduction: str = "mean",
) -> Array:
    """Cross entropy; `weights` [C] are those of the classes."""
    from torch.nn import functional

    return functional.cross_entropy(logits, truth, weights, label_smoothing=smoothing, reduction=reduction)


def _slope(truth: Array, classes: int) -> Slope:
    import torch

    places = torch.arange(len(truth), device=truth.device)

    def at(logits: Array) -> tuple[Array, Array]:
        logs = torch.log_softmax(logits, dim=1)
        losses = -logs[places, truth]
        slopes = logs.exp_()
        slopes[places, truth] -= 1
        return losses, slopes

    return at


def _balance(truth: Array, classes: int) -> Array:
    return 1 / truth.bincount(minlength=classes).clamp(min=1).float()[truth]


def _probabilities(logits: Array) -> Array:
    return logits.softmax(1)


def _weight(truth: Array, weights: Array) -> Array:
    return weights[truth]


def _decide(scores: Array) -> Array:
    return scores.argmax(1)


def _right(decisions: Array, truth: Array) -> Array:
    return decisions == truth


def measure(truth: NDArray[Any], decisions: NDArray[Any]) -> Score:
    """The accuracy with its Wilson interval."""
    correct, total = int((decisions == truth).sum()), len(truth)
    low, high = wilson_interval(correct, total)
    return Score(name=ACCURACY, value=correct / max(total, 1), low=low, high=high)


def _luck(accuracy: float, count: int) -> float:
    """The standard error of a share."""
    return math.sqrt(max(accuracy * (1 - accuracy), 0.0) / max(count, 1))


def _confidence(probabilities: NDArray[Any], decisions: NDArray[Any]) -> NDArray[Any]:
    of_answer: NDArray[Any] = probabilities[np.arange(len(decisions)), decisions]
    return of_answer


def _judged(
    truth: NDArray[Any], decisions: NDArray[Any], probabilities: NDArray[Any]
) -> tuple[NDArray[Any], NDArray[Any]]:
    return _confidence(probabilities, decisions), _right(decisions, truth)


def _likelihood(truth: NDArray[Any], probabilities: NDArray[Any]) -> NDArray[Any]:
    of_truth: NDArray[Any] = probabilities[np.arange(len(truth)), truth]
    return of_truth


def _figures(
    labels: Sequence[str],
    truth: NDArray[Any],
    decisions: NDArray[Any],
    probabilities: NDArray[Any] | None = None,
) -> dict[str, Any]:
    confusion = confusion_matrix(truth, decisions, len(labels))
    return {
        "majority_accuracy": round(float(confusion.sum(axis=1).max()) / max(len(truth), 1), 6),
        "confusion": confusion.tolist(),
        "per_class": per_class(confusion, labels),
    }


def _words(labels: Sequence[str], label: Any) -> str:
    return labels[int(label)]


def _parse(labels: Sequence[str], words: str) -> int:
    return labels.index(words) if words in labels else -1


def _knows(labels: Sequence[str], words: str) -> bool:
    return words in labels


def _cells(truth: NDArray[Any], decisions: NDArray[Any]) -> list[Cell]:
    """Those of the confusion matrix that are not empty."""
    width = int(decisions.max(initial=0)) + 1
    pairs = truth * width + decisions
    return [(*divmod(int(pair), width), np.flatnonzero(pairs == pair)) for pair in np.unique(pairs)]


def wilson_interval(correct: float, total: float, z: float = 1.959964) -> tuple[float, float]:
    """The 95 % interval of a share of `correct` in `total` (Wilson 1927); (0, 1) for nothing measured."""
    if total == 0:
        return 0.0, 1.0
    share = correct / total
    middle = share + z * z / (2 * total)
    spread = z * math.sqrt(share * (1 - share) / total + z * z / (4 * total * total))
    scale = 1 + z * z / total
    return max(0.0, (middle - spread) / scale), min(1.0, (middle + spread) / scale)


def confusion_matrix(truth: NDArray[Any], predicted: NDArray[Any], classes: int) -> NDArray[np.int64]:
    """Counts [classes, classes]; rows are the true class, columns the predicted one."""
    pairs = truth.astype(np.int64) * classes + predicted.astype(np.int64)
    return np.bincount(pairs, minlength=classes * classes).reshape(classes, classes)


def per_class(confusion: NDArray[np.int64], labels: Sequence[str]) -> list[dict[str, Any]]:
    """Precision, recall and F1 (0 where undefined) and the number of validation samples of each class."""
    hits = np.diag(confusion).astype(float)
    precision = hits / np.maximum(confusion.sum(axis=0), 1)
    recall = hits / np.maximum(confusion.sum(axis=1), 1)
    f1 = 2 * precision * recall / np.maximum(precision + recall, 1e-12)
    return [
        {
            "label": label,
            "precision": round(float(precision[i]), 6),
            "recall": round(float(recall[i]), 6),
            "f1": round(float(f1[i]), 6),
            "support": int(confusion[i].sum()),
        }
        for i, label in enumerate(labels)
    ]


ONE_LABEL = Target(
    name="one_label",
    score=ACCURACY,
    loss=_loss,
    slope=_slope,
    balance=_balance,
    probabilities=_probabilities,
    weight=_weight,
    decide=_decide,
    decide_logits=_decide,
    right=_right,
    measure=measure,
    luck=_luck,
    confidence=_confidence,
    likelihood=_likelihood,
    judged=_judged,
    figures=_figures,
    words=_words,
    parse=_parse,
    knows=_knows,
    cells=_cells,
    contradicted=contradicted,
    temperature=fit_temperature,
    tempered=tempered,
)
