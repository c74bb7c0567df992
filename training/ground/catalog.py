"""The models that can be trained and the defaults that each preset gives; free of torch for the web."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Any


class Task(StrEnum):
    """What is classified; the values are the words on the wire."""

    IMAGE = "imageclassification"
    TEXT = "textclassification"


class Preset(StrEnum):
    """How much time to spend; a preset chooses every hyperparameter that the user leaves open."""

    QUICK = "quick"
    BALANCED = "balanced"
    BEST = "best"


@dataclass(frozen=True, kw_only=True, slots=True)
class ModelSpec:
    """One model of the catalogue.

    `parameters` in millions; `imagenet_accuracy` is top-1 in percent of the weights that torchvision offers;
    `relative_cost` is the arithmetic of one example against MobileNet V2 (pictures) or bag_of_ngrams (text);
    `input_size` is the side of the square picture in pixels; `min_memory_mb` is what training takes at least.
    """

    name: str
    title: str
    task: Task
    parameters: float
    imagenet_accuracy: float | None
    relative_cost: float
    input_size: int | None
    min_memory_mb: int
    summary: str


def _image(name: str, title: str, *facts: Any) -> ModelSpec:
    parameters, accuracy, cost, size, memory, summary = facts
    return ModelSpec(
        name=name,
        title=title,
        task=Task.IMAGE,
        parameters=parameters,
        imagenet_accuracy=accuracy,
        relative_cost=cost,
        input_size=size,
        min_memory_mb=memory,
        summary=summary,
    )


def _text(name: str, title: str, parameters: float, cost: float, memory: int, summary: str) -> ModelSpec:
    return ModelSpec(
        name=name,
        title=title,
        task=Task.TEXT,
        parameters=parameters,
        imagenet_accuracy=None,
        relative_cost=cost,
        input_size=None,
        min_memory_mb=memory,
        summary=summary,
    )


# Made for pictures of one size: position embeddings are.
ONE_SIDE_ONLY = ("vit_b_16",)
# The network without weights, which takes the place of one whose weights cannot be had.
WAVELETS = "wavelets"
_MODELS = (
    _image("mobilenet_v2", "MobileNet V2", 3.5, 72.2, 1.0, 224, 1200, "Small and fast; a good first choice."),
    _image("resnet18", "ResNet-18", 11.7, 69.8, 3.0, 224, 1500, "A plain classic that fine-tunes easily."),
    _image("resnet34", "ResNet-34", 21.8, 73.3, 6.0, 224, 1800, "Deeper than ResNet-18; robust on photos."),
    _image("resnet50", "ResNet-50", 25.6, 80.9, 8.0, 224, 3000, "Strong features at moderate cost."),
    _image(
        "mobilenet_v3_large",
        "MobileNet V3 Large",
        5.5,
        75.3,
        0.9,
        224,
        1200,
        "More accurate than V2, as fast.",
    ),
    _image("mobilenet_v3_small", "MobileNet V3 Small", 2.5, 67.7, 0.4, 224, 1000, "Smallest and fastest."),
    _image("efficientnet_b0", "EfficientNet-B0", 5.3, 77.7, 1.8, 224, 1800, "Accurate for its size."),
    _image("efficientnet_b3", "EfficientNet-B3", 12.2, 82.0, 6.0, 300, 4000, "Larger pictures, more detail."),
    _image("convnext_tiny", "ConvNeXt-Tiny", 28.6, 82.5, 9.0, 224, 4000, "A modern convolutional network."),
    _image("vit_b_16", "ViT-B/16", 86.6, 81.1, 30.0, 224, 6000, "A transformer; wants a GPU or patience."),
    _image(
        WAVELETS, "Wavelets", 0.0, None, 1.0, 224, 1000, "Fixed filters for simple shapes; needs no weights."
    ),
    _text("lstm", "LSTM", 4.8, 300.0, 1200, "Reads word by word in both directions; knows word order."),
    _text("gru", "GRU", 4.3, 240.0, 1200, "Like the LSTM with fewer parts; a little faster."),
    _text("bag_of_ngrams", "Bag of n-grams", 1.0, 1.0, 600, "Counts words and phrases; trains in seconds."),
)

CATALOG: Mapping[str, ModelSpec] = MappingProxyType({spec.name: spec for spec in _MODELS})


def models_for(task: Task) -> list[ModelSpec]:
    """The models of one task, the recommended first."""
    return [spec for spec in _MODELS if spec.task == task]


# What each preset gives; field names are those of `config.TrainConfig`.
PRESETS: Mapping[tuple[Task, Preset], Mapping[str, Any]] = MappingProxyType(
    {
        (Task.IMAGE, Preset.QUICK): {
            "model": "mobilenet_v2",
            "freeze": True,
            "optimizer": "adam",
            "learning_rate": 0.001,
            "batch_size": 32,
            "epochs": 10,
        },
        (Task.IMAGE, Preset.BALANCED): {
            "model": "mobilenet_v2",
            "optimizer": "adamw",
            "learning_rate": 0.002,
            "batch_size": 32,
            "epochs": 8,
            "small_share": 0.6,
            "weight_decay": 0.01,
            "augmentation": "standard",
            "backbone_rate": 0.3,
            "frozen_share": 0.37,
            "weight_averaging": True,
        },
        (Task.IMAGE, Preset.BEST): {
            "model": "mobilenet_v2",
            "optimizer": "adamw",
            "learning_rate": 0.002,
            "batch_size": 32,
            "epochs": 18,
            "small_share": 0.6,
            "weight_decay": 0.02,
            "augmentation": "strong",
            "backbone_rate": 0.3,
            "label_smoothing": 0.1,
            "weight_averaging": True,
            "test_time_flip": True,
        },
        (Task.TEXT, Preset.QUICK): {"model": "bag_of_ngrams"},
        (Task.TEXT, Preset.BALANCED): {"model": "lstm"},
        (Task.TEXT, Preset.BEST): {"model": "lstm"},
    }
)

# A user may combine any model with any preset: what the family of the model needs comes on top of the preset.
_RECURRENT: Mapping[Preset, Mapping[str, Any]] = {
    Preset.QUICK: {"epochs": 6, "early_stopping": 3},
    Preset.BALANCED: {"epochs": 10, "early_stopping": 4},
    Preset.BEST: {
        "epochs": 8,
        "networks": 4,
        "hidden": 128,
        "label_smoothing": 0.05,
        "weight_averaging": True,
    },
}
_NGRAMS: Mapping[Preset, Mapping[str, Any]] = {
    Preset.QUICK: {"epochs": 12},
    Preset.BALANCED: {"epochs": 20},
    Preset.BEST: {"epochs": 25},
}


def defaults_for(task: Task, preset: Preset, model: str | None, pretrained: bool | None) -> dict[str, Any]:
    """Every default for this choice; `model` and `pretrained` None mean the preset's own."""
    # Of wavelets the head is all that can learn.
    values = dict(PRESETS[task, Preset.QUICK if model == WAVELETS else preset])
    values["model"] = model or values["model"]
    values["pretrained"] = task is Task.IMAGE and pretrained is not False and model != WAVELETS
    if task is Task.IMAGE and not values["pretrained"] and model != WAVELETS:
        # Random weights have nothing worth freezing: train everything, longer, with augmentation.
        longer = {Preset.QUICK: 10, Preset.BALANCED: 25, Preset.BEST: 50}[preset]
        values |= {"freeze": False, "epochs": longer, "optimizer": "adamw", "learning_rate": 0.002}
        values |= {"weight_decay": 0.02, "augmentation": "standard", "early_stopping": None}
    elif values["model"] in ("lstm", "gru"):
        values |= {"optimizer": "adam", "learning_rate": 0.005, "batch_size": 128, **_RECURRENT[preset]}
    elif values["model"] == "bag_of_ngrams":
        values |= {"optimizer": "adam", "learning_rate": 0.01, "batch_size": 128, **_NGRAMS[preset]}
    if task is Task.TEXT:
        values["max_length"] = 2_000
        # What is deployed has n-grams of all rows: the nearer what is measured comes to it, the truer the figure.
        values["data_split"] = 0.9
    return values
