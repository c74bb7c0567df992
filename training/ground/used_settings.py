"""The settings of a training as people read them: a label and words for each that its kind of task knows."""

from collections.abc import Mapping
from typing import Any

from training.ground import hyperparameters
from training.ground.specification import Hyperparameter, ValueType
from training.ground.wire_values import plain
from training.kinds import Kind


def used_settings(config: Mapping[str, Any], kind: Kind) -> list[tuple[str, str]]:
    """(label, value) of each hyperparameter in `config` (Recipe.to_json), the model aside, then the kind's own.

    Schedules that are switched off are left out; so is what an older version of Flash did not write.
    """
    told = [
        (spec.label, value_words(spec, config[spec.name], kind))
        for spec in hyperparameters.HYPERPARAMETERS
        if spec.name != "model" and spec.applies(kind) and _is_told(spec, config)
    ]
    own = [(label, _plain(config[name])) for name, label in kind.settings.items() if name in config]
    return told + own


def value_words(spec: Hyperparameter, value: Any, kind: Kind) -> str:
    """A value of `spec` as a form calls it; what is not among its choices any more stands as it is."""
    if value is None:
        return "off" if spec.type is ValueType.PATIENCE else "none"
    if spec.type is ValueType.FLAG:
        titles = [title for _, title in spec.values(kind)] or ["Yes", "No"]
        return titles[0 if value else 1]
    if spec.type is ValueType.SHARE and isinstance(value, int | float):
        return f"{plain(round(100 * value, 4))} : {plain(round(100 - 100 * value, 4))}"
    if spec.type is ValueType.OBJECT and isinstance(value, Mapping):
        parts = [part for part in spec.parts if part.name in value]
        return ", ".join(
            f"{part.label.lower()} {value_words(part, value[part.name], kind)}" for part in parts
        )
    return dict(spec.values(kind)).get(value, "") or _plain(value)


def _is_told(spec: Hyperparameter, config: Mapping[str, Any]) -> bool:
    if spec.type in (ValueType.OBJECT, ValueType.CHOICE):
        return bool(config.get(spec.name))
    return spec.name in config


def _plain(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return plain(float(value)) if isinstance(value, int | float) else str(value)
