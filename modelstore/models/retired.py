"""What is left of a model after its retirement."""

from django.db import models
from django.utils import timezone


class RetiredToken(models.Model):
    """Remembers that a token once opened a model, so that its holder reads "expired" or "deleted", not "unknown"."""

    token_digest = models.CharField(max_length=64, unique=True)
    retired = models.DateTimeField(default=timezone.now)
    deleted = models.BooleanField(default=False, db_default=False, help_text="By its owner, before its time.")

    def __str__(self) -> str:
        return f"retired {self.retired:%Y-%m-%d %H:%M}"


class Tombstone(models.Model):
    """Files that no row names any more; the tombstone stays until every one of them is gone."""

    storage_prefix = models.CharField(max_length=200, unique=True)
    created = models.DateTimeField(default=timezone.now)
    failures = models.PositiveIntegerField(default=0)
    last_error = models.TextField(blank=True)

    def __str__(self) -> str:
        return self.storage_prefix
