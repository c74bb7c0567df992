"""What a new model must keep of an earlier one: the test on pairs, classes, samples that flipped."""

from itertools import product
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from training.evaluation.comparison import _refused
from training.evaluation.gate import Gate, chance_of_loss, flips, most_lost
from training.targets.one_label import ONE_LABEL

Rights = st.lists(st.tuples(st.booleans(), st.booleans()), min_size=1, max_size=40)


def by_hand(lost: int, changed: int) -> float:
    """All ways in which so many changes may fall, each as likely."""
    ways = list(product((0, 1), repeat=changed))
    return sum(sum(way) >= lost for way in ways) / len(ways)


@pytest.mark.parametrize(("lost", "won"), [(0, 0), (1, 0), (0, 3), (3, 3), (6, 1), (2, 7)])
def test_the_chance_is_that_of_fair_coins(lost: int, won: int) -> None:
    was = np.array([True] * lost + [False] * won + [True] * 5)
    now = np.array([False] * lost + [True] * won + [True] * 5)
    assert chance_of_loss(was, now, None) == pytest.approx(by_hand(lost, lost + won))


def test_samples_of_one_source_count_once() -> None:
    was, now = np.ones(6, bool), np.zeros(6, bool)
    assert chance_of_loss(was, now, None) == pytest.approx(1 / 64)
    assert chance_of_loss(was, now, np.array([7, 7, 7, 9, 9, 9])) == pytest.approx(1 / 4)
    # A source in which as much is won as lost has not changed.
    assert chance_of_loss(np.array([True, False]), np.array([False, True]), np.array([1, 1])) == 1


def test_many_changes_stay_within_numbers() -> None:
    was = np.arange(20_000) % 2 == 0
    assert 0 <= chance_of_loss(was, ~was, None) <= 1


def test_the_class_that_lost_most_needs_two_samples() -> None:
    truth = np.array([0] * 10 + [1] * 4 + [2] * 2)
    after = truth.copy()
    after[[0, 1, 2]] = 1  # three of ten
    after[[10, 11]] = 0  # two of four
    after[14] = 0  # one of two: chance
    found = most_lost(["a", "b", "c"], ["a", "b", "c"], truth, truth, after)
    assert found == {"label": "b", "samples": 4, "lost": 2, "loss": 0.5}
    assert most_lost(["a", "b", "c"], ["c"], truth, truth, after) is None


def test_classes_of_many_labels_have_their_recall_each() -> None:
    truth = np.array([[True, True]] * 4)
    after = np.array([[True, False], [True, False], [True, True], [True, True]])
    assert most_lost(["a", "b"], ["a", "b"], truth, truth, after) == {
        "label": "b", "samples": 4, "lost": 2, "loss": 0.5,
    }  # fmt: skip


@given(Rights)
def test_flips_are_all_that_differ_and_what_is_lost_stands_first(rights: list[tuple[bool, bool]]) -> None:
    truth = np.zeros(len(rights), np.int64)
    before, after = (np.array([0 if pair[i] else 1 for pair in rights]) for i in (0, 1))
    found = flips(ONE_LABEL, ["a", "b"], truth, before, after, str)
    assert found["count"] == sum(was != now for was, now in rights) == len(found["rows"])
    assert found["lost"] == sum(was and not now for was, now in rights)
    kinds = [row["after"] != row["label"] for row in found["rows"]]
    assert kinds == sorted(kinds, reverse=True)
    assert {int(row["source"]) for row in found["rows"]} == {
        i for i, (was, now) in enumerate(rights) if was != now
    }


@given(Rights, st.lists(st.booleans(), max_size=5), st.none() | st.floats(0, 1))
def test_no_version_takes_over_that_is_lower_or_fails_what_must_pass(
    rights: list[tuple[bool, bool]], passes: list[bool], share: float | None
) -> None:
    truth = np.zeros(len(rights), np.int64)
    before, after = (np.array([0 if pair[i] else 1 for pair in rights]) for i in (0, 1))
    scores = [ONE_LABEL.measure(truth, some) for some in (before, after)]
    failed: list[dict[str, Any]] = [{} for passed in passes if not passed]
    lost = most_lost(["a", "b"], ["a", "b"], truth, before, after)
    refused = _refused(Gate(share), scores[0].is_better(scores[1]), [], lost, failed)  # type: ignore[arg-type]
    if not refused:
        assert scores[1].value >= scores[0].value
        assert all(passes)
        assert share is None or lost is None or lost["loss"] <= share
