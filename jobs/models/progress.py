"""What a running job reports: figures of each epoch, and lines of its log."""

from typing import Any

from django.db import models
from django.utils import timezone

from training.score import ACCURACY


class EpochQuerySet(models.QuerySet["Epoch"]):
    """Reads the figures of epochs."""

    def figures(self, score: str) -> list[dict[str, Any]]:
        """Rows as report.json has them, whose score has this name: `val_accuracy` or another."""
        rows = list(self.values("epoch", *Epoch.FIGURES, "planned", "val_score"))
        if score != ACCURACY:
            return [{**row, f"val_{score}": row["val_score"]} for row in rows]
        return rows


class Epoch(models.Model):
    """Figures of one epoch; loss and accuracy are means over samples, accuracy and score between 0 and 1.

    The accuracy on the validation part is empty where the job's score is another one; on the training part it is the
    share of right answers, whatever the score.
    """

    FIGURES = ("train_loss", "train_accuracy", "val_loss", "val_accuracy", "learning_rate", "seconds")

    job = models.ForeignKey("jobs.Job", on_delete=models.CASCADE, related_name="epochs")
    epoch = models.PositiveIntegerField()
    train_loss = models.FloatField(null=True)
    train_accuracy = models.FloatField(null=True)
    val_loss = models.FloatField(null=True)
    val_accuracy = models.FloatField(null=True)
    val_score = models.FloatField(null=True, help_text="Where the job's score is none of the figures before.")
    learning_rate = models.FloatField(null=True)
    seconds = models.FloatField(null=True)
    # The trainer may plan other than asked for: Balanced on tiny pictures and networks without weights take more.
    planned = models.PositiveIntegerField(null=True, help_text="How many epochs there will be at most.")

    objects = EpochQuerySet.as_manager()

    class Meta:
        ordering = ("epoch",)
        constraints = (models.UniqueConstraint(fields=("job", "epoch"), name="epoch_once_per_job"),)

    def __str__(self) -> str:
        return f"epoch {self.epoch} of job {self.job_id}"


class JobEvent(models.Model):
    """One line of a job's log."""

    class Kind(models.TextChoices):
        LOG = "log"
        WARNING = "warning"
        PHASE = "phase"
        ERROR = "error"

    job = models.ForeignKey("jobs.Job", on_delete=models.CASCADE, related_name="events")
    kind = models.CharField(max_length=10, choices=Kind.choices)
    message = models.TextField()
    created = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ("pk",)

    def __str__(self) -> str:
        return f"{self.kind}: {self.message[:60]}"
