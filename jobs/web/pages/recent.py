"""The last jobs started in this browser: their tokens, in a signed cookie that only this site reads."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from jobs.access import jobs_of
from jobs.models import Job

COOKIE = "flash_recent"
MOST = 20
_AGE = 30 * 24 * 3600


def tokens_in(request: HttpRequest) -> list[str]:
    """Tokens, the newest first; nothing when the cookie is missing, forged or old."""
    text = request.get_signed_cookie(COOKIE, default="", salt=COOKIE, max_age=_AGE)
    return [token for token in (text or "").split(".") if token][:MOST]


def jobs_in(request: HttpRequest) -> list[Job]:
    """The jobs behind the cookie that still exist, the newest first. One query, none without the cookie."""
    tokens = tokens_in(request)
    return jobs_of(tokens) if tokens else []


def remember(request: HttpRequest, response: HttpResponse, token: str) -> None:
    """Puts `token` first in the cookie of `response`."""
    tokens = [token, *(seen for seen in tokens_in(request) if seen != token)][:MOST]
    options: dict[str, Any] = {"max_age": _AGE, "httponly": True, "samesite": "Lax"}
    response.set_signed_cookie(
        COOKIE, ".".join(tokens), salt=COOKIE, secure=settings.SESSION_COOKIE_SECURE, **options
    )


def forget(response: HttpResponse) -> None:
    """Drops the cookie."""
    response.delete_cookie(COOKIE, samesite="Lax")
