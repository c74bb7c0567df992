"""The newest checkpoint of a job in storage, from which another server continues."""

from django.db import models
from django.utils import timezone


class Checkpoint(models.Model):
    """One per job; `key` names an archive of RUN_DIR/checkpoint, `sha256` and `size_bytes` what it must be."""

    job = models.OneToOneField("jobs.Job", on_delete=models.CASCADE, related_name="checkpoint")
    fence = models.PositiveIntegerField(help_text="The attempt that left it.")
    key = models.CharField(max_length=255)
    sha256 = models.CharField(max_length=64)
    size_bytes = models.BigIntegerField()
    created = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ("-created",)

    def __str__(self) -> str:
        return f"checkpoint of job {self.job_id}, attempt {self.fence}"
