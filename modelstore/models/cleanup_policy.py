"""Whether and when models expire (was cleanup.json)."""

from datetime import timedelta

from django.core.validators import MinValueValidator
from django.db import models

SHORTEST_RETENTION = timedelta(minutes=1)


class CleanupPolicy(models.Model):
    """One row; without it the defaults hold."""

    active = models.BooleanField(
        "delete old models", default=True, help_text="Off: models live until somebody expires them."
    )
    retention = models.DurationField(
        default=timedelta(hours=2),
        validators=[MinValueValidator(SHORTEST_RETENTION, message="Models must live for a minute at least.")],
        help_text="How long a model lives, as [days] hours:minutes:seconds.",
    )

    longest = models.DurationField(
        "longest life",
        default=timedelta(days=7),
        validators=[MinValueValidator(timedelta(0), message="A life cannot be shorter than nothing.")],
        help_text="How old a model may get when its owner extends its life. Zero: nobody can.",
    )

    class Meta:
        verbose_name_plural = "cleanup policy"
        constraints = [
            models.CheckConstraint(condition=models.Q(pk=1), name="cleanup_policy_is_one_row"),
            models.CheckConstraint(
                condition=models.Q(retention__gte=SHORTEST_RETENTION),
                name="cleanup_policy_retention_is_positive",
            ),
        ]

    def __str__(self) -> str:
        return f"Models live {self.retention}" if self.active else "Models are kept"

    @classmethod
    def current(cls) -> "CleanupPolicy":
        """The policy in force: one query, and nothing is written."""
        return next(iter(cls.objects.filter(pk=1)), None) or cls(pk=1)
