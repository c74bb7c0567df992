"""Answers about none of the classes: the threshold, and how much is said to be noticed."""

import dataclasses
import io

import numpy as np
import pytest
import torch

from tests.training.audit.test_audit import outcome_of
from training.bundle.outside import most_spread, spread
from training.evaluation.outside import FEWEST_CLASSES, FEWEST_SAMPLES, outside_figures, threshold_of
from training.ground.control import Control
from training.ground.errors import Interrupted
from training.ground.events import Events
from training.ground.machine import Machine
from training.ground.phases import Phases
from training.ground.run import Run


def a_run(tmp_path) -> Run:
    return Run(
        folder=tmp_path,
        machine=Machine(device="cpu"),
        events=Events(io.StringIO()),
        control=Control(),
        phases=Phases(),
    )


def softmax(logits):
    powers = np.exp(logits - logits.max(1, keepdims=True))
    return (powers / powers.sum(1, keepdims=True)).astype(np.float32)


def answers(truth, classes, sure=3.0):
    """Of a model whose probabilities mean what they say; of what is -1 to it, it knows nothing."""
    logits = sure * np.random.default_rng(4).normal(size=(len(truth), classes))
    known = np.flatnonzero(truth >= 0)
    logits[known, truth[known]] += sure**2
    return softmax(logits)


def an_outcome(classes=6, count=600, leave_out=None):
    truth = np.random.default_rng(5).integers(0, classes, count)
    outcome = outcome_of(torch.nn.Linear(1, 1), truth, answers(truth, classes))

    def ask(kept):
        places = np.where(kept, np.cumsum(kept) - 1, -1)
        return truth, answers(places[truth], int(kept.sum()))

    return dataclasses.replace(outcome, leave_out=leave_out or ask)


def test_a_sure_answer_is_not_spread_and_a_guess_is_as_far_as_can_be():
    found = spread(np.array([[1.0, 0.0, 0.0, 0.0], [0.25, 0.25, 0.25, 0.25]], np.float32))
    assert found == pytest.approx([0.0, np.log(4)])


@pytest.mark.parametrize("count", [40, 41, 59, 60, 1000])
def test_a_twentieth_at_most_lies_above_the_threshold(count):
    spreads = np.random.default_rng(count).uniform(0.1, 2, count)
    assert (spreads > threshold_of(spreads)).sum() == int(0.05 * count)


def test_equal_ones_make_no_more_alarms():
    spreads = np.repeat([0.2, 0.7], 50)
    assert (spreads > threshold_of(spreads)).mean() <= 0.05


def test_a_model_that_is_always_sure_does_not_take_rounding_for_doubt():
    assert threshold_of(np.linspace(0, 1e-6, 100)) == pytest.approx(0.01)


def test_classes_left_out_are_asked_about_once_each(tmp_path):
    asked = []
    outcome = an_outcome()

    def ask(kept):
        asked.append(kept)
        return outcome.leave_out(kept)

    found = outside_figures(dataclasses.replace(outcome, leave_out=ask), a_run(tmp_path))["outside"]
    assert np.array_equal((~np.array(asked)).sum(0), np.ones(6))
    assert found["asked"] == 600
    above = spread(outcome.probabilities) > found["threshold"]
    assert found["false_alarms"] == pytest.approx(above.mean(), abs=1e-6) and found["false_alarms"] <= 0.05


def test_what_is_said_to_be_noticed_comes_true(tmp_path):
    found = outside_figures(an_outcome(count=6000), a_run(tmp_path))["outside"]
    unknown = spread(answers(np.full(20_000, -1), 5))
    known = spread(answers(np.random.default_rng(6).integers(0, 5, 20_000), 5))
    true = (unknown > np.quantile(known, 0.95)).mean()
    assert 0.2 < true < 0.9
    assert found["caught"] == pytest.approx(true, abs=0.05)


def test_a_class_counts_as_much_as_another(tmp_path):
    """Of 500 samples of an unknown class none is noticed, of a hundred of three others all are."""
    truth = np.repeat([0, 1, 2, 3], [500, 100, 100, 100])

    def ask(kept):
        surest = np.zeros((len(truth), 3), np.float32)
        surest[:, 0] = 1
        unsure = np.full((len(truth), 3), 1 / 3, np.float32)
        return truth, np.where((kept[truth] | (truth == 0))[:, None], surest, unsure)

    outcome = outcome_of(torch.nn.Linear(1, 1), truth, answers(truth, 4))
    found = outside_figures(dataclasses.replace(outcome, leave_out=ask), a_run(tmp_path))["outside"]
    assert found["caught"] == 0.75


def test_too_few_to_tell_are_told(tmp_path):
    for classes, count in ((FEWEST_CLASSES - 1, 600), (6, FEWEST_SAMPLES - 1)):
        found = outside_figures(an_outcome(classes, count), a_run(tmp_path))["outside"]
        assert list(found) == ["missing"]
        assert f"This one has {classes} and {count}." in found["missing"]


def test_kinds_that_leave_nothing_out_tell_nothing(tmp_path):
    assert outside_figures(dataclasses.replace(an_outcome(), leave_out=None), a_run(tmp_path)) == {}


def test_a_fault_costs_no_more_than_the_share(tmp_path):
    def fail(kept):
        raise ValueError("a fault")

    found = outside_figures(an_outcome(leave_out=fail), a_run(tmp_path))["outside"]
    assert (found["caught"], found["asked"]) == (None, 0)
    assert found["threshold"] > 0


def test_who_stops_the_training_is_heard(tmp_path):
    run = a_run(tmp_path)
    run.control.interrupt()
    with pytest.raises(Interrupted):
        outside_figures(an_outcome(), run)


@pytest.mark.parametrize(
    "outside", [{}, {"threshold": "much"}, {"threshold": -1}, {"threshold": float("nan")}, []]
)
def test_a_threshold_that_makes_no_sense_is_refused(outside):
    with pytest.raises((KeyError, TypeError, ValueError)):
        most_spread(outside)
