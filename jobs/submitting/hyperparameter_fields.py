"""A hyperparameter's specification as a field of a form and of the API, as an option, as a row of the guide."""

from argparse import ArgumentParser, ArgumentTypeError
from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any

from django import forms
from django.conf import settings
from rest_framework import serializers

from training.ground.limits import Limits
from training.ground.specification import Hyperparameter, ValueType, range_words
from training.ground.wire_values import plain
from training.kinds import Kind

_PRESETS_CHOICE = ("", "Preset's choice")
_MOST_SHARE_CHARS = 40
TABLE_BEGINS = "<!-- hyperparameters: made by docs/make_tables.py -->"
TABLE_ENDS = "<!-- end of hyperparameters -->"


# --- Forms -------------------------------------------------------------------------------------------------------


def form_fields(kind: Kind, specs: Iterable[Hyperparameter]) -> dict[str, forms.Field]:
    """The form fields of `specs` for one kind of task, the parts of an object after the tick that switches it on."""
    fields: dict[str, forms.Field] = {}
    for spec in specs:
        if spec.applies(kind):
            fields[spec.field] = form_field(spec, kind)
            fields |= form_fields(kind, spec.parts)
    return fields


def form_field(spec: Hyperparameter, kind: Kind) -> forms.Field:
    """A field that keeps what was typed: reading it is up to the trainer's own rules."""
    hint = spec.hint(settings.FLASH_LIMITS, kind)
    if spec.is_tick:
        return forms.BooleanField(label=spec.label, required=False, help_text=hint)
    if spec.choices:
        choices = spec.values(kind) if spec.basic else (_PRESETS_CHOICE, *spec.values(kind))
        return forms.ChoiceField(label=spec.label, required=False, help_text=hint, choices=choices)
    mode = "decimal" if spec.type is ValueType.NUMBER else "numeric"
    default = plain(spec.default) if isinstance(spec.default, int | float) else ""
    only = {"data-only-preset": spec.only_preset} if spec.only_preset else {}
    widget = forms.TextInput({"inputmode": mode, "autocomplete": "off", "placeholder": default, **only})
    return forms.CharField(label=spec.label, required=False, help_text=hint, widget=widget)


def values_in(cleaned: Mapping[str, Any], specs: Iterable[Hyperparameter]) -> dict[str, Any]:
    """What a form was told, in the words of the wire; blank fields and switched-off objects are left out."""
    told: dict[str, Any] = {}
    for spec in specs:
        value = cleaned.get(spec.field)
        if spec.parts:
            if value:
                told[spec.name] = values_in(cleaned, spec.parts)
        elif value not in (None, ""):
            told[spec.name] = value
    return told


def field_of(wire: str, specs: Iterable[Hyperparameter]) -> str:
    """The form field of a word of the wire, such as `step_lr.gamma`; the word itself where there is none."""
    name, _, part = wire.partition(".")
    spec = next((spec for spec in specs if spec.name == name), None)
    if spec is None:
        return wire
    return field_of(part, spec.parts) if part else spec.field


# --- The API -----------------------------------------------------------------------------------------------------


def serializer_fields(specs: Iterable[Hyperparameter]) -> dict[str, serializers.Field]:
    """The fields of `specs`, for any task."""
    return {spec.name: serializer_field(spec) for spec in specs}


def serializer_field(spec: Hyperparameter) -> serializers.Field:
    """Says in the schema what the trainer's rules take."""
    said: dict[str, Any] = {"required": False, "help_text": spec.meaning}
    limits = settings.FLASH_LIMITS
    match spec.type:
        case ValueType.CHOICE:
            return serializers.ChoiceField(choices=[value for value, _ in spec.values()], **said)
        case ValueType.INTEGER | ValueType.PATIENCE:
            low, high = spec.range(limits)
            return serializers.IntegerField(min_value=int(low), max_value=int(high), **said)
        case ValueType.NUMBER:
            low, high = spec.range(limits)
            return serializers.FloatField(min_value=low, max_value=high, **said)
        case ValueType.SHARE:
            return serializers.CharField(max_length=_MOST_SHARE_CHARS, **said)
        case ValueType.FLAG:
            return serializers.BooleanField(**said)
        case ValueType.OBJECT:
            field: serializers.Field = _nested(spec)(required=False)
            return field


@cache
def _nested(spec: Hyperparameter) -> type[serializers.Serializer[Any]]:
    """The serializer of an object: one class for each, by which a schema knows that they are the same."""

    class Nested(serializers.Serializer[Any]):
        __doc__ = spec.meaning

        def get_fields(self) -> dict[str, Any]:
            return serializer_fields(spec.parts)

    Nested.__name__ = "".join(word.capitalize() for word in spec.name.split("_")) + "Serializer"
    return Nested


# --- The command line --------------------------------------------------------------------------------------------


def add_option(parser: ArgumentParser, spec: Hyperparameter) -> None:
    """Its option; what was not said is None, and its value is checked by the trainer's rules."""
    said: dict[str, Any] = {"dest": spec.name, "help": _option_help(spec)}
    match spec.type:
        case ValueType.FLAG:
            parser.add_argument(spec.option, action="store_const", const=not spec.off_option, **said)
        case ValueType.CHOICE:
            parser.add_argument(spec.option, choices=[value for value, _ in spec.values()], **said)
        case ValueType.OBJECT:
            parts = ",".join(f"{part.name}={plain(part.default)}" for part in spec.parts)
            parser.add_argument(spec.option, nargs="?", const={}, type=_parts, metavar=parts, **said)
        case _:
            parser.add_argument(spec.option, **said)


def _option_help(spec: Hyperparameter) -> str:
    limits = settings.FLASH_LIMITS
    bounds = "" if spec.bounds is None or spec.choices else f" {range_words(spec.range(limits))}."
    return f"{spec.off_help or spec.meaning}{bounds}".replace("%", "%%")


def _parts(text: str) -> dict[str, str]:
    pairs = [piece.partition("=") for piece in text.split(",") if piece.strip()]
    if not all(equals for _, equals, _ in pairs):
        raise ArgumentTypeError(f"{text!r} is not of the form name=value,name=value")
    return {name.strip(): value.strip() for name, _, value in pairs}


# --- The guide ---------------------------------------------------------------------------------------------------


def api_table(specs: Iterable[Hyperparameter]) -> str:
    """The table of docs/api.md, in Markdown; its bounds are those of a fresh installation."""
    rows = [f"| `{spec.name}` | {_values(spec)} | {spec.meaning} |" for spec in specs]
    return "\n".join(["| field | values | what it does |", "|---|---|---|", *rows])


def _values(spec: Hyperparameter) -> str:
    match spec.type:
        case ValueType.CHOICE:
            lists = {", ".join(f"`{value}`" for value, _ in spec.values(kind)): None for kind in spec.kinds()}
            return "; ".join(lists)
        case ValueType.FLAG:
            return " or ".join(f"`{word}`{rest}" for word, rest in map(_first_word, spec.words.split(" or ")))
        case ValueType.SHARE:
            return f"`0.8`, `80` or `80:20`; {_bounds(spec)}"
        case ValueType.OBJECT:
            return f"`{spec.example}`; " + ", ".join(f"{part.name} {_bounds(part)}" for part in spec.parts)
        case ValueType.NUMBER:
            return f"{_bounds(spec)}"
        case _:
            return f"a whole number, {_bounds(spec)}"


def _bounds(spec: Hyperparameter) -> str:
    each = {kind.task: range_words(spec.range(Limits(), kind)) for kind in spec.kinds()}
    if len(set(each.values())) == 1:
        return next(iter(each.values()))
    return ", ".join(f"{words} (`{task}`)" for task, words in each.items())


def _first_word(words: str) -> tuple[str, str]:
    word, space, rest = words.partition(" ")
    return word, space + rest


def with_table(guide: str, specs: Iterable[Hyperparameter]) -> str:
    """The guide with its table made anew, between the two marks."""
    before, start, rest = guide.partition(TABLE_BEGINS)
    _, end, after = rest.partition(TABLE_ENDS)
    if not (start and end):
        raise ValueError(f"The guide has no {TABLE_BEGINS} … {TABLE_ENDS}.")
    return f"{before}{start}\n{api_table(specs)}\n{end}{after}"
