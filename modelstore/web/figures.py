"""A report made ready for a page: the confusion matrix, and what was found in the data."""

from collections.abc import Mapping, Sequence
from typing import Any

from training.score import ACCURACY

MOST_CLASSES = 25
_MOST_PAIRS = 12
_STEPS = 9
_MOST_UNSURE = 0.1


def confusion_rows(
    classes: Sequence[str], confusion: Sequence[Sequence[int]], examples: str = ""
) -> list[dict[str, Any]]:
    """Rows of cells with count, share of the row and one of ten shades; empty for more than MOST_CLASSES.

    `examples` is the address of the samples behind them, "" where there are none.
    """
    if len(classes) > MOST_CLASSES:
        return []
    return [
        {"label": label, "total": sum(counts), "cells": _cells(row, counts, classes, examples)}
        for row, (label, counts) in enumerate(zip(classes, confusion, strict=False))
    ]


def confused_pairs(
    classes: Sequence[str], confusion: Sequence[Sequence[int]], examples: str = ""
) -> list[dict[str, Any]]:
    """The most common mistakes: true class, predicted class, how often, and its share of the true class."""
    pairs: list[dict[str, Any]] = [
        {
            "truth": classes[row],
            "predicted": classes[column],
            "address": _address(examples, row, column, count),
            "count": count,
            "share": count / sum(counts),
        }
        for row, counts in enumerate(confusion)
        for column, count in enumerate(counts)
        if row != column and count
    ]
    return sorted(pairs, key=lambda pair: (-pair["count"], -pair["share"]))[:_MOST_PAIRS]


def data_findings(report: Mapping[str, Any], score: str = ACCURACY) -> dict[str, Any]:
    """Hardest samples, suspect labels and tables of near-duplicates; {} where the report tells of none."""
    duplicates = report.get("duplicates") or {}
    twins = [
        {
            "title": "also in the training part",
            "words": "The model has seen these, or something nearly the same, so they prove little.",
            "count": duplicates.get("count", 0),
            "without": duplicates.get(f"{score}_without"),
            "examples": duplicates.get("examples", []),
        },
        {
            "title": "nearly the same under two classes",
            "words": "One of each pair is probably in the wrong class.",
            "count": duplicates.get("conflicts", 0),
            "without": None,
            "examples": duplicates.get("conflict_examples", []),
        },
    ]
    found: dict[str, Any] = {
        "hardest": [row for row in report.get("hardest", []) if row["label"] != row["predicted"]],
        "suspects": report.get("suspects") or {},
        "twins": [table for table in twins if table["count"]],
    }
    return found if found["hardest"] or found["suspects"].get("count") or found["twins"] else {}


def slices_by_trait(report: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Traits of samples, each with its groups, and whether one of them is clearly worse than the others."""
    traits: dict[str, list[dict[str, Any]]] = {}
    for row in report.get("slices") or []:
        traits.setdefault(row["trait"], []).append(row)
    return [
        {"trait": trait, "rows": rows, "is_worse": any(row["is_worse"] for row in rows)}
        for trait, rows in traits.items()
        if len(rows) > 1
    ]


def threshold_row(report: Mapping[str, Any], threshold: float) -> dict[str, Any] | None:
    """The row of report.json's thresholds nearest to this one; None where the report has none."""
    rows: list[dict[str, Any]] = report.get("thresholds") or []
    return min(rows, key=lambda row: abs(row["threshold"] - threshold), default=None)


def suggested_threshold(report: Mapping[str, Any]) -> float:
    """The highest one that leaves at most a tenth unsure."""
    rows = report.get("thresholds") or []
    return max((row["threshold"] for row in rows if row["unsure"] <= _MOST_UNSURE), default=0.0)


def reliability_points(report: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The bins of the reliability diagram with samples in them, as circles in a square of 200; [] without any."""
    bins = (report.get("calibration") or {}).get("bins") or []
    filled = [row for row in bins if row["count"]]
    most = max((row["count"] for row in filled), default=1)
    return [
        {
            **row,
            "x": round(200 * row["confidence"], 1),
            "y": round(200 * (1 - row["accuracy"]), 1),
            "size": round(3 + 8 * (row["count"] / most) ** 0.5, 1),
        }
        for row in filled
    ]


def _address(examples: str, truth: int, predicted: int, count: int) -> str:
    return f"{examples}?truth={truth}&predicted={predicted}" if examples and count else ""


def _cells(row: int, counts: Sequence[int], classes: Sequence[str], examples: str) -> list[dict[str, Any]]:
    total = sum(counts)
    return [
        {
            "count": count,
            "shade": 0 if not count else 1 + min(_STEPS - 1, int(_STEPS * count / total)),
            "right": row == column,
            "address": _address(examples, row, column, count),
            "predicted": classes[column],
            "share": count / total if total else 0.0,
        }
        for column, count in enumerate(counts)
    ]
