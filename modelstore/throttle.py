"""The API's rates for the pages that do the same work: one count per address for both."""

from collections.abc import Callable
from functools import wraps
from math import ceil
from typing import Any

from django.http import HttpRequest, HttpResponseBase
from rest_framework.throttling import ScopedRateThrottle

from modelstore.errors import FlashError
from modelstore.models import ApiKey


class CallerThrottle(ScopedRateThrottle):
    """Counts by API key where one was sent, else by address: programs behind one proxy do not share a rate."""

    def get_ident(self, request: Any) -> str:
        key = getattr(request, "auth", None)
        return f"key-{key.digest}" if isinstance(key, ApiKey) else str(super().get_ident(request))


class TooManyRequests(FlashError):
    """This address asks more often than it may."""

    status = 429
    code = "throttled"
    title = "Too many requests"


def limited(scope: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Decorates a view: its POSTs count under `scope` of DEFAULT_THROTTLE_RATES; beyond it TooManyRequests."""

    def decorate(view: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(view)
        def wrapper(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            if request.method == "POST":
                _count(request, scope)
            answer: HttpResponseBase = view(request, *args, **kwargs)
            return answer

        return wrapper

    return decorate


def _count(request: HttpRequest, scope: str) -> None:
    throttle, view = CallerThrottle(), type("View", (), {"throttle_scope": scope})()
    if not throttle.allow_request(request, view):  # type: ignore[arg-type]  # it reads META and user alone
        seconds = ceil(throttle.wait() or 1)
        raise TooManyRequests(f"That was too often. Try again in {seconds} seconds.", retry_after=seconds)
