"""What the control plane knows of its machines: launches it intended, lessons learnt, and alerts."""

from datetime import timedelta
from typing import Self

from django.db import models
from django.utils import timezone


class Launch(models.Model):
    """One intended launch, written before the call; `token` makes repeating it harmless."""

    token = models.CharField(max_length=64, unique=True)
    offer = models.CharField(max_length=200, blank=True)
    instance_id = models.CharField(max_length=40, blank=True)
    created = models.DateTimeField(default=timezone.now)
    closed = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name_plural = "launches"
        ordering = ("-created",)
        indexes = (
            models.Index(fields=("created",), name="launch_open", condition=models.Q(closed__isnull=True)),
        )

    def __str__(self) -> str:
        return self.instance_id or self.token


class Fleet(models.Model):
    """One row: who reconciles at the moment, and what earlier calls taught."""

    lock_owner = models.CharField(max_length=64, blank=True)
    lock_until = models.DateTimeField(null=True, blank=True)
    backoffs = models.PositiveIntegerField(default=0)
    backoff_until = models.DateTimeField(null=True, blank=True)
    blocked = models.JSONField(default=dict, blank=True, help_text="Offers without capacity, and until when.")
    boot_failures = models.PositiveIntegerField(default=0)
    breaker_until = models.DateTimeField(null=True, blank=True)
    reason = models.TextField(blank=True, help_text="Why waiting jobs wait, in a sentence for their owners.")

    class Meta:
        verbose_name_plural = "fleet"

    def __str__(self) -> str:
        return "Fleet"

    @classmethod
    def current(cls) -> Self:
        return cls.objects.get_or_create(pk=1)[0]

    @classmethod
    def take_lock(cls, *, owner: str, duration: timedelta) -> bool:
        """Lets one controller act; a dead one's lock runs out."""
        cls.current()
        now = timezone.now()
        free = models.Q(lock_until__isnull=True) | models.Q(lock_until__lt=now)
        return cls.objects.filter(free, pk=1).update(lock_owner=owner, lock_until=now + duration) == 1

    @classmethod
    def renew_lock(cls, *, owner: str, duration: timedelta) -> bool:
        """False when the lock has run out and another controller took it."""
        until = timezone.now() + duration
        return cls.objects.filter(pk=1, lock_owner=owner).update(lock_until=until) == 1

    @classmethod
    def release_lock(cls, *, owner: str) -> None:
        cls.objects.filter(pk=1, lock_owner=owner).update(lock_until=None, lock_owner="")


class Alert(models.Model):
    """Something that an operator should look at; told again, only the count and the time change."""

    kind = models.CharField(max_length=40)
    message = models.TextField()
    count = models.PositiveIntegerField(default=1)
    first = models.DateTimeField(default=timezone.now)
    last = models.DateTimeField(default=timezone.now)
    mailed = models.DateTimeField(null=True, blank=True, help_text="The last e-mail about it.")
    cleared = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("-last",)
        constraints = (
            models.UniqueConstraint(
                fields=("kind",), condition=models.Q(cleared__isnull=True), name="alert_open_once_per_kind"
            ),
        )

    def __str__(self) -> str:
        return f"{self.kind}: {self.message[:80]}"
