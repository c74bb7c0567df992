"""What the forms of a model's page have in common."""

from collections.abc import Sequence
from typing import Any

from django import forms


class ThresholdForm(forms.Form):
    """Below which probability, in percent, an answer counts as none of the classes."""

    threshold = forms.IntegerField(
        label="None of the classes below", min_value=0, max_value=99, required=False
    )

    def value(self) -> float | None:
        """The share, 0 to 1; None where none was given."""
        percent = self.cleaned_data["threshold"]
        return None if percent is None else percent / 100


class PredictForm(ThresholdForm):
    """What may be asked for with any input; a kind adds a field and `inputs`."""

    explain = forms.BooleanField(label="Show what weighed most", required=False)

    def inputs(self) -> tuple[Sequence[Any], list[str]]:
        """What to predict, and what to call each of it."""
        raise NotImplementedError


class SeveralFiles(forms.FileField):
    """One or more files under one name, as a list."""

    widget = type("SeveralFilesInput", (forms.ClearableFileInput,), {"allow_multiple_selected": True})

    def clean(self, data: Any, initial: Any = None) -> Any:
        files = data if isinstance(data, list) else [data] if data else []
        return [super(SeveralFiles, self).clean(file, initial) for file in files] or super().clean(
            None, initial
        )
