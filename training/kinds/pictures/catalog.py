"""The models for pictures, and the defaults that each preset gives."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from training.kinds.kind import Axis, Candidate, ModelSpec, Preset

TASK = "imageclassification"


def _model(name: str, title: str, *facts: Any) -> ModelSpec:
    last_layer, parameters, accuracy, cost, size, memory, summary = facts
    return ModelSpec(
        name=name,
        title=title,
        task=TASK,
        parameters=parameters,
        imagenet_accuracy=accuracy,
        relative_cost=cost,
        input_size=size,
        min_memory_mb=memory,
        summary=summary,
        last_layer=last_layer,
    )


# Made for pictures of one size: position embeddings are.
ONE_SIDE_ONLY = ("vit_b_16",)
# The network without weights, which takes the place of one whose weights cannot be had.
WAVELETS = "wavelets"
MODELS = (
    _model(
        "mobilenet_v2",
        "MobileNet V2",
        "classifier.1",
        3.5,
        72.2,
        1.0,
        224,
        1200,
        "Small and fast; a good first choice.",
    ),
    _model(
        "resnet18",
        "ResNet-18",
        "fc",
        11.7,
        69.8,
        3.0,
        224,
        1500,
        "A simple classic that is easy to fine-tune.",
    ),
    _model(
        "resnet34", "ResNet-34", "fc", 21.8, 73.3, 6.0, 224, 1800, "Deeper than ResNet-18; robust on photos."
    ),
    _model("resnet50", "ResNet-50", "fc", 25.6, 80.9, 8.0, 224, 3000, "Strong features at moderate cost."),
    _model(
        "mobilenet_v3_large",
        "MobileNet V3 Large",
        "classifier.3",
        5.5,
        75.3,
        0.9,
        224,
        1200,
        "More accurate than V2, as fast.",
    ),
    _model(
        "mobilenet_v3_small",
        "MobileNet V3 Small",
        "classifier.3",
        2.5,
        67.7,
        0.4,
        224,
        1000,
        "Smallest and fastest.",
    ),
    _model(
        "efficientnet_b0",
        "EfficientNet-B0",
        "classifier.1",
        5.3,
        77.7,
        1.8,
        224,
        1800,
        "Accurate for its size.",
    ),
    _model(
        "efficientnet_b3",
        "EfficientNet-B3",
        "classifier.1",
        12.2,
        82.0,
        6.0,
        300,
        4000,
        "Larger pictures, more detail.",
    ),
    _model(
        "convnext_tiny",
        "ConvNeXt-Tiny",
        "classifier.2",
        28.6,
        82.5,
        9.0,
        224,
        4000,
        "A modern convolutional network.",
    ),
    _model(
        "vit_b_16",
        "ViT-B/16",
        "heads.head",
        86.6,
        81.1,
        30.0,
        224,
        6000,
        "A transformer; needs a GPU or patience.",
    ),
    _model(
        WAVELETS,
        "Wavelets",
        "head",
        0.0,
        None,
        1.0,
        224,
        1000,
        "Fixed filters for simple shapes; needs no weights.",
    ),
)

PRESET_WORDS = MappingProxyType(
    {
        Preset.QUICK: "Trains the last layer on top of what the model already knows. Often nearly as good as the best.",
        Preset.BALANCED: "Fine-tunes the whole network on your pictures, with slight variations.",
        Preset.BEST: (
            "Fine-tunes for longer, with strong variations of the pictures. For classes that look alike. Of little "
            "data all is measured, in folds, which takes several times as long."
        ),
        Preset.AUTO: "Tries several networks and ways of training in the time you give, and keeps the best.",
    }
)

# What is expected of other networks follows their ImageNet accuracy.
CANDIDATES = (
    Candidate(words="Quick", preset=Preset.QUICK),
    Candidate(
        words="Quick, EfficientNet-B0",
        preset=Preset.QUICK,
        model="efficientnet_b0",
        expected=-0.1,
        deviation=0.25,
    ),
    Candidate(
        words="Quick, ConvNeXt-Tiny",
        preset=Preset.QUICK,
        model="convnext_tiny",
        expected=-0.4,
        deviation=0.35,
    ),
    Candidate(words="Balanced", preset=Preset.BALANCED, expected=-0.35, deviation=0.35),
    Candidate(words="Best", preset=Preset.BEST, expected=-0.4, deviation=0.4),
    Candidate(
        words="Balanced, ResNet-50",
        preset=Preset.BALANCED,
        model="resnet50",
        expected=-0.5,
        deviation=0.4,
    ),
    Candidate(
        words="Balanced, ConvNeXt-Tiny",
        preset=Preset.BALANCED,
        model="convnext_tiny",
        expected=-0.7,
        deviation=0.4,
    ),
)

# What each preset gives; names are those of `Recipe`.
_PRESETS: Mapping[Preset, Mapping[str, Any]] = MappingProxyType(
    {
        Preset.QUICK: {
            "model": "mobilenet_v2",
            "freeze": True,
            "optimizer": "adam",
            "learning_rate": 0.001,
            "batch_size": 32,
            "epochs": 10,
        },
        Preset.BALANCED: {
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
        Preset.BEST: {
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
    }
)

AUTO_MINUTES = 15.0

# Seconds for one picture, and for one picture and epoch: measured with MobileNet V2 at 224 pixels.
_FEATURES, _FINE_TUNING = 0.03, 0.12


def defaults(preset: Preset, model: str | None, pretrained: bool | None) -> dict[str, Any]:
    """See Kind."""
    # Of wavelets the head is all that can learn.
    if preset is Preset.AUTO:
        return {**defaults(Preset.BALANCED, model, pretrained), "budget_minutes": AUTO_MINUTES}
    values = dict(_PRESETS[Preset.QUICK if model == WAVELETS else preset])
    values["model"] = model or values["model"]
    values["pretrained"] = pretrained is not False and model != WAVELETS
    if not values["pretrained"] and model != WAVELETS:
        # Random weights have nothing worth freezing: train everything, longer, with augmentation.
        longer = {Preset.QUICK: 10, Preset.BALANCED: 25, Preset.BEST: 50}[preset]
        values |= {"freeze": False, "epochs": longer, "optimizer": "adamw", "learning_rate": 0.002}
        values |= {"weight_decay": 0.02, "augmentation": "standard", "early_stopping": None}
    return values


def is_convex(values: Mapping[str, Any]) -> bool:
    """See Kind."""
    return bool(values.get("freeze"))


def axes(recipe: Mapping[str, Any]) -> tuple[Axis, ...]:
    """See Kind: around what the recipe says."""
    rate, batch = float(recipe["learning_rate"]), int(recipe["batch_size"])
    common = (
        Axis(name="batch_size", values=(max(batch // 2, 8), batch, 2 * batch)),
        Axis(name="weight_decay", low=1e-4, high=0.1, log=True),
        Axis(name="label_smoothing", values=(0.0, 0.05, 0.1)),
    )
    if recipe.get("freeze"):
        heads = Axis(name="optimizer", values=("sgd", "adam", "adamw"))
        return (Axis(name="learning_rate", low=rate / 30, high=10 * rate, log=True), heads, *common)
    return (
        Axis(name="learning_rate", low=rate / 10, high=4 * rate, log=True),
        Axis(name="backbone_rate", low=0.05, high=1.0, log=True),
        Axis(name="augmentation", values=("none", "standard", "strong")),
        Axis(name="weight_averaging", values=(False, True)),
        *common,
    )


def rough_seconds(recipe: Mapping[str, Any], samples: int) -> float:
    """See Kind."""
    spec = next(spec for spec in MODELS if spec.name == recipe["model"])
    # Epochs of small pictures take half as long.
    whole = float(recipe["epochs"]) * (1 - 0.5 * recipe.get("small_share", 0.0))
    each = _FEATURES if recipe.get("freeze") else _FINE_TUNING * whole
    return float(samples * each * spec.relative_cost)
