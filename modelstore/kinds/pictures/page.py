"""Pictures on the page of a model, see `modelstore.web.contract`."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.conf import settings
from django.core.files.uploadedfile import UploadedFile

from modelstore.kinds.pictures.explanation import explain
from modelstore.prediction.predict_request import UploadedFiles
from modelstore.web.forms import PredictForm, SeveralFiles

__all__ = ["PAGES", "Form", "explain", "kept_input"]

PAGES = ("camera",)


def kept_input(source: str, picture: bytes) -> bytes | None:
    """The small picture."""
    return picture or None


class Form(PredictForm):
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
            raise forms.ValidationError(
                f"{len(files):,} pictures are more than the {most:,} allowed at a time."
            )
        return files

    def inputs(self) -> tuple[Sequence[Any], list[str]]:
        """What to predict, and what to call each of it."""
        files = self.cleaned_data["image"]
        pictures = UploadedFiles(files, settings.FLASH_LIMITS.max_picture_bytes)
        return pictures, [file.name or "picture" for file in files]
