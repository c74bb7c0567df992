"""The form that takes a labelled file, with how it is to be read."""

from collections.abc import Mapping
from typing import Any

from django import forms

from jobs.batches.errors import BatchInvalid
from jobs.submitting import reading_option_fields
from jobs.uploads import uploads_of
from jobs.uploads.reading_options import OptionType, ReadingOption

_BY_ITSELF = ("", "As found")
_YES_OR_NO = (("true", "Yes"), ("false", "No"))
# What a form without the file in hand can ask; the API has the others, too.
_ASKED = (OptionType.COLUMN, OptionType.CHOICE, OptionType.FLAG)


class EvaluationForm(forms.Form):
    """The options of the kind of `task`, as far as they make sense before the file is read."""

    accept_guesses = forms.BooleanField(
        required=False, label="Where something is unclear, take what Flash guesses"
    )

    def __init__(self, task: str, data: Mapping[str, Any] | None = None) -> None:
        super().__init__(data)
        asked = [option for option in uploads_of(task).OPTIONS if option.type in _ASKED]
        for option in asked:
            self.fields[option.name] = _field(option)
        self.reading = [self[option.name] for option in asked]

    def options(self) -> dict[str, Any]:
        """What was chosen; raises BatchInvalid."""
        if not self.is_valid():
            errors = {name: [str(one) for one in found] for name, found in self.errors.items()}
            raise BatchInvalid(" ".join(one for found in errors.values() for one in found), fields=errors)
        return reading_option_fields.chosen(self.cleaned_data)


def _field(option: ReadingOption) -> forms.Field:
    said: dict[str, Any] = {"label": option.label, "help_text": option.help, "required": False}
    if option.type is OptionType.FLAG:
        return forms.ChoiceField(choices=[_BY_ITSELF, *_YES_OR_NO], **said)
    if option.type is OptionType.CHOICE and option.choices:
        return forms.ChoiceField(choices=[_BY_ITSELF, *option.choices], **said)
    return forms.CharField(max_length=1_000, **said)
