"""An upload in pieces that is not finished yet."""

from datetime import datetime, timedelta
from typing import Self

from django.db import models
from django.utils import timezone

from modelstore.ground import sealing
from modelstore.models import Tokened
from training.kinds import task_choices


class UploadSessionQuerySet(models.QuerySet["UploadSession"]):
    def stale(self, now: datetime, retention: timedelta) -> Self:
        """Sessions that have received nothing for `retention`, finished or not."""
        return self.filter(touched__lt=now - retention)


class UploadSession(Tokened):
    """What was announced, and where its bytes are: a file of this server, or a multipart upload of the bucket."""

    class Method(models.TextChoices):
        OFFSET = "offset"
        PARTS = "parts"

    task_type = models.CharField(max_length=32, choices=task_choices)
    name = models.CharField(max_length=255, help_text="The name of the file.")
    size_bytes = models.BigIntegerField(help_text="As announced.")
    sha256 = models.CharField(max_length=64, blank=True, help_text="As announced.")
    method = models.CharField(max_length=10, choices=Method)
    caller = models.CharField(
        max_length=64,
        blank=True,
        default="",
        db_default="",
        db_index=True,
        help_text="A digest of the address or API key that began it.",
    )
    key = models.CharField(max_length=255, help_text="A file name here, or a key of the bucket.")
    multipart_id = models.CharField(max_length=1024, blank=True)
    part_bytes = models.BigIntegerField()
    created = models.DateTimeField(default=timezone.now)
    touched = models.DateTimeField(default=timezone.now, db_index=True, help_text="Its last piece.")
    completing_until = models.DateTimeField(
        null=True, blank=True, help_text="Somebody checks it at the moment."
    )
    dataset = models.ForeignKey("jobs.Dataset", null=True, blank=True, on_delete=models.SET_NULL)
    sealed_dataset = models.CharField(
        max_length=sealing.SEALED_LENGTH, blank=True, default="", db_default="",
        help_text="The token of the dataset, for whoever has its own.",
    )  # fmt: skip

    objects = UploadSessionQuerySet.as_manager()

    class Meta:
        ordering = ("-created",)
        constraints = (
            models.CheckConstraint(condition=models.Q(size_bytes__gt=0), name="upload_session_has_bytes"),
            models.CheckConstraint(
                condition=~models.Q(method="parts") | ~models.Q(multipart_id=""),
                name="upload_session_of_parts_has_an_id",
            ),
        )

    def __str__(self) -> str:
        return f"{self.name} ({self.size_bytes} bytes)"

    @property
    def dataset_token(self) -> str | None:
        """The token of the dataset, None without one; its own must be known."""
        if self.dataset_id is None:
            return None
        return sealing.unseal(self.sealed_dataset, sealing.key_of_token(self.token))
