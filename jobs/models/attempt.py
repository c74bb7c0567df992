"""One try at a job on a server."""

from django.db import models
from django.utils import timezone


class Attempt(models.Model):
    """Opened by a claim, closed by whatever ended it; kept as the job's history."""

    job = models.ForeignKey("jobs.Job", on_delete=models.CASCADE, related_name="attempts")
    server = models.ForeignKey("jobs.Server", null=True, on_delete=models.SET_NULL, related_name="attempts")
    fence = models.PositiveIntegerField()
    started = models.DateTimeField(default=timezone.now)
    finished = models.DateTimeField(null=True, blank=True)
    outcome = models.CharField(max_length=20, blank=True)
    reason = models.TextField(blank=True)
    uptime = models.ForeignKey(
        "jobs.Uptime", null=True, blank=True, on_delete=models.SET_NULL, related_name="attempts"
    )
    price_per_hour = models.FloatField(null=True, blank=True, help_text="Empty: nobody has set one.")
    allowance_seconds = models.FloatField(
        null=True, blank=True, help_text="What the caps left to this try when it began. Empty: no cap."
    )

    class Meta:
        ordering = ("fence",)
        indexes = (
            models.Index(fields=("finished",), name="attempt_finished"),
            models.Index(fields=("server", "started"), name="attempt_last_begun"),
            models.Index(fields=("server", "finished"), name="attempt_last_ended"),
        )
        constraints = (models.UniqueConstraint(fields=("job", "fence"), name="attempt_once_per_fence"),)

    def __str__(self) -> str:
        return f"attempt {self.fence} of job {self.job_id}"
