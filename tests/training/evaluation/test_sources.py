"""A score is as sure as its sources are many."""

import numpy as np
import pytest

from training.evaluation.intervals import widened
from training.targets.one_label import measure


def score_of(right: np.ndarray, sources: np.ndarray | None) -> tuple[float, float]:
    score = measure(np.ones(len(right), int), right.astype(int))
    interval = widened(score, right, sources).interval
    assert interval is not None
    return interval


def test_answers_that_hang_together_make_the_interval_wider() -> None:
    right = np.repeat(np.arange(40) % 4 != 0, 5)
    alone, together = score_of(right, None), score_of(right, np.arange(200) // 5)
    assert together[1] - together[0] == pytest.approx((alone[1] - alone[0]) * 5**0.5, rel=0.05)


def test_sources_of_one_sample_change_nothing() -> None:
    right = np.arange(50) % 7 != 0
    assert score_of(right, np.arange(50)) == score_of(right, None)


def test_answers_that_do_not_hang_together_change_little() -> None:
    right = np.random.default_rng(0).random(1000) < 0.8
    alone, together = score_of(right, None), score_of(right, np.arange(1000) // 2)
    assert together[1] - together[0] < 1.2 * (alone[1] - alone[0])


def test_all_right_of_few_sources_is_not_sure() -> None:
    right = np.ones(100, bool)
    assert score_of(right, np.arange(100) // 10)[0] < 0.75 < score_of(right, None)[0]
