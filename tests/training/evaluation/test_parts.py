"""What is learned from and what is measured on."""

import numpy as np

from training.bundle.previous import Previous
from training.evaluation.parts import choose_parts
from training.ground.recipe import resolve
from training.ground.samples import ContentIds, Samples, labelled

RECIPE = resolve("textclassification", {"data_split": 0.5})


class Earlier(Previous):
    """One that was measured on these items."""

    def __init__(self, *measured: str) -> None:
        self.__dict__["_rows"] = [{"sha256": item, "predicted": "a"} for item in measured]


def samples(splits: list[str], names: str = "ab") -> Samples[str]:
    items = [f"item {number}" for number in range(len(splits))]
    labels = [names[number % len(names)] for number in range(len(splits))]
    return labelled(items, items, labels, ContentIds(str), splits=splits)


def test_a_given_validation_part_is_what_is_measured_on() -> None:
    given = samples(["train", "train", "validation", "", "validation", "train"])
    train, validation = choose_parts(given, RECIPE, None, 1)
    assert (train.tolist(), validation.tolist()) == ([0, 1, 3, 5], [2, 4])


def test_a_training_part_alone_is_split() -> None:
    train, validation = choose_parts(samples(["train"] * 20), RECIPE, None, 1)
    assert len(train) == len(validation) == 10


def test_a_validation_part_that_holds_all_of_a_class_is_not_kept_to() -> None:
    given = samples(["train", "validation"] * 6)
    train, validation = choose_parts(given, RECIPE, None, 1)
    assert set(given.labels[train]) == {0, 1} and len(validation) == 6


def test_what_an_earlier_model_was_measured_on_comes_before_a_given_part() -> None:
    given = samples(["validation", "validation", "train", "train"] * 20)
    held = [f"item {number}" for number in range(2, 80, 4)] + [f"item {number}" for number in range(3, 80, 4)]
    train, validation = choose_parts(given, RECIPE, Earlier(*held), 1)
    assert validation.tolist() == sorted(int(item.split()[1]) for item in held)
    assert np.intersect1d(train, validation).size == 0
