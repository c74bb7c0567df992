"""Forms of the pages: what was uploaded or pasted, and how to train on it."""

from collections.abc import Mapping
from typing import Any

from django import forms
from django.conf import settings
from django.core.files.base import ContentFile, File

from jobs import submission
from jobs.errors import SubmissionInvalid
from jobs.models import Lane
from jobs.terms import Terms, read_terms
from modelstore import tokens
from training.ground.wire_values import plain
from training.kinds import Preset, kind_of
from training.kinds.task import Task

_SPLITS = [
    ("", "Preset's choice"),
    *((f"{share}:{100 - share}", f"{share} : {100 - share}") for share in (90, 80, 70, 60, 50)),
]
_OPTIMIZERS = [
    ("", "Preset's choice"),
    ("sgd", "SGD with momentum"),
    ("adam", "Adam"),
    ("adamw", "AdamW"),
]
_STARTS = [
    ("", "Preset's choice"),
    ("imagenet", "ImageNet weights"),
    ("scratch", "Scratch (random weights)"),
]
_LANES = [
    (Lane.NOW.value, "As soon as possible"),
    (Lane.NEXT_START.value, "With the next start of a machine: cheaper, may take hours"),
]
# Our field -> the wire's word. Those of the two schedules lie in an object of their own.
_PLAIN = {
    "preset": "preset",
    "model": "model",
    "start_from": "pretrained",
    "optimizer": "optimizer",
    "learning_rate": "learning_rate",
    "batch_size": "batch_size",
    "epochs": "epochs",
    "data_split": "data_split",
    "seed": "seed",
    "early_stopping": "early_stopping",
    "class_weights": "class_weights",
}
_GROUPS = {
    "reduce_lr_on_plateau": {
        "plateau_factor": "factor",
        "plateau_patience": "patience",
        "plateau_min_lr": "min_lr",
    },
    "step_lr": {"step_size": "step_size", "step_gamma": "gamma"},
}
ADVANCED = (
    *_PLAIN,
    "max_minutes",
    "continue_from",
    "extend_dataset",
    *_GROUPS,
    *(field for fields in _GROUPS.values() for field in fields),
)


class UploadForm(forms.Form):
    """A file, or text pasted in its place."""

    dataset = forms.FileField(required=False, allow_empty_file=True, max_length=255)
    pasted = forms.CharField(required=False, widget=forms.Textarea, strip=False)
    # Only asked for when a table was refused: other columns may be what is needed.
    input_column = forms.CharField(required=False, max_length=1_000)
    label_column = forms.CharField(required=False, max_length=1_000)

    def upload(self) -> Any:
        """What to store; SubmissionInvalid when there is neither file nor text."""
        if not self.is_valid():
            raise SubmissionInvalid("The upload is not right.", fields=_sentences(self.errors))
        file: File[bytes] | None = self.cleaned_data["dataset"]
        pasted = self.cleaned_data["pasted"]
        if file is not None:
            return file
        if pasted.strip():
            return ContentFile(pasted.encode(), name="pasted.csv")
        message = "Choose a file first, or drop one here."
        raise SubmissionInvalid(message, fields={"dataset": [message]})

    def options(self) -> dict[str, str]:
        """How to read a table, as far as it was said; call `upload` first."""
        names = ("input_column", "label_column")
        return {name: self.cleaned_data[name] for name in names if self.cleaned_data[name]}


class TrainForm(forms.Form):
    """How to train. Whatever is left blank is decided by the preset; the trainer's own rules check the rest."""

    task_name = forms.CharField(
        label="Name of the task", required=False, max_length=200,
        help_text="Letters, digits, hyphens and spaces.",
        widget=forms.TextInput(attrs={"autocomplete": "off", "placeholder": "cats and dogs"}),
    )  # fmt: skip
    preset = forms.ChoiceField(
        choices=[(preset.value, preset.value.capitalize()) for preset in Preset], required=False
    )
    model = forms.ChoiceField(label="Model", required=False)
    start_from = forms.ChoiceField(label="Start from", choices=_STARTS, required=False)
    data_split = forms.ChoiceField(
        label="Training : validation", choices=_SPLITS, required=False,
        help_text="The validation share is never trained on; it measures the accuracy.",
    )  # fmt: skip
    optimizer = forms.ChoiceField(label="Optimizer", choices=_OPTIMIZERS, required=False)
    learning_rate = forms.CharField(label="Learning rate", required=False)
    batch_size = forms.CharField(label="Batch size", required=False)
    epochs = forms.CharField(label="Epochs", required=False)
    early_stopping = forms.CharField(
        label="Stop early after", required=False, help_text="Epochs without gain; 0 turns it off."
    )
    seed = forms.CharField(
        label="Seed", required=False, help_text="The same seed gives the same result again."
    )
    class_weights = forms.BooleanField(
        label="Let rare classes count as much as common ones", required=False,
        help_text="Finds more of the rare ones, at some cost in accuracy.",
    )  # fmt: skip
    reduce_lr_on_plateau = forms.BooleanField(label="Reduce the learning rate on a plateau", required=False)
    plateau_factor = forms.CharField(label="Factor", required=False)
    plateau_patience = forms.CharField(label="Patience in epochs", required=False)
    plateau_min_lr = forms.CharField(label="Lowest learning rate", required=False)
    step_lr = forms.BooleanField(label="Reduce the learning rate in steps", required=False)
    step_size = forms.CharField(label="Step size in epochs", required=False)
    step_gamma = forms.CharField(label="Gamma", required=False)
    downloadable = forms.BooleanField(
        label="The model may be downloaded",
        required=False,
        help_text="Whoever has the token can then take the files.",
    )
    keep_dataset = forms.BooleanField(
        label="Keep the data after training", required=False,
        help_text="To train again without another upload. It is forgotten after a while all the same.",
    )  # fmt: skip
    max_minutes = forms.CharField(
        label="Stop after", required=False,
        help_text="Minutes of training at most; the best model so far is kept.",
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off"}),
    )  # fmt: skip
    continue_from = forms.CharField(
        label="Continue from", required=False, max_length=300,
        help_text="The token of an earlier model. The new one takes over that token if it does better on the same "
        "validation samples; otherwise the earlier one stays.",
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

    def __init__(self, *args: Any, task: Task, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.task = task
        self.values: dict[str, Any] = {}
        self.terms = Terms()
        # Asked what it would take, a form needs no name yet.
        self.is_estimate = "estimate" in self.data
        choices = [(spec.name, spec.title) for spec in kind_of(task).models]
        self.fields["model"].choices = [("", "Preset's choice"), *choices]  # type: ignore[attr-defined]
        if task is Task.TEXT:
            del self.fields["start_from"]
            self.fields["task_name"].widget.attrs["placeholder"] = "customer messages"
        self._tell_limits()

    @classmethod
    def blank(cls, *, task: Task) -> "TrainForm":
        """The form as it is shown first; its key makes a double click one job."""
        initial = {
            "preset": Preset.QUICK.value,
            "downloadable": True,
            "key": tokens.new_token(),
        }
        return cls(task=task, initial=initial)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        self.values = _on_the_wire(cleaned)
        try:
            self.terms = read_terms(cleaned)
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
            field = _our_name(name)
            self.add_error(field if field in self.fields else None, sentences)

    def has_advanced_errors(self) -> bool:
        """Whether the folded part must be open, for something in it is wrong."""
        return any(name in self.errors for name in ADVANCED if name != "preset")

    def has_advanced_values(self) -> bool:
        """Whether somebody filled in more than the split."""
        return any(
            self[name].value()
            for name in ADVANCED
            if name in self.fields and name not in ("preset", "data_split")
        )

    def _tell_limits(self) -> None:
        limits = settings.FLASH_LIMITS
        batch = limits.batch_size_image if self.task is Task.IMAGE else limits.batch_size_text
        for name, (low, high), default in (
            ("learning_rate", limits.learning_rate, ""),
            ("batch_size", batch, ""),
            ("epochs", limits.epochs, ""),
            ("plateau_factor", limits.plateau_factor, "0.1"),
            ("plateau_patience", limits.plateau_patience, "5"),
            ("plateau_min_lr", limits.plateau_min_lr, "0.00001"),
            ("step_size", limits.step_size, "4"),
            ("step_gamma", limits.step_gamma, "0.1"),
        ):
            field = self.fields[name]
            field.help_text = f"{_plain_number(low)} to {_plain_number(high)}"
            field.widget.attrs |= {"inputmode": "decimal", "autocomplete": "off", "placeholder": default}
        self.fields["seed"].widget.attrs |= {
            "inputmode": "numeric",
            "placeholder": "1",
            "autocomplete": "off",
        }
        self.fields["early_stopping"].widget.attrs |= {"inputmode": "numeric", "autocomplete": "off"}


class ColumnsForm(forms.Form):
    """Which columns of a table hold the text and the label."""

    input_column = forms.ChoiceField(label="Column with the text")
    label_column = forms.ChoiceField(label="Column with the class")

    def __init__(self, *args: Any, columns: list[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            field.choices = [(name, name) for name in columns]  # type: ignore[attr-defined]


def _on_the_wire(cleaned: Mapping[str, Any]) -> dict[str, Any]:
    values = {wire: cleaned[ours] for ours, wire in _PLAIN.items() if cleaned.get(ours) not in (None, "")}
    for group, members in _GROUPS.items():
        if cleaned.get(group):
            values[group] = {key: cleaned[ours] for ours, key in members.items() if cleaned.get(ours)}
    return values


def _our_name(wire: str) -> str:
    group, _, key = wire.partition(".")
    members = {key: ours for ours, key in _GROUPS.get(group, {}).items()}
    return members.get(key) or {word: ours for ours, word in _PLAIN.items()}.get(wire, wire)


def _sentences(errors: Mapping[str, Any]) -> dict[str, list[str]]:
    return {name: [str(message) for message in messages] for name, messages in errors.items()}


def _plain_number(value: float) -> str:
    """0.00001 and 2, not 1e-05 and 2.0; whole numbers with commas."""
    return plain(value) if isinstance(value, float) else f"{value:,}"
