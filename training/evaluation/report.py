"""The figures of a training: accuracy with its interval, confusion matrix, precision and recall per class.

report.json holds, all of the validation part unless said otherwise:

    accuracy, accuracy_interval [low, high] (Wilson, 95 %), majority_accuracy (always the commonest class)
    baseline      {name, accuracy}: a simple method on the same split; null where it was too large for it
    calibration   {temperature, error_before, error_after, bins: [{count, confidence, accuracy}]}: the expected
                  calibration error (15 bins) before and after temperature scaling; exported models are scaled
    duplicates    {count, accuracy_without, examples: [{source, label, twin, twin_label}], conflicts,
                  conflict_examples: [the same]}: samples that stand, nearly the same, in the training part as
                  `twin`; the accuracy on the others (null when there are none); pairs, in any part, under two classes
    suspects      {count, looked_at, examples: [{source, label, predicted, probability}]}: labels, in any part,
                  that models which never saw the sample contradict; null when nothing could be asked
    hardest       [{source, label, predicted, probability, label_probability}]: highest loss first; `probability`
                  is that of the class predicted
    thresholds    [{threshold, unsure, accuracy}]: were answers below `threshold` called unsure, their share, and the
                  accuracy of the others (null when there are none)
    audit_notes   [str]: which of baseline, duplicates, suspects is missing, and why
    train_count, val_count, best_epoch, epochs: [EpochFigures], confusion: [[int]] (rows = truth),
    per_class: [{label, precision, recall, f1, support}], warnings: [str], skipped: [{source, reason}],
    skipped_count, seconds: {phase: s}, device
"""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from training.ground.epochs import EpochFigures

MAX_SKIPPED = 200
MAX_SOURCE = 200


def wilson_interval(correct: int, total: int, z: float = 1.959964) -> tuple[float, float]:
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


def hardest(
    truth: NDArray[Any],
    probabilities: NDArray[Any],
    sources: Sequence[str],
    labels: Sequence[str],
    count: int = 12,
) -> list[dict[str, Any]]:
    """The validation samples with the highest loss: whose true class got the lowest probability."""
    given = probabilities[np.arange(len(truth)), truth]
    predicted = probabilities.argmax(axis=1)
    worst = np.argsort(given, kind="stable")[:count]
    return [
        {
            "source": sources[i][:MAX_SOURCE],
            "label": labels[int(truth[i])],
            "predicted": labels[int(predicted[i])],
            "probability": round(float(probabilities[i, predicted[i]]), 6),
            "label_probability": round(float(given[i]), 6),
        }
        for i in worst
    ]


def thresholds(truth: NDArray[Any], probabilities: NDArray[Any]) -> list[dict[str, Any]]:
    """What refusing to answer below a probability would cost and bring, in steps of 0.05 and finer near 1."""
    sure, right = probabilities.max(axis=1), probabilities.argmax(axis=1) == truth
    steps = [round(0.05 * step, 2) for step in range(20)] + [0.97, 0.98, 0.99]
    found = []
    for step in steps:
        kept = sure >= step
        accuracy = round(float(right[kept].mean()), 6) if kept.any() else None
        unsure = round(float(1 - kept.mean()), 6) if len(kept) else 0.0
        found.append({"threshold": step, "unsure": unsure, "accuracy": accuracy})
    return found


def log_loss(truth: NDArray[Any], probabilities: NDArray[Any]) -> float:
    """Mean negative log-likelihood of the true classes; decides between models of the same accuracy."""
    given = probabilities[np.arange(len(truth)), truth].astype(float)
    return float(-np.log(np.maximum(given, 1e-12)).mean()) if len(truth) else 0.0


def build_report(
    *,
    labels: Sequence[str],
    truth: NDArray[Any],
    probabilities: NDArray[Any],
    train_count: int,
    epochs: Sequence[EpochFigures],
    best_epoch: int,
) -> dict[str, Any]:
    """report.json without what only the run knows (warnings, skipped, seconds, device, hardest).

    `truth` [N] class indices and `probabilities` [N, C] are of the validation part.
    """
    predicted = probabilities.argmax(axis=1)
    confusion = confusion_matrix(truth, predicted, len(labels))
    correct, total = int(np.trace(confusion)), len(truth)
    return {
        "accuracy": round(correct / max(total, 1), 6),
        "accuracy_interval": [round(bound, 6) for bound in wilson_interval(correct, total)],
        "majority_accuracy": round(float(confusion.sum(axis=1).max()) / max(total, 1), 6),
        "train_count": train_count,
        "val_count": total,
        "best_epoch": best_epoch,
        "epochs": [figures.to_json() for figures in epochs],
        "confusion": confusion.tolist(),
        "per_class": per_class(confusion, labels),
        "thresholds": thresholds(truth, probabilities),
    }
