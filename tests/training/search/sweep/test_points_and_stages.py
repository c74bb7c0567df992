"""Which hyperparameters a sweep tries, and how many trials go how far."""

import pytest

from training.ground.recipe import Recipe, resolve
from training.kinds import KINDS, Axis
from training.search.sweep.points import changed, points
from training.search.sweep.stages import FAST, FULL, Stage, turns

AXES = (
    Axis(name="learning_rate", low=1e-4, high=1e-1, log=True),
    Axis(name="dropout", low=0.0, high=0.5),
    Axis(name="batch_size", values=(16, 32, 64)),
)


def _recipes() -> list[Recipe]:
    """One of each kind, preset and model."""
    found = []
    for kind in KINDS.values():
        for spec in kind.models:
            for preset in ("quick", "best"):
                found.append(resolve(kind.task, {"preset": preset, "model": spec.name}))
    return found


def test_the_first_point_is_the_recipe_and_the_others_cover_each_axis() -> None:
    recipe = resolve("textclassification", {"model": "lstm"})
    found = points(recipe, 25, AXES)
    assert found[0] == {}
    assert len(found) == 25
    rates = [row["learning_rate"] for row in found[1:]]
    assert all(1e-4 <= rate <= 1e-1 for rate in rates)
    # By factors: as many in each tenfold range.
    for low in (1e-4, 1e-3, 1e-2):
        assert 6 <= sum(low <= rate < 10 * low for rate in rates) <= 10
    assert {row["batch_size"] for row in found[1:]} == {16, 32, 64}
    assert all(0 <= row["dropout"] <= 0.5 for row in found[1:])


def test_the_seed_decides_and_more_trials_keep_the_earlier_ones() -> None:
    recipe, other = (resolve("textclassification", {"model": "lstm", "seed": seed}) for seed in (1, 2))
    assert points(recipe, 9, AXES) == points(recipe, 9, AXES) == points(recipe, 25, AXES)[:9]
    assert points(recipe, 9, AXES) != points(other, 9, AXES)


def test_every_recipe_can_be_swept_over() -> None:
    for recipe in _recipes():
        for values in points(recipe, 5):
            made = changed(recipe, values)
            assert made.solver == "gradient"
            assert made.early_stopping is None
            assert Recipe.from_json(made.to_json()) == made
        assert len({str(values) for values in points(recipe, 5)}) == 5, recipe.model


def test_an_axis_ends_where_it_says() -> None:
    assert AXES[0].at(0.0) == pytest.approx(1e-4)
    assert AXES[0].at(1.0) == pytest.approx(1e-1)
    assert [AXES[2].at(place) for place in (0.0, 0.34, 0.67, 1.0)] == [16, 32, 64, 64]


def test_without_stages_all_go_to_the_end() -> None:
    assert turns(FULL, 25, 20) == [(20, 25)]


def test_stages_are_kept_to_whole_epochs_and_trials() -> None:
    assert turns((Stage(0.1, 0.2), Stage(0.3, 0.1)), 20, 20) == [(2, 20), (6, 4), (20, 2)]
    # Of few epochs each stage has one; of few trials one stays.
    assert turns((Stage(0.05, 0.2), Stage(0.1, 0.1)), 3, 6) == [(1, 3), (2, 1), (6, 1)]
    assert turns((Stage(0.1, 0.5),), 4, 1) == [(1, 4)]
    # No stage takes back one that was dropped.
    assert turns((Stage(0.1, 0.2), Stage(0.5, 0.9)), 10, 10) == [(1, 10), (5, 2), (10, 2)]


@pytest.mark.parametrize("epochs", [20, 25, 40])
def test_the_fast_sweep_takes_a_tenth_of_the_epochs(epochs: int) -> None:
    before = cost = 0
    for after, count in turns(FAST, 25, epochs):
        cost += count * (after - before)
        before = after
    assert cost <= 25 * epochs / 9
