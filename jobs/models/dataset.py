"""What a user uploaded, after it was checked and stored."""

from datetime import datetime, timedelta
from typing import Any, Self

from django.db import models
from django.utils import timezone

from jobs.errors import NeedsChoice
from jobs.states import ACTIVE
from jobs.uploads import UploadRefused
from modelstore.ground import sealing
from modelstore.models import Tokened
from training.kinds import task_choices


class DatasetQuerySet(models.QuerySet["Dataset"]):
    def forgotten(self, now: datetime, retention: timedelta) -> Self:
        """Datasets older than `retention` that no unfinished job needs."""
        from jobs.models.job import Job  # the two tables know each other

        needed = Job.objects.filter(dataset=models.OuterRef("pk"), status__in=ACTIVE)
        return self.filter(~models.Exists(needed), created__lt=now - retention)


class Dataset(Tokened):
    """One checked upload; the file itself lies in storage.

    One whose columns made no sense is kept, too, so that others can be chosen.
    """

    task_type = models.CharField(max_length=32, choices=task_choices)
    name = models.CharField(max_length=255, help_text="The name of the uploaded file.")
    file = models.FileField(upload_to="datasets/%Y%m%d", max_length=255)
    size_bytes = models.BigIntegerField()
    sha256 = models.CharField(max_length=64)
    sample_count = models.IntegerField()
    classes = models.JSONField(help_text="[{label, count}] in order.")
    findings = models.JSONField(default=dict)
    notes_csv = models.BinaryField(default=b"", help_text="All notes as CSV, compressed by zlib.")
    thumbnails = models.JSONField(default=list)
    seen = models.TextField(
        blank=True, default="", help_text="What unpacking need not find out again, in the words of the kind."
    )
    options = models.JSONField(default=dict, help_text="How a table is read: columns, encoding, delimiter.")
    created = models.DateTimeField(default=timezone.now, db_index=True)
    kept = models.BooleanField(
        default=False,
        help_text="Not dropped after training, so that one can train again until its time is up.",
    )

    version = models.ForeignKey(
        "jobs.DatasetVersion",
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="datasets",
        help_text="What is learnt of this data, where its versions are kept.",
    )
    in_versions = models.ForeignKey(
        "jobs.VersionedDataset",
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="uploads",
        help_text="The dataset that has samples of it, whichever version.",
    )
    sealed_versions = models.CharField(
        max_length=sealing.SEALED_LENGTH, blank=True, default="", db_default="",
        help_text="The token of these versions, for whoever has its own.",
    )  # fmt: skip

    objects = DatasetQuerySet.as_manager()

    class Meta:
        ordering = ("-created",)
        constraints = (
            models.CheckConstraint(
                # Which tasks there are is the registry's to say: a kind more is no migration.
                condition=~models.Q(task_type=""),
                name="dataset_has_task_type",
            ),
            # None only where the reading was refused, see `refusal`.
            models.CheckConstraint(condition=models.Q(sample_count__gte=0), name="dataset_counts_samples"),
        )

    def __str__(self) -> str:
        return f"{self.name} ({self.sample_count})"

    @property
    def questions(self) -> list[dict[str, Any]]:
        """What is open, as JSON of `jobs.uploads.findings.Question`; datasets of the version before have none."""
        found: list[dict[str, Any]] = self.findings.get("questions", [])
        return found

    @property
    def versions_token(self) -> str:
        """The token of its versions, "" without any; its own must be known."""
        sealed = self.sealed_versions if self.version_id else ""
        return sealing.unseal(sealed, sealing.key_of_token(self.token)) if sealed else ""

    @property
    def refusal(self) -> dict[str, Any]:
        """Why the file cannot be learnt from as it was read: status, code, title, detail; empty for most datasets."""
        found: dict[str, Any] = self.findings.get("refusal", {})
        return found

    def check_usable(self) -> None:
        """Raises UploadRefused where the reading was refused, NeedsChoice where something is open."""
        if self.refusal:
            refused = UploadRefused(
                self.refusal["detail"], status=self.refusal["status"], code=self.refusal["code"]
            )
            refused.token = self.token
            raise refused
        if self.questions:
            raise NeedsChoice(token=self.token, questions=self.questions)

    def accept_guesses(self) -> None:
        """What was taken for now is taken for good: nothing is open any more."""
        if not self.questions:
            return
        self.findings = self.findings | {"accepted": self.questions, "questions": []}
        self.save(update_fields=["findings"])
