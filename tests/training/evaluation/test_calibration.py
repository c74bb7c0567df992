"""Temperature scaling finds the temperature that was used, and leaves the order of the classes alone."""

import numpy as np
import pytest

from training.evaluation.calibration import reliability
from training.targets.one_label import ONE_LABEL
from training.targets.temperature import fit_temperature, tempered


def overconfident(temperature: float, count: int = 4000) -> tuple[np.ndarray, np.ndarray]:
    """Labels drawn from softmax(logits), and softmax(logits * temperature)."""
    random = np.random.default_rng(4)
    honest = tempered(np.exp(random.normal(0, 1.5, (count, 4))), 1.0)
    truth = np.array([random.choice(4, p=row / row.sum()) for row in honest.astype(float)])
    return truth, tempered(honest, 1 / temperature)


@pytest.mark.parametrize("temperature", [0.5, 1.0, 3.0])
def test_it_finds_the_temperature_that_was_used(temperature):
    truth, probabilities = overconfident(temperature)
    assert fit_temperature(truth, probabilities) == pytest.approx(temperature, rel=0.08)


def test_the_error_falls_and_the_predictions_stay():
    truth, probabilities = overconfident(3.0)
    calibrated = tempered(probabilities, fit_temperature(truth, probabilities))
    assert reliability(ONE_LABEL, truth, probabilities)[0] > 0.1
    assert reliability(ONE_LABEL, truth, calibrated)[0] < 0.03
    assert np.array_equal(calibrated.argmax(1), probabilities.argmax(1))
    assert calibrated.sum(1) == pytest.approx(1, abs=1e-5)


def test_the_error_is_that_of_the_textbook():
    probabilities = np.array([[0.9, 0.1], [0.9, 0.1], [0.4, 0.6], [0.4, 0.6]])
    error, bins = reliability(ONE_LABEL, np.array([0, 1, 1, 1]), probabilities)
    assert error == pytest.approx((2 * abs(0.9 - 0.5) + 2 * abs(0.6 - 1.0)) / 4)
    assert bins == [
        {"count": 2, "confidence": 0.6, "accuracy": 1.0},
        {"count": 2, "confidence": 0.9, "accuracy": 0.5},
    ]


def test_a_handful_of_right_answers_makes_it_little_surer():
    probabilities = np.full((4, 2), [0.8, 0.2])
    assert 0.5 < fit_temperature(np.zeros(4, int), probabilities) < 1


@pytest.mark.parametrize("wrong", [0, 1])
def test_certain_answers_give_a_finite_temperature(wrong):
    probabilities = np.tile(np.array([[1.0, 0.0]], np.float32), (50, 1))
    assert 0.05 <= fit_temperature(np.full(50, wrong), probabilities) <= 20


def test_nothing_measured_changes_nothing():
    assert fit_temperature(np.zeros(0, int), np.zeros((0, 3))) == 1.0
    assert reliability(ONE_LABEL, np.zeros(0, int), np.zeros((0, 3))) == (0.0, [])
