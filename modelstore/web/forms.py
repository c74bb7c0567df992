"""The forms of a model's page: pictures, or sentences, to predict."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.conf import settings
from django.core.files.uploadedfile import UploadedFile

from modelstore.prediction.predict_request import UploadedPictures


class ThresholdForm(forms.Form):
    """Below which probability, in percent, an answer counts as none of the classes."""

    threshold = forms.IntegerField(
        label="None of the classes below", min_value=0, max_value=99, required=False
    )

    def value(self) -> float | None:
        """The share, 0 to 1; None where none was given."""
        percent = self.cleaned_data["threshold"]
        return None if percent is None else percent / 100


class _PredictForm(ThresholdForm):
    """What may be asked for with any input."""

    explain = forms.BooleanField(label="Show what weighed most", required=False)


class SentencesForm(_PredictForm):
    """One sentence a line."""

    sentences = forms.CharField(
        label="Sentences, one a line",
        strip=False,
        error_messages={"required": "Write a sentence first."},
        widget=forms.Textarea(attrs={"rows": 4}),
    )

    def clean_sentences(self) -> list[str]:
        lines = [line.strip() for line in self.cleaned_data["sentences"].splitlines() if line.strip()]
        most = settings.FLASH_LIMITS.max_sentences_per_request
        if not lines:
            raise forms.ValidationError("Write a sentence first.")
        if len(lines) > most:
            raise forms.ValidationError(f"{len(lines):,} lines are more than the {most:,} allowed at a time.")
        return lines

    def inputs(self) -> tuple[Sequence[bytes | str], list[str]]:
        """What to predict, and what to call each of it."""
        lines = self.cleaned_data["sentences"]
        return lines, lines


class SeveralFiles(forms.FileField):
    """One or more files under one name, as a list."""

    widget = type("SeveralFilesInput", (forms.ClearableFileInput,), {"allow_multiple_selected": True})

    def clean(self, data: Any, initial: Any = None) -> Any:
        files = data if isinstance(data, list) else [data] if data else []
        return [super(SeveralFiles, self).clean(file, initial) for file in files] or super().clean(
            None, initial
        )


class PicturesForm(_PredictForm):
    """Several pictures at once."""

    image = SeveralFiles(
        label="Pictures",
        allow_empty_file=True,
        error_messages={"required": "Choose a picture first, or drop one here."},
    )

    def clean_image(self) -> list[UploadedFile]:
        files: list[UploadedFile] = self.cleaned_data["image"]
        most = settings.FLASH_LIMITS.max_pictures_per_request
        if len(files) > most:
            raise forms.ValidationError(f"{len(files)} pictures are more than the {most} allowed at a time.")
        return files

    def inputs(self) -> tuple[Sequence[bytes | str], list[str]]:
        """What to predict, and what to call each of it."""
        files = self.cleaned_data["image"]
        pictures = UploadedPictures(files, settings.FLASH_LIMITS.max_picture_bytes)
        return pictures, [file.name or "picture" for file in files]
