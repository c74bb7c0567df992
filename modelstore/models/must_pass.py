"""Samples that each new version of a model must answer rightly before it takes over."""

from typing import Any

from django.db import models
from django.utils import timezone

from modelstore.models.trained_model import TrainedModel


class MustPassExample(models.Model):
    """A sample that the owner of a model has chosen: a text, or a file as it came."""

    model = models.ForeignKey(TrainedModel, on_delete=models.CASCADE, related_name="must_pass")
    label = models.CharField(max_length=1000, help_text="What the model has to answer.")
    name = models.CharField(max_length=255, blank=True, help_text="Of the file.")
    text = models.TextField(blank=True)
    data = models.BinaryField(null=True, help_text="The file; empty where there is a text.")
    created = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return f"must pass: {self.label}"

    @property
    def value(self) -> Any:
        """As a model takes it: a sentence, or the bytes of a picture."""
        return self.text if self.data is None else bytes(self.data)
