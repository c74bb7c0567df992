"""Whom to tell when a job ends, until it is told."""

from datetime import datetime
from typing import Self

from django.db import models
from django.utils import timezone

from jobs.states import ENDED
from modelstore.ground import sealing


class NoticeQuerySet(models.QuerySet["Notice"]):
    def due(self, now: datetime) -> Self:
        """Those whose job has ended and whose turn has come."""
        from jobs.models.job import Job  # the two tables know each other

        # Not a join: SQLite would read all ended jobs first.
        ended = Job.objects.filter(pk=models.OuterRef("job"), status__in=ENDED)
        return self.filter(models.Exists(ended), next_try__lte=now)


class Notice(models.Model):
    """One address for one job. The row is the outbox, and goes, with the address, once it is delivered."""

    class Kind(models.TextChoices):
        EMAIL = "email"
        WEBHOOK = "webhook"

    job = models.ForeignKey("jobs.Job", on_delete=models.CASCADE, related_name="notices")
    kind = models.CharField(max_length=10, choices=Kind.choices)
    target = models.CharField(max_length=2000, help_text="An e-mail address or a URL.")
    site = models.CharField(
        max_length=300, blank=True, help_text="The site's address, as its owner knows it."
    )
    sealed_token = models.CharField(
        max_length=sealing.SEALED_LENGTH, blank=True, default="", db_default="",
        help_text="The token of the job: an e-mail has a link, a webhook is signed with it.",
    )  # fmt: skip
    delivery = models.UUIDField(unique=True, help_text="The same for every try: receivers may drop repeats.")
    created = models.DateTimeField(default=timezone.now)
    tries = models.PositiveIntegerField(default=0)
    next_try = models.DateTimeField(default=timezone.now, db_index=True)

    objects = NoticeQuerySet.as_manager()

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=("job", "kind"), name="notice_once_per_kind"),
            models.CheckConstraint(
                condition=models.Q(kind__in=["email", "webhook"]) & ~models.Q(target=""),
                name="notice_has_a_target",
            ),
        )

    def __str__(self) -> str:
        return f"{self.kind} for job {self.job_id}"
