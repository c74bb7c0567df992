"""The API's rates for the pages that do the same work: one count per address for both."""

import ipaddress
import time
from collections.abc import Callable
from functools import lru_cache, wraps
from math import ceil
from typing import Any

from django.http import HttpRequest, HttpResponseBase
from rest_framework.throttling import ScopedRateThrottle

from modelstore.ground.errors import FlashError
from modelstore.ground.shared_callers import SharedCallers


class CallerThrottle(ScopedRateThrottle):
    """Counts by API key where one was sent, else by address: programs behind one proxy do not share a rate.

    "600/min" lets 600 through at once and then one more every tenth of a second (the generic cell rate algorithm):
    a single number for each caller is kept, not the time of each of its requests. All processes of
    the web count together (`share`).
    """

    def allow_request(self, request: Any, view: Any) -> bool:
        """Whether this request is within the rate; `wait` then says how long to wait."""
        self.scope = getattr(view, self.scope_attr, None)
        rate = self.THROTTLE_RATES.get(self.scope) if self.scope else None
        if not rate or not self.scope:
            return True
        self._wait = _spent(self.get_ident(request), self.scope, rate)
        return self._wait <= 0

    def wait(self) -> float:
        """Seconds until the next request would be let through."""
        return float(self._wait)

    def get_ident(self, request: Any) -> str:
        # An API key (modelstore.api_keys) is the only thing that signs a request in and has a digest.
        digest = getattr(getattr(request, "auth", None), "digest", None)
        return f"key-{digest}" if digest else _network(str(super().get_ident(request)))


def _spent(caller: str, scope: str, rate: str) -> float:
    return _callers.spend(f"throttle_{scope}_{caller}", *_parsed(rate))


def caller_of(request: Any) -> str:
    """Who asks: the API key where one was sent, else the address."""
    return CallerThrottle().get_ident(request)


@lru_cache(maxsize=4096)
def _network(address: str) -> str:
    """A household has a whole /64 of IPv6, and can send each request from another address of it."""
    try:
        parsed = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if isinstance(parsed, ipaddress.IPv4Address):
        return address
    return str(parsed.ipv4_mapped or ipaddress.ip_network((parsed, 64), strict=False))


class _OwnCallers:
    """As SharedCallers, for a process that is the only one. Django's cache would pickle each number."""

    def __init__(self) -> None:
        # When all that a caller was let through would be over at the steady rate.
        self._busy_until: dict[str, float] = {}

    def spend(self, caller: str, most: int, seconds: float, amount: int = 1) -> float:
        now = time.monotonic()
        busy_until = max(now, self._busy_until.get(caller, 0.0)) + seconds * amount / most
        wait = busy_until - now - seconds
        if wait > 1e-6:
            return wait
        if len(self._busy_until) >= _MOST_CALLERS:
            self.clear()
        self._busy_until[caller] = busy_until
        return 0.0

    def clear(self) -> None:
        self._busy_until.clear()


_MOST_CALLERS = 100_000
_callers: _OwnCallers | SharedCallers = _OwnCallers()


def share() -> None:
    """From now on this process and those that it forks count together."""
    global _callers
    _callers = SharedCallers()


def forget_callers() -> None:
    """Everybody begins anew."""
    _callers.clear()


@lru_cache(maxsize=64)
def _parsed(rate: str) -> tuple[int, float]:
    most, seconds = ScopedRateThrottle().parse_rate(rate)
    assert most and seconds
    return most, seconds


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
    if (wait := count(caller_of(request), scope)) is not None:
        seconds = ceil(wait or 1)
        raise TooManyRequests(f"Too many requests. Try again in {seconds} seconds.", retry_after=seconds)


def spend_of(caller: str) -> Callable[[str, int, int], None]:
    """What counts the work of this caller (`caller_of`): `spend(what, amount, most)` raises TooManyRequests.

    Within a minute a caller may use `most` of `what`, all at once if they like.
    """

    def spend(what: str, amount: int, most: int) -> None:
        wait = _callers.spend(f"{what} {caller}", most, 60.0, min(amount, most))
        if wait > 0:
            seconds = ceil(wait)
            raise TooManyRequests(
                f"You have sent very many {what} in the last minute. Try again in {seconds:,} seconds.",
                retry_after=seconds,
            )

    return spend


def count(caller: str, scope: str) -> float | None:
    """Counts one request of this caller (`caller_of`); the seconds to wait if it was one too many, else None."""
    rate = CallerThrottle.THROTTLE_RATES.get(scope)
    wait = _spent(caller, scope, rate) if rate else 0.0
    return wait if wait > 0 else None
