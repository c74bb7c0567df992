"""The user's words become a configuration, or sentences about what is wrong."""

import contextlib
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.tasks import Task
from training.ground.limits import Limits
from training.ground.machine import Machine
from training.ground.recipe import Recipe, RecipeInvalid, resolve
from training.ground.wire_values import plain
from training.kinds import Preset

IMAGE, TEXT = Task.IMAGE, Task.TEXT
DEMO = Path(__file__).parents[3] / "modelstore" / "demo" / "bundle" / "model.json"


def refusals(task: Task, **values: object) -> dict[str, list[str]]:
    with pytest.raises(RecipeInvalid) as caught:
        resolve(task, values)
    return caught.value.fields


@pytest.mark.parametrize("task", list(Task))
@pytest.mark.parametrize("preset", list(Preset))
def test_it_survives_json_for_every_preset(task, preset):
    config = resolve(task, {"preset": preset.value})
    assert Recipe.from_json(json.loads(json.dumps(config.to_json()))) == config


def test_it_chooses_the_quick_preset_when_nothing_is_said():
    assert resolve("imageclassification", {}).model == "mobilenet_v2"
    assert resolve("imageclassification", {}).freeze
    assert resolve("textclassification", {"preset": None, "model": ""}).model == "minilm"
    assert resolve(TEXT, {"preset": "balanced"}).model == "minilm"


@pytest.mark.parametrize("given_as", [0.7, "0.7", "70:30", 70, "70", "70%", "7/3"])
def test_it_reads_the_split_in_every_way_people_write_it(given_as):
    assert resolve(TEXT, {"data_split": given_as}).data_split == pytest.approx(0.7)


def test_it_reads_numbers_from_text():
    config = resolve(IMAGE, {"learning_rate": "1e-3", "batch_size": "16", "epochs": "3", "seed": "7"})
    assert (config.learning_rate, config.batch_size, config.epochs, config.seed) == (0.001, 16, 3, 7)


def test_it_runs_the_loop_as_soon_as_someone_sets_it():
    assert resolve(IMAGE, {}).solver == "newton"
    for name, value in {"optimizer": "sgd", "learning_rate": 0.01, "batch_size": 8, "epochs": 3}.items():
        assert resolve(IMAGE, {name: value}).solver == "gradient"
    assert resolve(IMAGE, {"step_lr": {}}).solver == "gradient"
    assert resolve(IMAGE, {"epochs": resolve(IMAGE, {}).epochs}).solver == "newton"


def test_it_keeps_the_schedules_and_drops_its_own():
    config = resolve(
        TEXT, {"reduce_lr_on_plateau": {"factor": "0.5"}, "step_lr": {"step_size": 2, "gamma": 0.5}}
    )
    assert config.reduce_lr_on_plateau.factor == 0.5
    assert config.reduce_lr_on_plateau.patience == 5
    assert (config.step_lr.step_size, config.step_lr.gamma) == (2, 0.5)
    assert config.schedule == "constant"


def test_it_trains_everything_from_scratch():
    config = resolve(IMAGE, {"pretrained": "false"})
    assert not config.pretrained
    assert not config.freeze


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("preset", "fast"),
        ("model", "lstm"),
        ("model", ["resnet18"]),
        ("pretrained", "maybe"),
        ("optimizer", "lbfgs"),
        ("learning_rate", "0.0.1"),
        ("learning_rate", float("nan")),
        ("learning_rate", float("inf")),
        ("learning_rate", "1e400"),
        ("learning_rate", 2.5),
        ("learning_rate", True),
        ("batch_size", 0),
        ("batch_size", 1.5),
        ("batch_size", 10**6),
        pytest.param("epochs", "9" * 5000, id="epochs-long"),
        pytest.param("epochs", 10**5000, id="epochs-huge"),
        ("epochs", {}),
        ("data_split", 0.99),
        ("data_split", "70:x"),
        ("data_split", "0:0"),
        ("seed", -1),
        ("early_stopping", -2),
        ("reduce_lr_on_plateau", "on"),
        ("step_lr", [1]),
        ("surprise", 1),
    ],
)
def test_it_refuses_a_wrong_field_with_a_sentence(field, value):
    fields = refusals(IMAGE, **{field: value})
    assert list(fields) == [field]
    assert all(message.endswith(".") and len(message) < 250 for message in fields[field])


@pytest.mark.parametrize(
    ("group", "key", "value"),
    [
        ("reduce_lr_on_plateau", "factor", 0.9),
        ("reduce_lr_on_plateau", "patience", 0),
        ("reduce_lr_on_plateau", "min_lr", 1e-9),
        ("reduce_lr_on_plateau", "min_lr", 1.0),
        ("reduce_lr_on_plateau", "speed", 1),
        ("step_lr", "step_size", 11),
        ("step_lr", "gamma", "x"),
    ],
)
def test_it_names_the_wrong_key_of_a_schedule(group, key, value):
    assert list(refusals(IMAGE, **{group: {key: value}})) == [f"{group}.{key}"]


def test_it_tells_all_wrong_fields_at_once():
    assert set(refusals(TEXT, epochs="x", batch_size="y", pretrained=True)) == {
        "epochs",
        "batch_size",
        "pretrained",
    }


def test_it_takes_the_limits_of_the_operator():
    with pytest.raises(RecipeInvalid):
        resolve(IMAGE, {"epochs": 30}, Limits(epochs=(1, 10)))


@given(
    st.dictionaries(
        st.text(), st.text() | st.none() | st.floats() | st.integers() | st.booleans() | st.lists(st.text())
    )
)
def test_it_never_fails_otherwise_than_by_refusing(values):
    with contextlib.suppress(RecipeInvalid):
        assert resolve(TEXT, values).task == TEXT


@pytest.mark.parametrize(
    "damage", [{"version": 99}, {"task": "x"}, {"model": "y"}, {"step_lr": {"z": 1}}, {"new": 1}]
)
def test_it_refuses_a_stored_configuration_that_it_does_not_understand(damage):
    with pytest.raises(RecipeInvalid):
        Recipe.from_json(resolve(TEXT, {}).to_json() | damage)


@pytest.mark.parametrize(("given", "meant"), [(True, True), ("on", True), ("false", False), (None, False)])
def test_rare_classes_can_be_given_more_weight(given, meant):
    config = resolve(TEXT, {"class_weights": given})
    assert config.class_weights is meant
    assert config.solver == "newton"


def test_a_weight_that_is_no_choice_is_refused():
    assert "true or false" in refusals(TEXT, class_weights="perhaps")["class_weights"][0]


@pytest.mark.parametrize(
    ("number", "words"),
    [(1e-5, "0.00001"), (2.0, "2"), (0.1, "0.1"), (100, "100"), (0, "0"), (-0.25, "-0.25"), (1e30, "1e+30")],
)
def test_numbers_are_told_as_people_write_them(number, words):
    assert plain(number) == words


def test_a_bound_is_told_in_plain_decimals():
    with pytest.raises(RecipeInvalid) as refusal:
        resolve("textclassification", {"learning_rate": "1e-7"})
    assert refusal.value.fields["learning_rate"] == ["Must be from 0.00001 to 2; you gave 0.0000001."]


ADDED_SINCE_THE_DEMO = {
    "budget_minutes",
    "backbone_rate",
    "freeze_norms",
    "frozen_share",
    "model_chosen",
    "networks",
    "ordered",
    "processes",
    "serving_copy",
    "small_share",
    "target",
    "test_time_flip",
}


def test_what_was_stored_before_recipe_and_machine_were_apart_opens_and_what_is_stored_now_opened_then():
    demo = json.loads(DEMO.read_text(encoding="utf-8"))["config"]
    recipe, machine = Recipe.from_json(demo), Machine.from_json(demo)
    now = recipe.to_json() | machine.to_json()
    assert {name: now[name] for name in demo} == demo
    # The program that kept them together refused fields that it did not know.
    assert set(now) - set(demo) == ADDED_SINCE_THE_DEMO


def test_a_recipe_alone_is_a_configuration():
    recipe = resolve(TEXT, {})
    assert Recipe.from_json(recipe.to_json()) == recipe
    assert Machine.from_json(recipe.to_json()) == Machine()
