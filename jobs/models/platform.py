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

    job_cap_minutes = models.PositiveIntegerField(
        null=True, blank=True, help_text="How long one job may train, all its tries together. Empty: no cap."
    )
    job_cap_cost = models.FloatField(
        null=True,
        blank=True,
        help_text="How much one job may cost, boot and idle time included. Empty: no cap.",
    )
    day_cap_minutes = models.PositiveIntegerField(
        null=True, blank=True, help_text="How long machines may run for jobs in a day (UTC). Empty: no cap."
    )
    day_cap_cost = models.FloatField(
        null=True, blank=True, help_text="How much all machines may cost in a day (UTC). Empty: no cap."
    )

    class Meta:
        verbose_name = verbose_name_plural = "platform status"
        constraints = (
            models.CheckConstraint(condition=models.Q(pk=1), name="platform_status_single_row"),
            models.CheckConstraint(
                condition=~models.Q(job_cap_cost__lt=0) & ~models.Q(day_cap_cost__lt=0),
                name="platform_status_caps_are_not_negative",
            ),
        )

    def __str__(self) -> str:
        return "platform status"

    @classmethod
    def current(cls) -> Self:
        """The row, made with its defaults when there is none yet."""
        return cls.objects.get_or_create(pk=1)[0]
