"""What comes next is what promises most for its time; what was learned of one candidate counts for others."""

import numpy as np
import pytest

from training.ground.recipe import resolve
from training.kinds import Candidate, Preset
from training.search.expectations import Expectations
from training.search.optimism import optimism
from training.search.plan import Plan, options
from training.targets.one_label import ONE_LABEL

TEXT, PICTURES = "textclassification", "imageclassification"
CHEAP = Candidate(words="cheap", preset=Preset.QUICK)
HALF = Candidate(words="half", preset=Preset.BALANCED, expected=-0.1, deviation=0.2)
BOLD = Candidate(words="bold", preset=Preset.BEST, expected=-0.1, deviation=0.6)


def test_a_wider_guess_promises_more_and_a_disappointment_less() -> None:
    beliefs = Expectations([CHEAP, HALF, BOLD], 0.2, 500)
    assert 0 < beliefs.gain(1) < beliefs.gain(2) < 0.2
    hoped = beliefs.gain(2)
    beliefs.learn(1, 0.25)
    assert beliefs.gain(2) < hoped


def test_what_did_better_than_hoped_raises_hopes_for_others() -> None:
    beliefs = Expectations([CHEAP, HALF, BOLD], 0.2, 5_000)
    beliefs.learn(1, 0.05)
    lower = Expectations([CHEAP, HALF, BOLD], 0.2, 5_000)
    lower.learn(1, 0.12)
    assert beliefs.gain(2) / 0.05 > 0.1
    assert lower.gain(2) > 0


def test_nothing_is_gained_where_nothing_is_wrong() -> None:
    assert Expectations([CHEAP, HALF], 0.0, 1_000).gain(1) < 0.0005


def _plan(*, first_seconds: float = 10.0, error: float = 0.2) -> Plan:
    made = options(resolve(TEXT, {"preset": "auto", "model": "bag_of_ngrams"}), 1_000)
    plan = Plan(made)
    plan.begin(first_seconds, error, 500)
    return plan


def test_only_what_fits_into_the_time_left_is_tried() -> None:
    plan = _plan()
    assert plan.next(0.0) is None
    index = plan.next(3600)
    assert index is not None
    assert plan.seconds(index) <= 3600
    assert plan.out_of_reach() is not None


def test_a_slow_machine_makes_everything_take_longer() -> None:
    assert _plan(first_seconds=100).seconds(1) == pytest.approx(10 * _plan(first_seconds=10).seconds(1))


def test_what_was_tried_is_not_tried_again() -> None:
    plan, seen = _plan(), []
    while (index := plan.next(1e6)) is not None:
        seen.append(index)
        plan.learn(index, 10.0, 0.2)
    assert seen
    assert len(seen) == len(set(seen))


def test_what_the_user_chose_is_the_same_in_all() -> None:
    values = {"preset": "auto", "model": "resnet50", "seed": 5, "data_split": 0.7, "class_weights": True}
    found = options(resolve(PICTURES, values), 500)
    assert {option.recipe.model for option in found} == {"resnet50"}
    assert {(o.recipe.seed, o.recipe.data_split, o.recipe.class_weights) for o in found} == {(5, 0.7, True)}
    assert {
        option.recipe.pretrained
        for option in options(resolve(PICTURES, {"preset": "auto", "pretrained": False}), 9)
    } == {False}


@pytest.mark.parametrize("task", [TEXT, PICTURES])
def test_the_first_candidate_is_preset_quick(task: str) -> None:
    found = options(resolve(task, {"preset": "auto"}), 500)
    assert found[0].recipe == resolve(task, {})
    assert found[0].work == min(option.work for option in found)
    assert len({option.candidate.words for option in found}) == len(found)


def _chance(models: int, count: int, seed: int) -> tuple[np.ndarray, list[np.ndarray]]:
    random = np.random.default_rng(seed)
    truth = random.integers(2, size=count)
    return truth, [np.where(random.random(count) < 0.7, truth, 1 - truth) for _ in range(models)]


def test_the_luck_of_the_best_of_many_is_taken_off() -> None:
    """Ten models that are all right seven times in ten: the best looks better, and is not."""
    looked, left = [], []
    for seed in range(20):
        truth, answers = _chance(10, 200, seed)
        best = max(range(10), key=lambda i: (answers[i] == truth).mean())
        score = (answers[best] == truth).mean()
        looked.append(score)
        left.append(score - optimism(ONE_LABEL, truth, answers, best, None, seed))
    assert np.mean(looked) > 0.735
    assert np.mean(left) == pytest.approx(0.7, abs=0.015)


def test_a_clear_winner_loses_next_to_nothing() -> None:
    truth, answers = _chance(3, 300, 1)
    answers.append(np.where(np.arange(300) % 20 == 0, 1 - truth, truth))
    assert optimism(ONE_LABEL, truth, answers, 3, None, 1) < 0.005


def test_nothing_is_taken_off_where_nothing_was_chosen() -> None:
    truth, answers = _chance(1, 50, 1)
    assert optimism(ONE_LABEL, truth, answers, 0, None, 1) == 0.0
    assert optimism(ONE_LABEL, truth[:0], [truth[:0]] * 2, 0, None, 1) == 0.0


def test_samples_of_one_source_are_drawn_together() -> None:
    """Fifty copies of four samples are no two hundred: the luck is that of four."""
    truth, answers = _chance(10, 4, 3)
    many = np.repeat(truth, 50), [np.repeat(each, 50) for each in answers]
    best = max(range(10), key=lambda i: (answers[i] == truth).mean())
    sources = np.repeat(np.arange(4), 50)
    together = optimism(ONE_LABEL, many[0], many[1], best, sources, 1)
    assert together > 2 * optimism(ONE_LABEL, many[0], many[1], best, None, 1)


def _plan_of_networks() -> tuple[Plan, int]:
    """One in which nothing is left but Balanced, and the place of that."""
    made = options(resolve(PICTURES, {"preset": "auto"}), 1_000)
    plan = Plan(made)
    plan.begin(10.0, 0.2, 500)
    (balanced,) = (place for place, option in enumerate(made) if option.candidate.words == "Balanced")
    for place in range(1, len(made)):
        if place != balanced:
            plan.drop(place)
    return plan, balanced


@pytest.mark.parametrize(("share", "epochs"), [(1.0, None), (0.8, 6), (0.5, 4), (0.26, 2)])
def test_what_does_not_fit_whole_gets_as_many_epochs_as_fit(share: float, epochs: int | None) -> None:
    plan, balanced = _plan_of_networks()
    left = share * plan.seconds(balanced)
    assert plan.next(left) == balanced
    assert plan.epochs(balanced, left) == epochs


def test_a_quarter_is_too_little_to_judge_by() -> None:
    plan, balanced = _plan_of_networks()
    assert plan.next(0.2 * plan.seconds(balanced)) is None


def test_fewer_epochs_tell_how_fast_the_machine_is() -> None:
    plan, balanced = _plan_of_networks()
    whole = plan.seconds(balanced)
    plan.learn(balanced, whole, 0.15, epochs=4)
    assert plan.seconds(balanced) == pytest.approx(2 * whole)


def test_what_is_solved_at_once_has_no_fewer_epochs() -> None:
    plan = _plan()
    for place in range(1, 3):
        assert plan.epochs(place, 0.5 * plan.seconds(place)) is None
