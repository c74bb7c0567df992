"""Sentences on the page of a model, see `modelstore.web.contract`."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.conf import settings

from modelstore.kinds.sentences.explanation import explain
from modelstore.web.forms import PredictForm

__all__ = ["PAGES", "Form", "explain", "kept_input"]

PAGES = ()


def kept_input(source: str, picture: bytes) -> str | None:
    """The sentence behind the place where it was found; a long one was cut."""
    return source.partition(": ")[2].strip() or None


class Form(PredictForm):
    """One sentence a line."""

    sentences = forms.CharField(
        label="Sentences, one per line",
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

    def inputs(self) -> tuple[Sequence[Any], list[str]]:
        """What to predict, and what to call each of it."""
        lines = self.cleaned_data["sentences"]
        return lines, lines
