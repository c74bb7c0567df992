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
    """Counts by API key where one was sent, else by address: programs behind one proxy do not share a rate.

    "600/min" lets 600 through at once and then one more every tenth of a second (the generic cell rate algorithm):
    a single number for each caller is kept, not the time of each of its requests.
    """

    def allow_request(self, request: Any, view: Any) -> bool:
        """Whether this request is within the rate; `wait` then says how long to wait."""
        self.scope = getattr(view, self.scope_attr, None)
        if not self.scope or (rate := self.get_rate()) is None:
            return True
        most, seconds = self.parse_rate(rate)
        if not most or not seconds:
            return True
        key = self.get_cache_key(request, view)
        now = self.timer()
        # When all that was let through so far would be over at the steady rate.
        busy_until = max(now, self.cache.get(key, 0.0)) + seconds / most
        self._wait = busy_until - now - seconds
        if self._wait > 1e-6:
            return False
        self.cache.set(key, busy_until, seconds)
        return True

    def wait(self) -> float:
        """Seconds until the next request would be let through."""
        return float(self._wait)

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
    if (wait := count(request, scope)) is not None:
        seconds = ceil(wait or 1)
        raise TooManyRequests(f"That was too often. Try again in {seconds} seconds.", retry_after=seconds)


def count(request: HttpRequest, scope: str) -> float | None:
    """Counts one request of this caller; the seconds to wait if it was one too many, else None."""
    throttle, view = CallerThrottle(), type("View", (), {"throttle_scope": scope})()
    return None if throttle.allow_request(request, view) else throttle.wait()
