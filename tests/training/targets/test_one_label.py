"""The figures of one label a sample are those of the textbooks."""

import numpy as np
import pytest

from training.targets.one_label import confusion_matrix, per_class, wilson_interval


@pytest.mark.parametrize(
    ("correct", "total", "low", "high"),
    [(92, 100, 0.8500, 0.9589), (0, 10, 0.0, 0.2775), (10, 10, 0.7225, 1.0), (0, 0, 0.0, 1.0)],
)
def test_the_interval_is_wilsons(correct, total, low, high):
    assert wilson_interval(correct, total) == pytest.approx((low, high), abs=1e-4)


def test_rows_of_the_confusion_matrix_are_the_truth():
    matrix = confusion_matrix(np.array([0, 0, 1, 2]), np.array([0, 1, 1, 1]), 3)
    assert matrix.tolist() == [[1, 1, 0], [0, 1, 0], [0, 1, 0]]


def test_precision_and_recall_are_per_class():
    rows = per_class(np.array([[1, 1, 0], [0, 1, 0], [0, 1, 0]]), ["a", "b", "c"])
    assert [row["precision"] for row in rows] == pytest.approx([1, 1 / 3, 0], abs=1e-6)
    assert [row["recall"] for row in rows] == pytest.approx([0.5, 1, 0])
    assert rows[1]["f1"] == pytest.approx(0.5)
    assert [row["support"] for row in rows] == [2, 1, 1]
