"""Classes that are in an order are known by their names."""

import pytest

from training.targets.label_order import in_order, positions_of


@pytest.mark.parametrize(
    ("labels", "order"),
    [
        (["1", "2", "3", "4", "5"], ["1", "2", "3", "4", "5"]),
        (["5 stars", "1 star", "3 stars"], ["1 star", "3 stars", "5 stars"]),
        (
            ["10/10", "9/10", "8/10", "1/10", "3/10", "5/10"],
            ["1/10", "3/10", "5/10", "8/10", "9/10", "10/10"],
        ),
        (["high", "low", "medium"], ["low", "medium", "high"]),
        (["Neutral", "Very_Negative", "positive"], ["Very_Negative", "Neutral", "positive"]),
        (["B", "A", "C", "D", "F"], ["A", "B", "C", "D", "F"]),
        (["-1", "0", "1"], ["-1", "0", "1"]),
        (["\u2605\u2605", "\u2605", "\u2605\u2605\u2605"], ["\u2605", "\u2605\u2605", "\u2605\u2605\u2605"]),
    ],
)
def test_a_scale_is_recognised(labels, order):
    assert in_order(labels) == order


@pytest.mark.parametrize(
    "labels",
    [
        ["cat", "dog", "bird"],
        ["0", "1"],
        ["101", "205", "307"],
        ["1", "2", "40"],
        ["A", "B", "C"],
        ["a", "b", "c", "d"],
        ["low", "high", "other"],
        ["B", "C", "D", "E"],
        [],
    ],
)
def test_other_names_are_in_no_order(labels):
    assert positions_of(labels) is None
    assert in_order(labels) == []


def test_numbers_are_their_own_positions():
    assert positions_of(["1", "2", "4", "5"]) == [1, 2, 4, 5]
