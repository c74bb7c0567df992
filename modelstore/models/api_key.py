"""Keys of programs: what one may do beyond what a token of a job opens."""

from datetime import datetime
from typing import Self

from django.db import models
from django.db.models import Q
from django.utils import timezone


class Scope(models.TextChoices):
    """The words on the wire; a key has one or more."""

    READ = "read", "read: list the jobs and models made with this key"
    SUBMIT = "submit", "submit: jobs sent with this key belong to it"
    OPERATE = "operate", "operate: list everything, see servers, change the platform's status"


class ApiKeyQuerySet(models.QuerySet["ApiKey"]):
    def usable(self, now: datetime) -> Self:
        """Neither revoked nor past their time."""
        return self.filter(Q(expires=None) | Q(expires__gt=now), revoked=None)


class ApiKey(models.Model):
    """One key; the secret itself is shown when it is made, and kept nowhere."""

    name = models.CharField(max_length=100, help_text="Who or what uses it, such as “nightly import”.")
    start = models.CharField(max_length=16, help_text="The first characters, to tell keys apart.")
    digest = models.CharField(max_length=64, unique=True)
    scopes = models.JSONField(default=list)
    created = models.DateTimeField(default=timezone.now)
    expires = models.DateTimeField(null=True, blank=True, help_text="Empty: it never expires.")
    revoked = models.DateTimeField(null=True, blank=True)
    last_used = models.DateTimeField(null=True, blank=True, help_text="To the minute.")

    objects = ApiKeyQuerySet.as_manager()

    class Meta:
        ordering = ("-created",)
        verbose_name = "API key"
        constraints = (models.CheckConstraint(condition=~Q(digest=""), name="api_key_has_a_digest"),)

    def __str__(self) -> str:
        return f"{self.name} ({self.start}…)"

    def may(self, scope: Scope) -> bool:
        return scope.value in self.scopes
