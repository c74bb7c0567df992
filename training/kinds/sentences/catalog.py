"""The models for sentences, and the defaults that each preset gives."""

import math
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from training.kinds.kind import ModelSpec, Preset

TASK = "textclassification"
NGRAMS = "bag_of_ngrams"


def _model(name: str, title: str, parameters: float, cost: float, memory: int, summary: str) -> ModelSpec:
    return ModelSpec(
        name=name,
        title=title,
        task=TASK,
        parameters=parameters,
        relative_cost=cost,
        min_memory_mb=memory,
        summary=summary,
    )


MODELS = (
    _model("lstm", "LSTM", 4.8, 300.0, 1200, "Reads word by word in both directions; knows word order."),
    _model("gru", "GRU", 4.3, 240.0, 1200, "Like the LSTM but simpler; a little faster."),
    _model(NGRAMS, "Bag of n-grams", 1.0, 1.0, 600, "Counts words and phrases; trains in seconds."),
)

PRESET_WORDS = MappingProxyType(
    {
        Preset.QUICK: "Weighs words and phrases. Hard to beat for topics and intents.",
        Preset.BALANCED: "Reads word by word, in both directions. Knows word order.",
        Preset.BEST: "Four networks read word by word, in both directions, and vote.",
    }
)

# A user may combine any model with any preset: what the model needs comes on top of the preset.
_PRESET_MODELS = {Preset.QUICK: NGRAMS, Preset.BALANCED: "lstm", Preset.BEST: "lstm"}
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

# Seconds for one sentence and epoch, measured with sentences of 10 to 30 words; the units of that network.
_NGRAM_SECONDS, _RECURRENT_SECONDS, _HIDDEN = 0.0004, 0.004, 256


def defaults(preset: Preset, model: str | None, pretrained: bool | None) -> dict[str, Any]:
    """See Kind."""
    values: dict[str, Any] = {"model": model or _PRESET_MODELS[preset], "pretrained": False}
    if values["model"] == NGRAMS:
        values |= {"optimizer": "adam", "learning_rate": 0.01, "batch_size": 128, **_NGRAMS[preset]}
    else:
        values |= {"optimizer": "adam", "learning_rate": 0.005, "batch_size": 128, **_RECURRENT[preset]}
    values["max_length"] = 2_000
    # What is deployed has n-grams of all rows: the nearer what is measured comes to it, the truer the figure.
    values["data_split"] = 0.9
    return values


def is_convex(values: Mapping[str, Any]) -> bool:
    """See Kind."""
    return bool(values["model"] == NGRAMS)


def rough_seconds(recipe: Mapping[str, Any], samples: int) -> float:
    """See Kind."""
    each = _NGRAM_SECONDS if recipe["model"] == NGRAMS else _RECURRENT_SECONDS
    # Of a network half as wide a word takes a third of the time.
    width = float(recipe.get("hidden", _HIDDEN)) / _HIDDEN
    epochs, networks = float(recipe["epochs"]), float(recipe.get("networks", 1))
    return samples * each * epochs * networks * math.pow(width, 1.5)
