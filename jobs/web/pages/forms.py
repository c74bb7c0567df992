"""Forms of the pages: what was uploaded or pasted, and how to train on it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from django import forms
from django.conf import settings
from django.core.files.base import ContentFile, File
from django.forms import BoundField

from jobs.errors import SubmissionInvalid
from jobs.models import Dataset, Lane
from jobs.money import prices
from jobs.submitting import submission, task_names
from jobs.submitting.hyperparameter_fields import field_of, form_fields, values_in
from jobs.submitting.job_options import JobOptions, read_job_options
from modelstore.ground import naming, tokens
from training.ground import hyperparameters
from training.ground.specification import Hyperparameter
from training.kinds import Preset, kind_of

_LANES = [
    (Lane.NOW.value, "As soon as possible"),
    (Lane.NEXT_START.value, "With the next start of a machine: cheaper, may take hours"),
]
_ADVANCED = ("max_minutes", "max_money", "continue_from", "extend_dataset")


class UploadForm(forms.Form):
    """A file, or text pasted in its place."""

    dataset = forms.FileField(required=False, allow_empty_file=True, max_length=255)
    pasted = forms.CharField(required=False, widget=forms.Textarea, strip=False)

    def upload(self) -> Any:
        """What to store; SubmissionInvalid when there is neither file nor text."""
        if not self.is_valid():
            raise SubmissionInvalid("The upload is not valid.", fields=_sentences(self.errors))
        file: File[bytes] | None = self.cleaned_data["dataset"]
        pasted = self.cleaned_data["pasted"]
        if file is not None:
            return file
        if pasted.strip():
            return ContentFile(pasted.encode(), name="pasted.csv")
        message = "Choose a file first, or drop one here."
        raise SubmissionInvalid(message, fields={"dataset": [message]})


@dataclass(frozen=True, kw_only=True, slots=True)
class Section:
    """Fields under one heading: those that take a line, those that are only switched on, and the objects, each with
    the tick that switches it on and its parts."""

    title: str
    fields: list[BoundField] = field(default_factory=list)
    ticks: list[BoundField] = field(default_factory=list)
    objects: list[tuple[BoundField, list[BoundField]]] = field(default_factory=list)


class TrainForm(forms.Form):
    """How to train. Whatever is left blank is decided by the preset; the trainer's own rules check the rest."""

    task_name = forms.CharField(
        label="Name of the task", required=False, help_text=naming.RULE,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )  # fmt: skip
    downloadable = forms.BooleanField(
        label="The model may be downloaded",
        required=False,
        help_text="Whoever has the token can then take the files.",
    )
    keep_dataset = forms.BooleanField(
        label="Keep the data after training", required=False,
        help_text="You can then train again without another upload, add to it, and go back to earlier versions. "
        "It is still deleted after a while.",
    )  # fmt: skip
    max_minutes = forms.CharField(
        label="Stop after", required=False,
        help_text="At most this many minutes of training; the best model up to then is kept.",
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off"}),
    )  # fmt: skip
    max_money = forms.CharField(
        label="Spend at most", required=False,
        help_text="The machine's start and its waiting afterwards are counted; the best model up to then is kept.",
        widget=forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"}),
    )  # fmt: skip
    continue_from = forms.CharField(
        label="Continue from", required=False, max_length=300,
        help_text="The token of an earlier model. The new one takes over that token unless it is worse on the same "
        "validation samples; then the earlier one stays, and the new one is kept beside it.",
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )  # fmt: skip
    extend_dataset = forms.CharField(
        label="Add to earlier data", required=False, max_length=300,
        help_text="The address of the page of data that was kept; this upload is added to it.",
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )  # fmt: skip
    lane = forms.ChoiceField(label="When", choices=_LANES, required=False)
    notify_email = forms.CharField(
        label="E-mail when it is done", required=False, max_length=254,
        widget=forms.EmailInput(attrs={"autocomplete": "email", "placeholder": "you@example.org"}),
    )  # fmt: skip
    notify_webhook = forms.CharField(
        label="Webhook when it is done", required=False, max_length=2_000,
        widget=forms.URLInput(attrs={"autocomplete": "off", "placeholder": "https://"}),
    )  # fmt: skip
    key = forms.CharField(widget=forms.HiddenInput, required=False, max_length=64)

    def __init__(self, *args: Any, task: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.task = task
        kind = kind_of(task)
        self.specs = [spec for spec in hyperparameters.HYPERPARAMETERS if spec.applies(kind)]
        self.fields |= form_fields(kind, self.specs)
        # The rule for names has a sentence for NUL, too.
        self.fields["task_name"].validators.clear()
        if prices.price_per_hour(prices.expected_kind()):
            self.fields["max_money"].label = f"Spend at most ({settings.FLASH_CURRENCY})"
        else:
            # Where nothing has a price, there is nothing to ask.
            self.fields["max_money"].widget = forms.HiddenInput()
        self.values: dict[str, Any] = {}
        self.job_options = JobOptions()
        # Asked what it would take, a form needs no name yet.
        self.is_estimate = "estimate" in self.data
        self.fields["task_name"].widget.attrs["placeholder"] = kind.words.name_hint

    @classmethod
    def blank(cls, dataset: Dataset, given: Mapping[str, Any] = MappingProxyType({})) -> "TrainForm":
        """The form as it is shown first, with a name for the task; its key makes a double click one job.

        `given` stands in place of what it has otherwise.
        """
        initial = {
            "task_name": task_names.proposed(dataset),
            "preset": Preset.QUICK.value,
            "downloadable": True,
            "key": tokens.new_token(),
            **given,
        }
        return cls(task=dataset.task_type, initial=initial)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        self.values = values_in(cleaned, self.specs)
        try:
            self.job_options = read_job_options(cleaned)
        except SubmissionInvalid as error:
            self.refuse(error.fields)
        try:
            if self.is_estimate:
                submission.configuration(task=self.task, values=self.values)
            else:
                name = cleaned.get("task_name", "")
                submission.validate(task=self.task, task_name=name, values=self.values)
        except SubmissionInvalid as error:
            self.refuse(error.fields)
        return cleaned

    def refuse(self, fields: Mapping[str, list[str]]) -> None:
        """Puts the sentences for the wire's fields beside ours; those without a place go to the top."""
        for name, sentences in fields.items():
            place = field_of(name, self.specs)
            self.add_error(place if place in self.fields else None, sentences)

    def basic(self) -> list[BoundField]:
        """The first questions, besides the preset, which is drawn as cards."""
        return [self[spec.field] for spec in self.specs if spec.basic and spec.name != "preset"]

    def sections(self) -> list[Section]:
        """What stands under "Advanced", heading by heading."""
        found: dict[str, Section] = {}
        for spec in self._advanced_specs():
            section = found.setdefault(spec.group, Section(title=spec.group))
            if spec.parts:
                section.objects.append((self[spec.field], [self[part.field] for part in spec.parts]))
            else:
                (section.ticks if spec.is_tick else section.fields).append(self[spec.field])
        return list(found.values())

    def has_advanced_errors(self) -> bool:
        """Whether the folded part must be open, for something in it is wrong."""
        return any(name in self.errors for name in self._advanced_names())

    def has_advanced_values(self) -> bool:
        """Whether somebody filled in anything of the folded part."""
        return any(self[name].value() for name in self._advanced_names())

    def _advanced_specs(self) -> list[Hyperparameter]:
        return [spec for spec in self.specs if not spec.basic]

    def _advanced_names(self) -> list[str]:
        specs = self._advanced_specs()
        return [*(one.field for spec in specs for one in (spec, *spec.parts)), *_ADVANCED]


def _sentences(errors: Mapping[str, Any]) -> dict[str, list[str]]:
    return {name: [str(message) for message in messages] for name, messages in errors.items()}
