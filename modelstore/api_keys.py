"""Makes, checks and revokes API keys; `Authorization: Bearer flash_…` on the wire."""

import secrets
import string
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.db.models import Q
from django.utils import timezone
from rest_framework.authentication import BaseAuthentication
from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from modelstore.ground.errors import FlashError
from modelstore.ground.tokens import digest
from modelstore.models import ApiKey, Scope

_PREFIX = "flash_"
_ALPHABET = string.ascii_letters + string.digits
_SECRET_LENGTH = 40
_SHOWN = len(_PREFIX) + 6
# A key that is used a thousand times a minute is written once.
_REMEMBER_USE_EVERY = timedelta(minutes=1)


class KeyInvalid(FlashError):
    """The header names no usable key."""

    status = 401
    code = "key_invalid"
    title = "The API key is not valid"


class ScopeMissing(FlashError):
    """A good key, for other things."""

    status = 403
    code = "scope_missing"
    title = "The API key does not allow this"


def create(*, name: str, scopes: Iterable[str], expires: datetime | None = None) -> tuple[ApiKey, str]:
    """A new key and its secret, which cannot be had a second time; ValueError for scopes that there are not."""
    chosen = [scope.value for scope in Scope if scope.value in set(scopes)]
    if not chosen or set(scopes) - set(chosen):
        raise ValueError(f"Choose one or more of these scopes: {', '.join(Scope.values)}.")
    secret = _PREFIX + "".join(secrets.choice(_ALPHABET) for _ in range(_SECRET_LENGTH))
    key = ApiKey.objects.create(
        name=name, start=secret[:_SHOWN], digest=digest(secret), scopes=chosen, expires=expires
    )
    return key, secret


def revoke(*, key: ApiKey) -> bool:
    """Makes a key useless at once; False when it was already."""
    return ApiKey.objects.filter(pk=key.pk, revoked=None).update(revoked=timezone.now()) == 1


def find(secret: str) -> ApiKey:
    """The usable key with this secret, noting its use; KeyInvalid (401) otherwise."""
    now = timezone.now()
    key = ApiKey.objects.usable(now).filter(digest=digest(secret)).first()
    if key is None:
        raise KeyInvalid("This API key is unknown, revoked or expired. Ask the operator for a new one.")
    stale = Q(last_used=None) | Q(last_used__lt=now - _REMEMBER_USE_EVERY)
    if key.last_used is None or key.last_used < now - _REMEMBER_USE_EVERY:
        ApiKey.objects.filter(stale, pk=key.pk).update(last_used=now)
    return key


class KeyAuthentication(BaseAuthentication):
    """Takes `Authorization: Bearer KEY`; the key becomes `request.auth`."""

    def authenticate(self, request: Request) -> tuple[Any, ApiKey] | None:
        kind, _, secret = request.headers.get("Authorization", "").partition(" ")
        if kind.lower() != "bearer":
            return None
        return AnonymousUser(), find(secret.strip())

    def authenticate_header(self, request: Request) -> str:
        return 'Bearer realm="Flash"'


def key_of(request: Request) -> ApiKey | None:
    """The key that came with a request, if one did."""
    return request.auth if isinstance(request.auth, ApiKey) else None


def is_operator(request: Request) -> bool:
    """Whether the request comes from an operator: a key that may operate, or somebody signed in to the admin."""
    key = key_of(request)
    return key.may(Scope.OPERATE) if key else bool(request.user and request.user.is_staff)


class ForOperators(BasePermission):
    """A key with `operate`, or an account of the admin."""

    def has_permission(self, request: Request, view: Any) -> bool:
        if key_of(request) and not is_operator(request):
            raise ScopeMissing("This needs a key with the scope `operate`.")
        return is_operator(request)


class ForReaders(BasePermission):
    """A key with `read` (its own rows), or an operator (all rows)."""

    def has_permission(self, request: Request, view: Any) -> bool:
        key = key_of(request)
        if key and not (key.may(Scope.READ) or key.may(Scope.OPERATE)):
            raise ScopeMissing("This needs a key with the scope `read` or `operate`.")
        return key is not None or is_operator(request)
