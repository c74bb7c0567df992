"""The settings of a training in words: only those that its kind knows, as the forms call them."""

import pytest

from tests.tasks import Task
from training.ground.recipe import resolve
from training.ground.used_settings import used_settings
from training.kinds import kind_of

PICTURES, SENTENCES = kind_of(Task.IMAGE), kind_of(Task.TEXT)


def told(task, **values):
    return dict(used_settings(resolve(task, values).to_json(), kind_of(task)))


def test_sentences_have_neither_imagenet_nor_variations_of_pictures():
    words = told(Task.TEXT, preset="quick")
    assert words["Preset"] == "Quick"
    assert not any("ImageNet" in text or "pictures" in text for pair in words.items() for text in pair)
    assert "Start from" not in words and "Model" not in words


def test_pictures_have_both():
    words = told(Task.IMAGE, preset="balanced", pretrained=False, model="resnet18")
    assert words["Start from"] == "Scratch (random weights)"
    assert words["Variation of pictures"] in ("standard", "strong")
    assert told(Task.IMAGE)["Start from"] == "ImageNet weights"


def test_values_are_those_that_a_form_offers():
    words = told(
        Task.TEXT, optimizer="adamw", learning_rate=0.002, data_split="70:30", seed=1_234_567, early_stopping=0,
        class_weights=True, step_lr={"step_size": 3, "gamma": 0.5},
    )  # fmt: skip
    assert words["Optimizer"] == "AdamW"
    assert words["Learning rate"] == "0.002"
    assert words["Training : validation"] == "70 : 30"
    assert words["Seed"] == "1234567"
    assert words["Early stopping"] == "off"
    assert words["Give rare classes the same weight as common ones"] == "Yes"
    assert words["Reduce the learning rate in steps"] == "step size in epochs 3, gamma 0.5"
    assert "Reduce the learning rate on a plateau" not in words


@pytest.mark.parametrize("kind", [PICTURES, SENTENCES])
def test_a_record_of_an_older_version_is_told_as_far_as_it_goes(kind):
    assert used_settings({}, kind) == []
    assert used_settings({"optimizer": "rprop", "epochs": 3, "preset": None}, kind) == [
        ("Optimizer", "rprop"),
        ("Epochs", "3"),
    ]
