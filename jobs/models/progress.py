"""What a running job reports: figures of each epoch, and lines of its log."""

from django.db import models
from django.utils import timezone


class Epoch(models.Model):
    """Figures of one epoch; loss and accuracy are means over samples, accuracy between 0 and 1."""

    FIGURES = ("train_loss", "train_accuracy", "val_loss", "val_accuracy", "learning_rate", "seconds")

    job = models.ForeignKey("jobs.Job", on_delete=models.CASCADE, related_name="epochs")
    epoch = models.PositiveIntegerField()
    train_loss = models.FloatField(null=True)
    train_accuracy = models.FloatField(null=True)
    val_loss = models.FloatField(null=True)
    val_accuracy = models.FloatField(null=True)
    learning_rate = models.FloatField(null=True)
    seconds = models.FloatField(null=True)
    # The trainer may plan other than asked for: Balanced on tiny pictures and networks without weights take more.
    planned = models.PositiveIntegerField(null=True, help_text="How many epochs there will be at most.")

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
