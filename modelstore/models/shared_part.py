"""Bytes that files of several models have in common."""

from typing import Any, Self

from django.db import models
from django.db.models import Exists, OuterRef
from django.utils import timezone


class SharedPartQuerySet(models.QuerySet["SharedPart"]):
    """Reads by who needs them."""

    def needed(self) -> Self:
        """Those that a model or one of its versions needs; there may be as many models as there are."""
        users: tuple[Any, ...] = (self.model.models.through, self.model.versions.through)
        by_model, by_version = (
            Exists(uses._base_manager.using(self.db).filter(sharedpart=OuterRef("pk"))) for uses in users
        )
        return self.filter(by_model | by_version)


class SharedPart(models.Model):
    """Layers of an encoder that did not learn, as a file of a bundle holds them: stored once, as `shared/<sha256>`.

    The row is there before the file, and goes with it (`modelstore.bundles.shared_parts`).
    """

    FOLDER = "shared"

    sha256 = models.CharField(max_length=64, unique=True)
    size_bytes = models.PositiveBigIntegerField()
    wanted = models.DateTimeField(default=timezone.now, help_text="When an upload last relied on it.")

    objects = SharedPartQuerySet.as_manager()

    def __str__(self) -> str:
        return self.sha256

    @property
    def key(self) -> str:
        """Where its file is stored."""
        return f"{self.FOLDER}/{self.sha256}"
