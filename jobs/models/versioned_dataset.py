"""Data that its owner keeps: samples by numbers, and versions that say which label each had when (decision 105)."""

from datetime import datetime, timedelta
from typing import Self

from django.db import models
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone

from jobs.states import ACTIVE
from modelstore.models import Tokened
from training.kinds import task_choices


class VersionedDatasetQuerySet(models.QuerySet["VersionedDataset"]):
    def forgotten(self, now: datetime, retention: timedelta) -> Self:
        """Those that nobody has touched for `retention`, and that neither a pin nor a model nor a job needs."""
        pinned = DatasetVersion.objects.filter(dataset=OuterRef("pk"), pinned=True)
        needed = DatasetVersion.objects.needed().filter(dataset=OuterRef("pk"))
        return self.filter(~Exists(pinned), ~Exists(needed), touched__lt=now - retention)


class VersionedDataset(Tokened):
    """One dataset with all of its versions; its files lie below `versions/`."""

    task_type = models.CharField(max_length=32, choices=task_choices)
    name = models.CharField(max_length=255, help_text="The name of the file that it began with.")
    columns = models.JSONField(help_text="Of the table that a training reads, in the words of the kind.")
    head = models.PositiveIntegerField(default=0, help_text="The number of its newest version.")
    sample_numbers = models.PositiveIntegerField(default=0, help_text="How many samples ever came in.")
    created = models.DateTimeField(default=timezone.now)
    touched = models.DateTimeField(default=timezone.now, db_index=True, help_text="Its last change or use.")

    objects = VersionedDatasetQuerySet.as_manager()

    class Meta:
        ordering = ("-created",)

    def __str__(self) -> str:
        return f"{self.name} ({self.head} versions)"

    @property
    def has_many_labels(self) -> bool:
        """Whether a sample may have any number of labels."""
        return "labels" in self.columns


class DatasetVersionQuerySet(models.QuerySet["DatasetVersion"]):
    def needed(self) -> Self:
        """Those that a model learnt from which there still is, that a job waits for, or that an upload is a copy of."""
        from jobs.models.dataset import Dataset  # the tables know each other
        from jobs.models.job import Job

        learnt = Q(model__isnull=False) | Q(continues__isnull=False, comparison__verdict="took_over")
        jobs = Job.objects.filter(learnt | Q(status__in=ACTIVE), version=OuterRef("pk"))
        return self.filter(Exists(jobs) | Exists(Dataset.objects.filter(version=OuterRef("pk"))))


class DatasetVersion(models.Model):
    """What a dataset was after one change; never written again but for its name and pin."""

    class Kind(models.TextChoices):
        UPLOAD = "upload", "Upload"
        EXTENSION = "extension", "Data added"
        RELABELLING = "relabelling", "Relabelled"
        REMOVAL = "removal", "Left out"
        CORRECTION = "correction", "Correction"
        RESTORE = "restore", "Restored"

    dataset = models.ForeignKey(VersionedDataset, on_delete=models.CASCADE, related_name="versions")
    number = models.PositiveIntegerField()
    kind = models.CharField(max_length=12, choices=Kind.choices)
    author = models.CharField(max_length=100, blank=True, help_text="Who made it, as far as that is known.")
    reason = models.CharField(max_length=500, blank=True)
    name = models.CharField(max_length=100, blank=True, help_text="As its owner calls it.")
    pinned = models.BooleanField(default=False, help_text="Kept though no model needs it.")
    created = models.DateTimeField(default=timezone.now)
    restored = models.PositiveIntegerField(null=True, blank=True, help_text="The number that it brings back.")

    sample_count = models.PositiveIntegerField()
    classes = models.JSONField(help_text="[{label, count}] in order.")
    added = models.PositiveIntegerField(help_text="Samples, against the version before.")
    removed = models.PositiveIntegerField()
    relabelled = models.PositiveIntegerField()
    by_class = models.JSONField(
        help_text="{label: [samples that came, that went]} against the version before."
    )

    delta_key = models.CharField(
        max_length=255, blank=True, help_text="Its changes; empty: it has none before."
    )
    delta_sha256 = models.CharField(max_length=64, blank=True)
    state_key = models.CharField(
        max_length=255, blank=True, help_text="The labels of all samples, if stored."
    )
    state_sha256 = models.CharField(max_length=64, blank=True)
    size_bytes = models.BigIntegerField(default=0)

    objects = DatasetVersionQuerySet.as_manager()

    class Meta:
        ordering = ("-number",)
        constraints = (
            models.UniqueConstraint(fields=("dataset", "number"), name="version_number_unique"),
            models.UniqueConstraint(
                fields=("dataset", "name"), condition=~Q(name=""), name="version_name_unique"
            ),
            models.CheckConstraint(condition=Q(number__gte=1), name="version_number_from_one"),
            models.CheckConstraint(
                condition=~Q(delta_key="") | ~Q(state_key=""), name="version_has_labels_or_changes"
            ),
        )

    def __str__(self) -> str:
        return f"version {self.number} of {self.dataset_id}"


class DatasetSegment(models.Model):
    """Samples that came in together: what never changes of them, and their contents."""

    dataset = models.ForeignKey(VersionedDataset, on_delete=models.CASCADE, related_name="segments")
    position = models.PositiveIntegerField()
    first = models.PositiveIntegerField(help_text="The number of its first sample.")
    count = models.PositiveIntegerField()
    created = models.DateTimeField(default=timezone.now, help_text="The event time of samples without one.")
    facts_key = models.CharField(max_length=255, unique=True)
    facts_sha256 = models.CharField(max_length=64)
    contents_key = models.CharField(max_length=255, unique=True)
    size_bytes = models.BigIntegerField()

    class Meta:
        ordering = ("position",)
        constraints = (
            models.UniqueConstraint(fields=("dataset", "position"), name="segment_position_unique"),
        )

    def __str__(self) -> str:
        return f"segment {self.position} of {self.dataset_id}"


class ErasedSample(models.Model):
    """A number whose sample was deleted for good."""

    dataset = models.ForeignKey(VersionedDataset, on_delete=models.CASCADE, related_name="erased")
    number = models.PositiveIntegerField()
    created = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = (models.UniqueConstraint(fields=("dataset", "number"), name="erased_number_unique"),)

    def __str__(self) -> str:
        return f"number {self.number} of {self.dataset_id}"
