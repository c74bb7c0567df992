"""The options of reading as fields of a form and of the API, and as options of a command."""

from argparse import ArgumentParser
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from django import forms
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from jobs.uploads import uploads_of
from jobs.uploads.option_values import LONGEST, MOST_COLUMNS
from jobs.uploads.reading_options import OptionType, ReadingOption, named
from training.kinds import KINDS

_YES_OR_NO = (("true", "Yes"), ("false", "No"))
# What a page has places of their own for.
_EDITS = (OptionType.CLASSES, OptionType.SAMPLES)


def all_options() -> tuple[ReadingOption, ...]:
    """The options of all kinds, each name once, with the choices of all of them."""
    found: dict[str, ReadingOption] = {}
    for task in KINDS:
        for option in uploads_of(task).OPTIONS:
            earlier = found.get(option.name, option)
            choices = {**dict(earlier.choices), **dict(option.choices), **dict(earlier.choices)}
            found[option.name] = replace(earlier, choices=tuple(choices.items()))
    return tuple(found.values())


def chosen(fields: Mapping[str, Any]) -> dict[str, Any]:
    """The options among the fields of a request, as far as something was chosen; the readers check the values."""
    return {
        option.name: fields[option.name]
        for option in all_options()
        if fields.get(option.name) not in (None, "", [], {})
    }


# --- Forms -------------------------------------------------------------------------------------------------------


def form_fields(
    options: Iterable[ReadingOption], columns: Sequence[str], findings: Mapping[str, Any]
) -> dict[str, forms.Field]:
    """The fields of a form that reads a file again.

    Of `findings`, "offered" are choices that this file alone has, and "found" words for what is taken where nothing is
    chosen, both by option.
    """
    more, found = findings.get("offered", {}), findings.get("found", {})
    return {
        option.name: _form_field(option, columns, more.get(option.name, ()), found.get(option.name, ""))
        for option in options
        if option.type not in _EDITS and _can_be_chosen(option, columns, more)
    }


def _can_be_chosen(option: ReadingOption, columns: Sequence[str], more: Mapping[str, Sequence[str]]) -> bool:
    """Whether there is anything to choose from."""
    if option.required:
        return True
    match option.type:
        case OptionType.CHOICE:
            return bool(option.choices or more.get(option.name))
        case OptionType.COLUMN | OptionType.COLUMNS:
            return bool(option.choices or columns or more.get(option.name))
        case _:
            return True


def _form_field(
    option: ReadingOption, columns: Sequence[str], more: Sequence[str], found: str
) -> forms.Field:
    said: dict[str, Any] = {"label": option.label, "help_text": option.help, "required": option.required}
    names = [(name, name) for name in (*columns, *more)]
    by_itself = ("", f"As found: {found}" if found else "As found")
    match option.type:
        case OptionType.COLUMNS:
            return forms.MultipleChoiceField(choices=names, widget=forms.CheckboxSelectMultiple, **said)
        case OptionType.COLUMN:
            first = () if option.required else (by_itself,)
            return forms.ChoiceField(choices=[*first, *option.choices, *names], **said)
        case OptionType.FLAG:
            return forms.ChoiceField(choices=[by_itself, *_YES_OR_NO], **said)
        case OptionType.ROW:
            widget = forms.TextInput({"inputmode": "numeric", "autocomplete": "off"})
            return forms.CharField(max_length=10, widget=widget, **said)
        case _:
            titles = [(name, name) for name in more]
            return forms.ChoiceField(choices=[by_itself, *option.choices, *titles], **said)


def options_in(cleaned: Mapping[str, Any], options: Sequence[ReadingOption]) -> dict[str, Any]:
    """What a form says, in the words of the wire; what was left open is ""."""
    told = {option.name: cleaned.get(option.name) or "" for option in options if option.name in cleaned}
    for option in options:
        others = told.get(option.name)
        if option.first and others:
            told[option.name] = list(dict.fromkeys([told[option.first], *others]))
    return told


# --- The API -----------------------------------------------------------------------------------------------------


@extend_schema_field({"type": "object", "additionalProperties": {"type": "string", "maxLength": 200}})
class _ClassesField(serializers.JSONField):
    """An object of strings; in a form it comes as JSON."""


def serializer_fields() -> dict[str, serializers.Field]:
    """The fields of all options, for any kind; null and "" choose nothing."""
    return {option.name: _serializer_field(option) for option in all_options()}


def _serializer_field(option: ReadingOption) -> serializers.Field:
    said: dict[str, Any] = {"required": False, "help_text": option.meaning}
    match option.type:
        case OptionType.COLUMNS:
            return serializers.ListField(
                child=serializers.CharField(max_length=LONGEST), max_length=MOST_COLUMNS, **said
            )
        case OptionType.FLAG:
            return serializers.BooleanField(allow_null=True, **said)
        case OptionType.ROW:
            return serializers.IntegerField(min_value=1, allow_null=True, **said)
        case OptionType.CLASSES | OptionType.SAMPLES:
            return _ClassesField(**said)
        case OptionType.CHOICE if not option.open:
            return serializers.ChoiceField(choices=option.choices, allow_blank=True, **said)
        case _:
            return serializers.CharField(allow_blank=True, max_length=LONGEST, **said)


# --- The command line --------------------------------------------------------------------------------------------


def add_options(parser: ArgumentParser) -> None:
    """Their options; what was not said is None."""
    for option in all_options():
        said: dict[str, Any] = {"dest": option.name, "help": option.meaning.replace("%", "%%")}
        match option.type:
            case OptionType.COLUMNS:
                parser.add_argument(option.option, nargs="+", metavar="COLUMN", **said)
            case OptionType.FLAG:
                parser.add_argument(option.option, choices=["true", "false"], **said)
            case OptionType.CHOICE if not option.open:
                parser.add_argument(option.option, choices=[value for value, _ in option.choices], **said)
            case OptionType.CLASSES | OptionType.SAMPLES:
                parser.add_argument(option.option, metavar="JSON", **said)
            case _:
                parser.add_argument(option.option, **said)


def question_words(question: Mapping[str, Any]) -> str:
    """A question in words for the command line: what is open, and which option answers it."""
    option = named(all_options(), str(question["field"]))
    answer = option.option if option else f"--{question['field']}"
    choices = ", ".join(map(str, question["choices"][:10]))
    return f"{question['message']}\n  Choose with {answer}: {choices}. Taken for now: {question['guess']}."
