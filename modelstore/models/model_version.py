"""Bundles that a model had before, or that were trained to take its place and did not."""

from django.db import models
from django.utils import timezone

from modelstore.models.shared_part import SharedPart
from modelstore.models.trained_model import TrainedModel


class ModelVersion(models.Model):
    """A bundle in storage that can be brought (back) under the token of `model`; it goes with that at the latest."""

    model = models.ForeignKey(TrainedModel, on_delete=models.CASCADE, related_name="versions")
    number = models.PositiveIntegerField(help_text="Counted for each model, in the order of their training.")
    storage_prefix = models.CharField(max_length=200, unique=True)
    columns = models.JSONField(help_text="What the model's row holds while this is the version that answers.")
    answered = models.BooleanField(
        help_text="Whether it was the one that answers. If not, it never was so far."
    )
    trained = models.DateTimeField(default=timezone.now)
    shared_parts = models.ManyToManyField(SharedPart, related_name="versions", blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["model", "number"], name="model_version_has_one_number"),
            models.CheckConstraint(condition=~models.Q(storage_prefix=""), name="model_version_has_files"),
        ]

    def __str__(self) -> str:
        return f"version {self.number} of {self.model_id}"
