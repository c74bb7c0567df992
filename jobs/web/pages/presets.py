"""The presets as the page offers them: what they do, about how long they take, what they fill in."""

from dataclasses import dataclass
from typing import Any

from jobs.money.quotes import Quote, Quoter
from training.ground import hyperparameters
from training.kinds import CATALOG, Preset, kind_of
from training.kinds.task import Task

_WORDS = {
    (
        Task.IMAGE,
        Preset.QUICK,
    ): "Trains the last layer on top of what the model knows of the world. Often nearly the best.",
    (Task.IMAGE, Preset.BALANCED): "Fine-tunes the whole network on your pictures, a little varied.",
    (
        Task.IMAGE,
        Preset.BEST,
    ): "Fine-tunes for longer, on strongly varied pictures. For classes that look alike.",
    (Task.TEXT, Preset.QUICK): "Weighs words and phrases. Hard to beat at topics and intents.",
    (Task.TEXT, Preset.BALANCED): "Reads word by word, in both directions. Knows word order.",
    (Task.TEXT, Preset.BEST): "Four networks read word by word, in both directions, and vote.",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class PresetCard:
    """One choice: its name, what it does in a sentence, and about how long it takes."""

    value: str
    title: str
    words: str
    time: str


def cards(task: Task, samples: int, quoter: Quoter) -> list[PresetCard]:
    """The three presets for a data set of `samples`, with what past jobs say of them."""
    return [
        PresetCard(
            value=preset.value,
            title=preset.value.capitalize(),
            words=_WORDS[task, preset],
            time=_about(_quote(quoter, task, preset, samples).training.expected),
        )
        for preset in Preset
    ]


def _quote(quoter: Quoter, task: Task, preset: Preset, samples: int) -> Quote:
    """The preset's own model on the machine that jobs run on."""
    return quoter.quote(
        {"task": task, "preset": preset, **kind_of(task).defaults(preset, None, None)}, samples
    )


def fillings(task: Task) -> dict[str, dict[str, Any]]:
    """What each choice fills in for blank fields: {"preset|model|start": {field: value}}, for the placeholders."""
    models = [None] if task is Task.IMAGE else [None, *(spec.name for spec in kind_of(task).models)]
    starts = {"": None, "imagenet": True, "scratch": False} if task is Task.IMAGE else {"": None}
    return {
        f"{preset}|{model or ''}|{start}": _filling(task, preset, model, pretrained)
        for preset in Preset
        for model in models
        for start, pretrained in starts.items()
    }


def _filling(task: Task, preset: Preset, model: str | None, pretrained: bool | None) -> dict[str, Any]:
    defaults = kind_of(task).defaults(preset, model, pretrained)
    given = [spec for spec in hyperparameters.HYPERPARAMETERS if spec.preset_gives]
    shown = {spec.field: defaults.get(spec.name) or "off" for spec in given}
    return {**shown, "model": CATALOG[defaults["model"]].title}


def _about(seconds: float) -> str:
    if seconds < 60:
        return "less than a minute"
    for limit, step, unit in ((600, 60, "min"), (3600, 300, "min")):
        if seconds < limit:
            return f"about {max(1, round(seconds / step)) * step // 60} {unit}"
    hours = seconds / 3600
    return "about an hour" if hours < 1.5 else f"about {hours:.0f} hours"
