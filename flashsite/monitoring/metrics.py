"""`/metrics` for Prometheus, and the count of all requests."""

import hmac
import os
import time
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from typing import Any

from django.conf import settings
from django.db import DatabaseError
from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_safe
from prometheus_client import (
    CONTENT_TYPE_LATEST,
    REGISTRY,
    CollectorRegistry,
    Counter,
    Histogram,
    generate_latest,
)
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.multiprocess import MultiProcessCollector

from jobs.models import Alert
from modelstore.models import TrainedModel

_SECONDS = (0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)
REQUESTS = Counter("flash_requests", "Requests answered.", ["kind", "status"])
SECONDS = Histogram(
    "flash_request_seconds", "From the first byte to the answer's head.", ["kind"], buckets=_SECONDS
)
_LOCAL = {"127.0.0.1", "::1", ""}
_LOCAL_NAMES = {"localhost", "127.0.0.1", "[::1]"}
# What proxies add to a request.
_PASSED_ON = (
    "HTTP_FORWARDED", "HTTP_VIA", "HTTP_X_REAL_IP", "HTTP_X_CLIENT_IP", "HTTP_CF_CONNECTING_IP", "HTTP_TRUE_CLIENT_IP",
    "HTTP_X_FORWARDED_FOR", "HTTP_X_FORWARDED_HOST", "HTTP_X_FORWARDED_PORT", "HTTP_X_FORWARDED_PROTO",
    "HTTP_X_FORWARDED_SERVER", "HTTP_X_FORWARDED_SCHEME", "HTTP_X_ORIGINAL_HOST", "HTTP_X_ORIGINAL_FOR",
)  # fmt: skip


class Measured:
    """Wraps the site: counts and times each request by its kind (predict, api, static, page)."""

    def __init__(self, site: Callable[..., Iterable[bytes]]) -> None:
        self._site = site

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        started, kind = time.perf_counter(), _kind(environ.get("PATH_INFO", ""))

        def start(status: str, *more: Any) -> Any:
            _requests(kind, status[:3]).inc()
            _seconds(kind).observe(time.perf_counter() - started)
            return start_response(status, *more)

        return self._site(environ, start)


# Finding the counter of some labels takes as long as counting; there are four kinds, and few statuses.
@cache
def _requests(kind: str, status: str) -> Counter:
    return REQUESTS.labels(kind, status)


@cache
def _seconds(kind: str) -> Histogram:
    return SECONDS.labels(kind)


def _kind(path: str) -> str:
    if path.endswith("/predict/"):
        return "predict"
    if path.startswith("/api/"):
        return "api"
    return "static" if path.startswith("/static/") else "page"


@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """Everything counted so far by all processes of this web; for whoever has the token, else this machine alone."""
    if not _may_see(request):
        raise Http404
    registry = REGISTRY
    if os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
        registry = CollectorRegistry()
        MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    return HttpResponse(generate_latest(registry) + _of_rows(), content_type=CONTENT_TYPE_LATEST)


class _Rows:
    """What is counted in the database, for all machines together; nothing where it does not answer."""

    def collect(self) -> Iterator[Metric]:
        """See prometheus_client.registry.Collector."""
        alerts = GaugeMetricFamily("flash_alerts", "Open alerts.", labels=["kind"])
        try:
            for kind in Alert.objects.filter(cleared=None).values_list("kind", flat=True):
                alerts.add_metric([kind], 1)
            count = TrainedModel.objects.damaged().count()
        except DatabaseError:
            return
        yield alerts
        yield GaugeMetricFamily("flash_damaged_models", "Models whose files were found damaged.", value=count)


def _of_rows() -> bytes:
    registry = CollectorRegistry()
    registry.register(_Rows())
    return bytes(generate_latest(registry))


def behind_proxy() -> bool:
    """Whether this site is told that all requests come through a proxy of its operator."""
    trusted: Any = settings.SECURE_PROXY_SSL_HEADER
    return bool(trusted or settings.REST_FRAMEWORK["NUM_PROXIES"])


def _may_see(request: HttpRequest) -> bool:
    if token := settings.FLASH_METRICS_TOKEN:
        given = request.headers.get("Authorization", "").encode()
        return hmac.compare_digest(given, f"Bearer {token}".encode())
    # A proxy on this machine speaks for the whole world, and not each tells whom it speaks for.
    return (
        request.META.get("REMOTE_ADDR", "") in _LOCAL
        and not behind_proxy()
        and not any(name in request.META for name in _PASSED_ON)
        and request.META.get("SERVER_PROTOCOL") != "HTTP/1.0"
        and _name(request.META.get("HTTP_HOST", "localhost")) in _LOCAL_NAMES
    )


def _name(host: str) -> str:
    """Without the port."""
    return host.lower().removesuffix(f":{host.rpartition(':')[2]}") if not host.endswith("]") else host
