"""One request to predict a whole file; its row is the only truth about it."""

from datetime import datetime, timedelta
from typing import Any, Self

from django.db import models

from jobs.models.leased import Leased, LeasedQuerySet
from jobs.models.repeatable import Repeatable
from jobs.states import BATCHES, BatchStatus
from modelstore.models import CleanupPolicy
from training.kinds import KINDS


def batch_formats() -> list[tuple[str, str]]:
    """Names and words of the files that can be predicted, of all kinds of tasks."""
    return [pair for kind in KINDS.values() for pair in kind.batch_formats.items()]


class BatchQuerySet(LeasedQuerySet["BatchPrediction"]):
    """Reads by state; `transition` is the one way to change it."""

    def over(self, now: datetime, retention: timedelta) -> Self:
        """Batches that nobody can reach any more: their model is gone, or they ended long ago."""
        return self.filter(models.Q(model=None) | models.Q(finished__lt=now - retention))


class BatchPrediction(Repeatable, Leased):
    """A waiting, running or ended prediction of a zip, a table or a video. It goes with its model."""

    machine = BATCHES

    # Not CASCADE: the files have to go, too, and the sweep sees to both.
    model = models.ForeignKey(
        "modelstore.TrainedModel", null=True, on_delete=models.SET_NULL, related_name="batches"
    )
    kind = models.CharField(max_length=10, choices=batch_formats)
    name = models.CharField(max_length=255, help_text="The name of the uploaded file.")
    file = models.FileField(upload_to="batch-uploads/%Y%m%d", max_length=255, blank=True)
    size_bytes = models.BigIntegerField()
    options = models.JSONField(default=dict, help_text="top_k, frames_per_second, input_column")
    reading = models.JSONField(
        null=True,
        blank=True,
        help_text="Of a labelled file, on which the model is measured: how it was read. Empty for others.",
    )

    status = models.CharField(max_length=10, choices=BatchStatus.choices, default=BatchStatus.QUEUED)
    total = models.PositiveIntegerField(null=True, blank=True)
    done = models.PositiveIntegerField(default=0)
    bad = models.PositiveIntegerField(default=0, help_text="Items that could not be predicted.")
    counts = models.JSONField(default=dict, help_text="How many items got which label.")
    first = models.JSONField(default=list, help_text="The first results, for the page.")
    summary = models.JSONField(default=dict, help_text="Of a video: its timeline.")
    results_prefix = models.CharField(max_length=200, blank=True)

    objects = BatchQuerySet.as_manager()

    class Meta:
        verbose_name = "batch prediction"
        ordering = ("-created",)
        indexes = (
            models.Index(fields=("status", "queued", "id"), name="batch_queue"),
            models.Index(fields=("finished",), name="batch_finished"),
        )
        constraints = (
            models.CheckConstraint(
                condition=models.Q(status__in=BatchStatus.values), name="batch_status_known"
            ),
            models.CheckConstraint(
                condition=models.Q(progress__gte=0) & models.Q(progress__lte=1),
                name="batch_progress_is_a_share",
            ),
            models.CheckConstraint(
                condition=~models.Q(status=BatchStatus.RUNNING) | models.Q(lease_until__isnull=False),
                name="batch_running_has_a_lease",
            ),
            models.CheckConstraint(
                condition=~models.Q(status=BatchStatus.FAILED) | ~models.Q(error=""),
                name="batch_failed_says_why",
            ),
            models.CheckConstraint(
                condition=~models.Q(status=BatchStatus.DONE) | ~models.Q(results_prefix=""),
                name="batch_done_has_results",
            ),
        )

    def __str__(self) -> str:
        return f"{self.name} ({self.status})"

    @property
    def evaluation(self) -> dict[str, Any] | None:
        """The figures of a measurement that is done, see `jobs.batches.child.evaluating`."""
        found: dict[str, Any] | None = self.summary.get("evaluation")
        return found

    def expires(self, policy: CleanupPolicy, retention: timedelta) -> datetime | None:
        """When the results go: with their model, or once kept for `retention`; None while neither is known."""
        ends = [
            self.model.expires(policy) if self.model else None,
            self.finished and self.finished + retention,
        ]
        return min((end for end in ends if end), default=None)
