"""Rows that the same request answers again: whoever repeats it with its Idempotency-Key is told the same token."""

from typing import Self

from django.db import models

from jobs.errors import NotPossibleNow
from modelstore.ground import sealing, tokens
from modelstore.models import Tokened


class Repeatable(Tokened):
    """`request`, below, is a digest of key and content; the database has a digest of that.

    So the sealed token opens with the site's key and the request itself, and not with what the row says.
    """

    idempotency_key = models.CharField(max_length=64, null=True, blank=True, unique=True)
    sealed_repeat = models.CharField(
        max_length=sealing.SEALED_LENGTH, blank=True, default="", db_default="",
        help_text="Its token, for whoever repeats the request.",
    )  # fmt: skip

    class Meta:
        abstract = True

    def keep_for_repeats(self, request: str) -> None:
        """Lets `repeated` find it; call it before it is saved."""
        self.idempotency_key = tokens.digest(request)
        self.sealed_repeat = sealing.seal(self.token, sealing.key_of_request(request))

    @classmethod
    def repeated(cls, request: str | None) -> Self | None:
        """The row that the same request made before; NotPossibleNow when its token cannot be told any more."""
        if not request:
            return None
        known = cls._default_manager.filter(idempotency_key=tokens.digest(request)).first()
        if known is None:
            return None
        token = sealing.unseal(known.sealed_repeat, sealing.key_of_request(request))
        if not token:
            raise NotPossibleNow(
                "This request was taken before, and its token cannot be told again, because the site's secret key "
                "has changed since. Send it with another Idempotency-Key to begin anew."
            )
        known.token = token
        return known
