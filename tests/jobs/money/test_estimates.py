"""The arithmetic of estimates: honest without history, near the truth with it."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobs.money.estimates import FIXED_SECONDS, Range, corrected, rough_seconds
from tests.tasks import Task
from training.ground.recipe import resolve


def test_without_history_the_band_is_wide_and_around_the_guess() -> None:
    band = corrected(100, [])
    assert band.expected == pytest.approx(100)
    assert band.low < 45
    assert band.high > 220


def test_past_jobs_pull_the_estimate_to_what_they_took() -> None:
    band = corrected(100, [3.0] * 10)
    assert band.expected == pytest.approx(300, rel=0.05)
    assert 180 < band.low < band.expected < band.high < 420


def test_one_past_job_narrows_the_band_but_is_not_taken_for_the_truth() -> None:
    none, one, many = corrected(100, []), corrected(100, [2.0]), corrected(100, [2.0] * 20)
    assert none.expected < one.expected < many.expected
    widths = [band.high / band.low for band in (none, one, many)]
    assert widths == sorted(widths, reverse=True)


@given(st.lists(st.floats(1e-6, 1e6), max_size=40), st.floats(0.1, 1e6))
def test_a_band_is_always_in_order_and_finite(ratios: list[float], rough: float) -> None:
    band = corrected(rough, ratios)
    assert 0 < band.low <= band.expected <= band.high < float("inf")


def test_nine_of_ten_jobs_end_within_the_band() -> None:
    draw = random.Random(5)
    inside = total = 0
    for _ in range(200):
        factor = draw.lognormvariate(0, 0.6)
        ratios = [factor * draw.lognormvariate(0, 0.25) for _ in range(12)]
        band = corrected(1.0, ratios)
        for _ in range(10):
            inside += band.low <= factor * draw.lognormvariate(0, 0.25) <= band.high
            total += 1
    assert 0.85 < inside / total < 0.96


def test_a_guess_grows_with_samples_epochs_and_model_and_shrinks_on_a_gpu() -> None:
    small = resolve(Task.IMAGE, {"preset": "best"}).to_json()
    large = resolve(Task.IMAGE, {"preset": "best", "model": "resnet50"}).to_json()
    long = resolve(Task.IMAGE, {"preset": "best", "epochs": 30}).to_json()
    seconds = rough_seconds(small, 500)
    assert seconds < rough_seconds(small, 1000)
    assert seconds < rough_seconds(large, 500)
    assert seconds < rough_seconds(long, 500)
    assert rough_seconds(small, 500, "g4dn.xlarge") < seconds


def test_folds_are_counted() -> None:
    little = resolve(Task.IMAGE, {"preset": "best"}).to_json()
    per_picture = (rough_seconds(little, 200) - FIXED_SECONDS) / 200
    assert per_picture == pytest.approx(6 * (rough_seconds(little, 5_000) - FIXED_SECONDS) / 5_000)


def test_ranges_add_and_are_cut() -> None:
    both = Range(1, 2, 3) + Range(10, 20, 30) * 2
    assert both == Range(21, 42, 63)
    assert both.at_most(40) == Range(21, 40, 40)
