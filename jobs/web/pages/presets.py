"""The presets as the page offers them: what they do, about how long they take, what they fill in."""

from dataclasses import dataclass
from typing import Any

from jobs.money.quotes import Quote, Quoter
from training.ground import hyperparameters
from training.ground.recipe import SEARCHED
from training.kinds import CATALOG, Kind, Preset

# What Auto chooses itself is not asked for; a model narrows its search.
_AUTO = "Auto finds it"


@dataclass(frozen=True, kw_only=True, slots=True)
class PresetCard:
    """One choice: its name, what it does in a sentence, about how long it takes, and all that it will take."""

    value: str
    title: str
    words: str
    time: str
    quote: Quote


def cards(kind: Kind, samples: int, quoter: Quoter) -> list[PresetCard]:
    """The presets for a data set of `samples`, with what past jobs say of them."""
    found: list[PresetCard] = []
    for preset in kind.presets:
        quote = _quote(quoter, kind, preset, samples)
        found.append(
            PresetCard(
                value=preset.value,
                title=preset.value.capitalize(),
                words=kind.preset_words[preset],
                time="as long as you give it" if preset is Preset.AUTO else _time(quote, found),
                quote=quote,
            )
        )
    return found


def _time(quote: Quote, before: list[PresetCard]) -> str:
    """About how long; a preset that takes no longer than the one before it says so."""
    time = _about(quote.training.expected)
    alike = before and quote.training.expected >= 60 and time == _about(before[-1].quote.training.expected)
    return f"{time}, like {before[-1].title}" if alike else time


def _quote(quoter: Quoter, kind: Kind, preset: Preset, samples: int) -> Quote:
    """The preset's own model on the machine that jobs run on."""
    return quoter.quote({"task": kind.task, "preset": preset, **kind.defaults(preset, None, None)}, samples)


def fillings(kind: Kind) -> dict[str, dict[str, Any]]:
    """What each choice fills in for blank fields: {"preset|model|start": {field: value}}, for the placeholders.

    A model that takes the same as the preset's own is not named.
    """
    starts = {"": None, "imagenet": True, "scratch": False} if kind.has_pretrained else {"": None}
    found = {}
    for preset in kind.presets:
        for start, pretrained in starts.items():
            own = found[f"{preset}||{start}"] = _filling(kind, preset, None, pretrained)
            for spec in kind.models:
                filling = _filling(kind, preset, spec.name, pretrained)
                if {**filling, "model": own["model"]} != own:
                    found[f"{preset}|{spec.name}|{start}"] = filling
    return found


def _filling(kind: Kind, preset: Preset, model: str | None, pretrained: bool | None) -> dict[str, Any]:
    defaults = kind.defaults(preset, model, pretrained)
    given = [spec for spec in hyperparameters.HYPERPARAMETERS if spec.preset_gives]
    usual = {spec.name: spec.default for spec in hyperparameters.HYPERPARAMETERS}
    share = round(100 * defaults.get("data_split", usual["data_split"]))
    # As the choices of the form are written.
    other = {
        "data_split": f"{share}:{100 - share}",
        "start_from": "imagenet" if defaults["pretrained"] else "scratch",
    }
    if preset is Preset.AUTO:
        tried = CATALOG[model].title if model else _AUTO
        # Its ticks have the names of the wire.
        return dict.fromkeys((*SEARCHED, *(spec.field for spec in given))) | {
            **other,
            "model": tried,
            "budget_minutes": defaults["budget_minutes"],
        }
    shown = {spec.field: defaults.get(spec.name) or "off" for spec in given}
    return {**shown, **other, "model": CATALOG[defaults["model"]].title}


def _about(seconds: float) -> str:
    if seconds < 60:
        return "less than a minute"
    for limit, step, unit in ((600, 60, "min"), (3600, 300, "min")):
        if seconds < limit:
            return f"about {max(1, round(seconds / step)) * step // 60} {unit}"
    hours = seconds / 3600
    return "about an hour" if hours < 1.5 else f"about {hours:.0f} hours"
