"""A confusion matrix made ready for a page."""

from collections.abc import Sequence
from typing import Any

MOST_CLASSES = 25
_MOST_PAIRS = 12
_STEPS = 9


def confusion_rows(classes: Sequence[str], confusion: Sequence[Sequence[int]]) -> list[dict[str, Any]]:
    """Rows of cells with count, share of the row and one of ten shades; empty for more than MOST_CLASSES."""
    if len(classes) > MOST_CLASSES:
        return []
    return [
        {"label": label, "total": sum(counts), "cells": _cells(row, counts, classes)}
        for row, (label, counts) in enumerate(zip(classes, confusion, strict=False))
    ]


def confused_pairs(classes: Sequence[str], confusion: Sequence[Sequence[int]]) -> list[dict[str, Any]]:
    """The commonest mistakes: true class, predicted class, how often, and its share of the true class."""
    pairs: list[dict[str, Any]] = [
        {"truth": classes[row], "predicted": classes[column], "count": count, "share": count / sum(counts)}
        for row, counts in enumerate(confusion)
        for column, count in enumerate(counts)
        if row != column and count
    ]
    return sorted(pairs, key=lambda pair: (-pair["count"], -pair["share"]))[:_MOST_PAIRS]


def _cells(row: int, counts: Sequence[int], classes: Sequence[str]) -> list[dict[str, Any]]:
    total = sum(counts)
    return [
        {
            "count": count,
            "shade": 0 if not count else 1 + min(_STEPS - 1, int(_STEPS * count / total)),
            "right": row == column,
            "predicted": classes[column],
            "share": count / total if total else 0.0,
        }
        for column, count in enumerate(counts)
    ]
