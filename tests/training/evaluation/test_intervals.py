"""A score is as sure as its sources are many, and its interval is for as many new samples."""

import numpy as np
import pytest

from training.evaluation.intervals import FEWEST_SOURCES, drawn_again, foreseen
from training.score import Score
from training.targets.one_label import measure


def score_of(right: np.ndarray, sources: np.ndarray | None = None) -> tuple[float, float] | None:
    score = measure(np.ones(len(right), int), right.astype(int))
    return foreseen(score, right, sources).interval


def width(right: np.ndarray, sources: np.ndarray | None = None) -> float:
    interval = score_of(right, sources)
    assert interval is not None
    return interval[1] - interval[0]


@pytest.mark.parametrize("chance", [0.5, 0.9, 0.98])
@pytest.mark.parametrize("count", [40, 400])
def test_as_many_new_samples_lie_in_it_as_often_as_it_says(chance: float, count: int) -> None:
    random = np.random.default_rng(0)
    first, second = random.binomial(count, chance, (2, 4000)) / count
    ends = [drawn_again(share, count) for share in first]
    inside = [low <= share <= high for share, (low, high) in zip(second, ends, strict=True)]
    # Close to 0 or 1 a few values are all there are.
    assert 0.94 <= np.mean(inside) <= (0.99 if chance < 0.95 else 1)


@pytest.mark.parametrize("clusters", [6, 30, 200])
def test_as_many_new_sources_lie_in_it_as_often_as_it_says(clusters: int) -> None:
    random = np.random.default_rng(0)
    inside = []
    for _ in range(800):
        chance = random.beta(4, 1, (2, clusters))
        right = random.random((2, clusters, 5)) < chance[:, :, None]
        interval = score_of(right[0].ravel(), np.arange(5 * clusters) // 5)
        assert interval is not None
        inside.append(interval[0] <= right[1].mean() <= interval[1])
    assert 0.92 <= np.mean(inside) <= 1


def test_answers_that_hang_together_make_the_interval_wider() -> None:
    right = np.repeat(np.arange(40) % 4 != 0, 5)
    assert width(right, np.arange(200) // 5) == pytest.approx(width(right) * 5**0.5, rel=0.08)


def test_answers_in_folds_hang_together_a_little() -> None:
    right = np.arange(200) % 5 != 0
    score = measure(np.ones(200, int), right.astype(int))
    alone, in_folds = foreseen(score, right).interval, foreseen(score, right, in_folds=True).interval
    assert alone is not None and in_folds is not None
    assert in_folds[1] - in_folds[0] == pytest.approx(1.25**0.5 * (alone[1] - alone[0]), rel=0.02)


def test_sources_of_one_sample_change_nothing() -> None:
    right = np.arange(50) % 7 != 0
    assert score_of(right, np.arange(50)) == score_of(right)


def test_answers_that_do_not_hang_together_change_little() -> None:
    right = np.random.default_rng(0).random(1000) < 0.8
    assert width(right, np.arange(1000) // 2) < 1.2 * width(right)


def test_all_right_of_few_sources_is_not_sure() -> None:
    right = np.ones(100, bool)
    together, alone = score_of(right, np.arange(100) // 10), score_of(right)
    assert together is not None and alone is not None
    assert together[0] < 0.75 < alone[0]


def test_too_few_sources_have_no_interval() -> None:
    right = np.arange(60) % 5 != 0
    assert score_of(right, np.arange(60) % (FEWEST_SOURCES - 1)) is None
    assert score_of(right, np.arange(60) % FEWEST_SOURCES) is not None
    assert score_of(right[: FEWEST_SOURCES - 1]) is None


def test_another_score_keeps_the_shape_of_its_own_interval() -> None:
    right = np.arange(100) % 3 != 0
    found = foreseen(Score(name="map", value=0.5, low=0.4, high=0.7), right).interval
    assert found == pytest.approx((0.5 - 0.1 * 2**0.5, 0.5 + 0.2 * 2**0.5))
    assert foreseen(Score(name="map", value=0.5), right).interval is None
