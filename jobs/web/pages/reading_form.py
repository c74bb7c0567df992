"""The form that reads an upload again in another way, and the small ones that answer, undo and edit classes."""

from collections.abc import Iterable, Mapping
from typing import Any

from django import forms
from django.forms import BoundField
from django.http import QueryDict

from jobs.models import Dataset
from jobs.submitting import reading_option_fields
from jobs.uploads import uploads_of
from jobs.uploads.reading_options import OptionType, ReadingOption

# What a page can show; programs may edit more classes.
MOST_CLASSES = 200
_GIVE_CLASSES = ("labels_from", "label_column")


class ReadingForm(forms.Form):
    """How a file is read; its fields are the options of the kind."""

    def __init__(self, *args: Any, dataset: Dataset, **kwargs: Any) -> None:
        self._dataset = dataset
        self._options = uploads_of(dataset.task_type).OPTIONS
        columns = dataset.findings.get("columns", [])
        kwargs.setdefault("initial", {option.name: self._now(option) for option in self._options})
        super().__init__(*args, **kwargs)
        self.fields |= reading_option_fields.form_fields(self._options, columns, dataset.findings)
        if not columns:
            # Refused before they were found, so there are none to choose from.
            offered = dataset.findings.get("offered", {})
            for option in self._options:
                if option.type in (OptionType.COLUMN, OptionType.COLUMNS) and option.name not in offered:
                    self.fields.pop(option.name, None)
        for option in self._options:
            if option.required and option.name in self.fields and self._now(option) not in columns:
                # Taken from several columns: then leaving it as found is a choice, too.
                field = self.fields[option.name]
                field.required = False
                field.choices = [("", "As found"), *field.choices]  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        said = [cleaned.get(option.name) for option in self._options if option.required]
        if len(said) > 1 and all(said) and len(set(said)) < len(said):
            raise forms.ValidationError("Text and label cannot be the same column.")
        return cleaned

    def chosen(self) -> dict[str, Any]:
        """The options of the dataset with what this form changes; what was only found stays open."""
        told = reading_option_fields.options_in(self.cleaned_data, self._options)
        before = self._dataset.options
        for option in self._options:
            if option.name not in before and told.get(option.name) == self._found(option):
                told.pop(option.name, None)
        return changed(before, told)

    def basic(self) -> list[BoundField]:
        """The first questions."""
        return [self[option.name] for option in self._options if option.basic and option.name in self.fields]

    def advanced(self) -> list[BoundField]:
        """The others, as far as a form can ask for them."""
        return [
            self[option.name] for option in self._options if not option.basic and option.name in self.fields
        ]

    @property
    def edits_classes(self) -> bool:
        """Whether the kind knows other names for its classes."""
        return any(option.type is OptionType.CLASSES for option in self._options)

    def has_advanced_values(self) -> bool:
        """Whether anything of the folded part was chosen or is wrong."""
        return any(field.name in self._dataset.options or field.errors for field in self.advanced())

    def _now(self, option: ReadingOption) -> Any:
        """What was chosen, else what was found."""
        chosen = self._dataset.options.get(option.name)
        if option.type is OptionType.COLUMNS:
            return self._dataset.findings.get(option.name, [])[1:]
        if option.type is OptionType.FLAG:
            return "" if chosen is None else str(chosen).lower()
        return chosen or self._found(option)

    def _found(self, option: ReadingOption) -> str:
        if option.type is not OptionType.COLUMN:
            return ""
        return str(self._dataset.findings.get(option.name, ""))


def changed(before: Mapping[str, Any], told: Mapping[str, Any]) -> dict[str, Any]:
    """The options with what was told; what is blank is taken back. Edits of classes end with what gave the classes."""
    after = {name: value for name, value in {**before, **told}.items() if value not in (None, "", [], {})}
    other_place = after.get("labels_from") != before.get("labels_from")
    if other_place and "label_column" in before and after.get("label_column") == before["label_column"]:
        # That of another table.
        del after["label_column"]
    if any(after.get(name) != before.get(name) for name in _GIVE_CLASSES):
        for name in {"classes", "pictures"} - set(told):
            after.pop(name, None)
    return after


def told_in(posted: QueryDict, dataset: Dataset) -> dict[str, Any]:
    """The options that an answer, an undo or the names of classes in a posted form say."""
    options = uploads_of(dataset.task_type).OPTIONS
    known = {option.name for option in options}
    known |= {str(question["field"]) for question in dataset.questions}
    told: dict[str, Any] = {name: posted[name] for name in known if name in posted}
    samples = next((option.name for option in options if option.type is OptionType.SAMPLES), None)
    if samples and "sample" in posted:
        now = dict.fromkeys(posted.getlist("sample"), posted.get("to", ""))
        told[samples] = {**(dataset.options.get(samples) or {}), **now}
    if "old" in posted:
        pairs = zip(posted.getlist("old"), posted.getlist("new"), strict=False)
        told["classes"] = edited(dataset.options.get("classes") or {}, pairs)
    return told


def edited(before: Mapping[str, str], pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    """The edits of classes after further ones, whose old names are those that the page shows."""
    now = {old: new.strip() for old, new in pairs if new.strip() != old}
    # A class of the file may have the name that another was given, so the new name holds for both.
    return now | {old: now.get(new, new) for old, new in before.items()}
