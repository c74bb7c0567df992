"""The operator's switches: dev mode and the length of the queue (was status.json)."""

from typing import Self

from django.db import models


class PlatformStatus(models.Model):
    """One row. `status` (active or sleeping) is computed from the jobs, never stored."""

    dev_mode = models.BooleanField(
        default=False, help_text="Every new job is refused with a notice; running jobs go on."
    )
    notice = models.CharField(
        max_length=300,
        blank=True,
        help_text="Shown on every page; in dev mode it replaces the standard notice.",
    )
    queue_limit = models.PositiveIntegerField(
        default=100, help_text="How many jobs may wait. 0: a job is refused while another one runs."
    )

    class Meta:
        verbose_name = verbose_name_plural = "platform status"
        constraints = (models.CheckConstraint(condition=models.Q(pk=1), name="platform_status_single_row"),)

    def __str__(self) -> str:
        return "platform status"

    @classmethod
    def current(cls) -> Self:
        """The row, made with its defaults when there is none yet."""
        row = cls.objects.filter(pk=1).first()
        return row or cls.objects.get_or_create(pk=1)[0]
