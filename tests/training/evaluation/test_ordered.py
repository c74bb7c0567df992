"""Of classes in an order it is told by how much answers are off."""

import numpy as np
import pytest

from training.evaluation.ordered import ordered_figures

LABELS = ["1", "2", "3", "4", "5"]


def test_the_mean_absolute_error_counts_steps():
    truth, decisions = np.array([0, 1, 2, 4, 4]), np.array([0, 2, 2, 4, 0])
    found = ordered_figures(LABELS, truth, decisions)["ordered"]
    assert found["mean_absolute_error"] == pytest.approx(1.0)
    assert found["within_one"] == pytest.approx(0.8)
    # Always "3" would be off by 2, 1, 0, 2 and 2.
    assert found["always_middle"] == pytest.approx(7 / 5)
    assert found["order"] == LABELS


def test_the_order_is_not_that_of_the_alphabet():
    found = ordered_figures(["high", "low", "medium"], np.array([0, 0]), np.array([2, 1]))
    assert found["ordered"]["mean_absolute_error"] == pytest.approx(1.5)


def test_other_classes_and_nothing_measured_tell_nothing():
    assert ordered_figures(["cat", "dog", "cow"], np.array([0]), np.array([1])) == {}
    assert ordered_figures(LABELS, np.array([], np.int64), np.array([], np.int64)) == {}
