"""The models for sentences, and the defaults that each preset gives."""

import dataclasses
import math
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, TypeVar

from training.kinds.kind import Axis, Candidate, ModelSpec, Preset
from training.kinds.sentences.encoders.specs import ENCODERS

TASK = "textclassification"
NGRAMS = "bag_of_ngrams"
_Recipe = TypeVar("_Recipe")


def _model(
    name: str,
    title: str,
    parameters: float,
    cost: float,
    memory: int,
    summary: str,
    in_browser: bool = True,
) -> ModelSpec:
    return ModelSpec(
        name=name,
        title=title,
        task=TASK,
        parameters=parameters,
        relative_cost=cost,
        min_memory_mb=memory,
        summary=summary,
        in_browser=in_browser,
    )


MODELS = (
    *(
        # The page cuts words into pieces as encoders of English do, not as those of many languages.
        _model(
            spec.name,
            spec.title,
            spec.parameters,
            spec.relative_cost,
            spec.min_memory_mb,
            spec.summary,
            spec.is_english,
        )
        for spec in ENCODERS.values()
    ),
    _model("lstm", "LSTM", 4.8, 0.22, 1200, "Reads word by word in both directions; knows word order."),
    _model("gru", "GRU", 4.3, 0.16, 1200, "Like the LSTM but simpler; a little faster."),
    _model(NGRAMS, "Bag of n-grams", 1.0, 0.01, 600, "Counts words and phrases; trains in seconds."),
)

PRESET_WORDS = MappingProxyType(
    {
        Preset.QUICK: (
            "Weighs words and phrases, together with what a network that knows your language (if there is one) makes "
            "of each sentence."
        ),
        Preset.BALANCED: (
            "A network that knows your language learns your classes; where there is none, one starts from scratch."
        ),
        Preset.BEST: (
            "The same with more layers that learn, for longer; where there is none, four that vote start from scratch. "
            "Of little data all is measured, in folds, which takes several times as long."
        ),
        Preset.AUTO: "Tries several networks and ways of training in the time you give, and keeps the best.",
    }
)
AUTO_MINUTES = 10.0

# What is expected is of eight data sets (benchmarks/RESULTS.md); of the larger encoders it is a guess.
CANDIDATES = (
    Candidate(words="Quick", preset=Preset.QUICK),
    Candidate(words="Balanced", preset=Preset.BALANCED, expected=-0.25, deviation=0.3),
    Candidate(
        words="Best, half as long",
        preset=Preset.BEST,
        changes={"epochs": 3},
        expected=-0.28,
        deviation=0.3,
    ),
    Candidate(words="Best", preset=Preset.BEST, expected=-0.33, deviation=0.3),
    Candidate(
        words="Balanced, BGE small",
        preset=Preset.BALANCED,
        model="bge_small",
        expected=-0.3,
        deviation=0.35,
    ),
    Candidate(
        words="Balanced, BGE base",
        preset=Preset.BALANCED,
        model="bge_base",
        expected=-0.4,
        deviation=0.4,
    ),
)

# A user may combine any model with any preset: what the model needs comes on top of the preset.
_PRESET_MODELS = dict.fromkeys(Preset, "minilm")
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

_ENCODERS: Mapping[Preset, Mapping[str, Any]] = {
    Preset.QUICK: {"epochs": 12, "freeze": True},
    Preset.BALANCED: {"epochs": 3, "frozen_share": 0.5},
    Preset.BEST: {"epochs": 6, "frozen_share": 0.17, "weight_averaging": True},
}

# So many pieces of a sentence an encoder reads in preset Quick.
QUICK_WINDOW = 64

# Seconds for one sentence and epoch, measured with sentences of 10 to 30 words; the units of that network.
_NGRAM_SECONDS, _RECURRENT_SECONDS, _HIDDEN = 0.0004, 0.004, 256
# Of MiniLM-L6: what all of it takes for one sentence, and an epoch of all of its layers.
_ENCODING_SECONDS, _ENCODER_SECONDS = 0.002, 0.006


def defaults(preset: Preset, model: str | None, pretrained: bool | None) -> dict[str, Any]:
    """See Kind."""
    if preset is Preset.AUTO:
        return {**defaults(Preset.BALANCED, model, pretrained), "budget_minutes": AUTO_MINUTES}
    values: dict[str, Any] = {"model": model or _PRESET_MODELS[preset], "pretrained": False}
    if values["model"] == NGRAMS:
        values |= {"optimizer": "adam", "learning_rate": 0.01, "batch_size": 128, **_NGRAMS[preset]}
    elif values["model"] in ENCODERS:
        values |= {"optimizer": "adamw", "learning_rate": 0.001, "batch_size": 32, **_ENCODERS[preset]}
        values |= {"weight_decay": 0.01, "dropout": 0.1, "backbone_rate": 0.15}
    else:
        values |= {"optimizer": "adam", "learning_rate": 0.005, "batch_size": 128, **_RECURRENT[preset]}
    values["max_length"] = 2_000
    # What is deployed has n-grams of all rows: the nearer what is measured comes to it, the truer the figure.
    values["data_split"] = 0.9
    return values


def is_convex(values: Mapping[str, Any]) -> bool:
    """See Kind."""
    return bool(values["model"] == NGRAMS or (values["model"] in ENCODERS and values.get("freeze")))


def axes(recipe: Mapping[str, Any]) -> tuple[Axis, ...]:
    """See Kind: around what the recipe says."""
    rate, batch = float(recipe["learning_rate"]), int(recipe["batch_size"])
    common = (
        Axis(name="batch_size", values=(max(batch // 4, 8), max(batch // 2, 8), batch)),
        Axis(name="weight_decay", low=1e-5, high=0.1, log=True),
        Axis(name="label_smoothing", values=(0.0, 0.05, 0.1)),
    )
    if is_convex(recipe):
        heads = Axis(name="optimizer", values=("sgd", "adam", "adamw"))
        return (Axis(name="learning_rate", low=rate / 30, high=10 * rate, log=True), heads, *common)
    learned = (
        Axis(name="learning_rate", low=rate / 10, high=4 * rate, log=True),
        Axis(name="weight_averaging", values=(False, True)),
        *common,
    )
    if recipe["model"] in ENCODERS:
        more = (
            Axis(name="dropout", low=0.0, high=0.3),
            Axis(name="backbone_rate", low=0.03, high=1.0, log=True),
        )
        return (*learned, *more)
    hidden = int(recipe.get("hidden", _HIDDEN))
    return (
        *learned,
        Axis(name="dropout", low=0.1, high=0.7),
        Axis(name="hidden", values=(hidden // 2, hidden, 2 * hidden)),
        Axis(name="layers", values=(1, 2)),
    )


def curve_words(values: Mapping[str, Any]) -> str:
    """See Kind: a network that learns is measured together with the n-grams (training/kinds/sentences/voting.py)."""
    if not values.get("model") or values["model"] == NGRAMS:
        return ""
    if is_convex(values):
        return (
            "The curves show what was learned from the encoder alone. The last point of validation is the model as it "
            "answers: the encoder and a bag of n-grams vote together."
        )
    return (
        "Training shows the network alone. Validation shows the model as it answers: the network and a bag of n-grams, "
        "which has learned before the first epoch, vote together. So validation can be high from the start."
    )


def without_encoder(recipe: _Recipe) -> _Recipe:
    """A Recipe of a pretrained encoder as one that needs no weights; what the user chose stays."""
    given: Any = recipe
    preset = given.preset or Preset.QUICK
    model = NGRAMS if given.freeze else "lstm"
    before, after = (defaults(preset, name, None) for name in (given.model, model))
    usual = {field.name: field.default for field in dataclasses.fields(given) if field.name in before} | after
    changes = {name: value for name, value in usual.items() if getattr(given, name) == before.get(name)}
    changed: _Recipe = dataclasses.replace(given, **{**changes, "model": model})
    return changed


def is_quick(recipe: Any) -> bool:
    """Whether a Recipe of an encoder takes it as it came and in a hurry, as preset Quick does."""
    return bool(recipe.freeze and recipe.preset == Preset.QUICK)


def title_of(model: str) -> str:
    """What the model is called in sentences."""
    return next(spec.title for spec in MODELS if spec.name == model)


def rough_seconds(recipe: Mapping[str, Any], samples: int) -> float:
    """See Kind."""
    if recipe["model"] in ENCODERS:
        learning = 0.0 if recipe.get("freeze") else (1 - float(recipe["frozen_share"])) * recipe["epochs"]
        each = _ENCODING_SECONDS + _ENCODER_SECONDS * learning
        return samples * each * ENCODERS[recipe["model"]].relative_cost
    each = _NGRAM_SECONDS if recipe["model"] == NGRAMS else _RECURRENT_SECONDS
    # Of a network half as wide a word takes a third of the time.
    width = float(recipe.get("hidden", _HIDDEN)) / _HIDDEN
    epochs, networks = float(recipe["epochs"]), float(recipe.get("networks", 1))
    return samples * each * epochs * networks * math.pow(width, 1.5)
