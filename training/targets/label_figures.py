"""Figures of many labels a sample: F1 over all of them and label by label, average precision."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from training.score import MICRO_F1, Score
from training.targets.one_label import wilson_interval

Bools = NDArray[np.bool_]


def micro_f1(truth: Bools, decisions: Bools) -> Score:
    """F1 of all labels of all samples [N, C] together, with a 95 % interval; 1 where none are there and none is said.

    2 TP / (2 TP + FP + FN) is a ratio of two sums over the samples, so its variance is that of a ratio estimator
    (Cochran 1977, 6.3). The interval is Wilson's of as many independent answers as have this variance.
    """
    hits = 2.0 * (truth & decisions).sum(axis=1)
    sizes = truth.sum(axis=1) + decisions.sum(axis=1).astype(float)
    whole, count = sizes.sum(), len(truth)
    if not whole:
        return Score(name=MICRO_F1, value=1.0 if count else 0.0, low=0.0, high=1.0)
    value = float(hits.sum() / whole)
    variance = ((hits - value * sizes) ** 2).sum() / whole**2 * count / max(count - 1, 1)
    # Where all is right, or nothing, each sample that has any label counts once.
    answers = value * (1 - value) / variance if variance > 0 else float((sizes > 0).sum())
    answers = max(min(answers, whole / 2), 1.0)
    low, high = wilson_interval(value * answers, answers)
    return Score(name=MICRO_F1, value=value, low=low, high=high)


def label_figures(
    thresholds: NDArray[np.float32] | None,
    labels: Sequence[str],
    truth: Bools,
    decisions: Bools,
    probabilities: NDArray[Any] | None = None,
) -> dict[str, Any]:
    """What report.json has of many labels; average precisions only where `probabilities` [N, C] are given."""
    rows = _rows(labels, truth, decisions)
    if probabilities is not None:
        for row, precision in zip(rows, average_precisions(truth, probabilities), strict=True):
            row["average_precision"] = precision
    if thresholds is not None:
        for row, threshold in zip(rows, thresholds.tolist(), strict=True):
            row["threshold"] = round(threshold, 6)
    measured = [row for row in rows if row["support"]]
    precisions = [row["average_precision"] for row in measured if row.get("average_precision") is not None]
    return {
        "macro_f1": _mean([row["f1"] for row in measured]),
        "mean_average_precision": _mean(precisions),
        "all_right": round(float((truth == decisions).all(axis=1).mean()), 6) if len(truth) else 0.0,
        "labels_each": round(float(truth.sum() / max(len(truth), 1)), 4),
        "without_labels": int((~truth).all(axis=1).sum()),
        "per_class": rows,
    }


def _rows(labels: Sequence[str], truth: Bools, decisions: Bools) -> list[dict[str, Any]]:
    hits = (truth & decisions).sum(axis=0)
    said, there = decisions.sum(axis=0), truth.sum(axis=0)
    found = []
    for i, label in enumerate(labels):
        right, given, wanted = int(hits[i]), int(said[i]), int(there[i])
        found.append(
            {
                "label": label,
                "precision": round(right / max(given, 1), 6),
                "recall": round(right / max(wanted, 1), 6),
                "f1": round(2 * right / max(given + wanted, 1), 6),
                "support": wanted,
                "missed": wanted - right,
                "said_wrongly": given - right,
            }
        )
    return found


def average_precisions(truth: Bools, probabilities: NDArray[Any]) -> list[float | None]:
    """Of each label: the mean, over the samples that have it, of the precision among those at least as likely.

    The area under the steps of precision over recall (Manning et al. 2008, 8.4), equally likely samples taken together;
    None for a label that no sample has.
    """
    return [_average_precision(truth[:, i], probabilities[:, i]) for i in range(truth.shape[1])]


def _average_precision(has: Bools, likely: NDArray[Any]) -> float | None:
    if not has.any():
        return None
    order = np.argsort(-likely, kind="stable")
    ends = np.flatnonzero(np.append(np.diff(likely[order]) != 0, True))
    hits = has[order].cumsum()[ends]
    gained = np.diff(hits, prepend=0) / hits[-1]
    return round(float((gained * hits / (ends + 1)).sum()), 6)


def _mean(values: Sequence[float]) -> float | None:
    return round(math.fsum(values) / len(values), 6) if values else None
