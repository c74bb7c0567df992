"""The short way to a prediction: what most programs send, answered without the framework's stack around it.

Routing, middleware, parsers and renderers take longer than a small network. Whatever is unusual, and whatever goes
wrong in a way that no rule foresees, takes the long way with the same body, so that one definition of every rule
stays: Django's. The headers of the answers are those that the long way gave to the first request.
"""

import io
import json
import logging
import re
from collections.abc import Callable, Iterable
from http import HTTPStatus
from math import ceil
from typing import Any

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import SuspiciousOperation
from django.core.handlers.wsgi import WSGIRequest
from rest_framework.exceptions import APIException

from flashsite.api.parsers import StrictJSONParser
from flashsite.api.problems import problem_for
from flashsite.cross_site import is_cross_site
from modelstore.access import known_model
from modelstore.ground import plain_multipart
from modelstore.ground.errors import FlashError
from modelstore.ground.throttle import caller_of, count, spend_of
from modelstore.models import TrainedModel
from modelstore.prediction import predict_request, predictor
from modelstore.prediction.predict_request import PredictRequest

logger = logging.getLogger(__name__)
Environ = dict[str, Any]
StartResponse = Callable[..., Any]

_PATH = re.compile(r"/api/v1/models/([A-Za-z0-9_-]{1,64})/predict/")
# Larger bodies go to the disk while they are read, the long way.
_MOST_BYTES = 8 * 1024**2
_OF_ONE_ANSWER = {"content-length", "content-type", "date", "set-cookie"}


class _Head(WSGIRequest):
    """Host, scheme and address of a request. Django's own reads the path and the kind of content, too."""

    def __init__(self, environ: Environ) -> None:
        self.META = self.environ = environ
        self.user = AnonymousUser()  # the token is the key, whoever is signed in
        self.headers = _Headers(environ)  # type: ignore[assignment] # of it, `get` alone is used


class _Headers:
    """Looked up one by one: Django's own are all made for the one that is asked for."""

    def __init__(self, environ: Environ) -> None:
        self._environ = environ

    def get(self, name: str, default: str | None = None) -> str | None:
        """The value of the header `name`."""
        value: str | None = self._environ.get(f"HTTP_{name.upper().replace('-', '_')}", default)
        return value


class FastPredict:
    """Wraps the site: ordinary POSTs to a model's `predict/` are answered here, all else by `site`."""

    def __init__(self, site: Callable[..., Iterable[bytes]]) -> None:
        self._site = site
        self._headers: dict[bool, list[tuple[str, str]]] = {}

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        found = _PATH.fullmatch(environ.get("PATH_INFO", ""))
        if found is None or not _is_ordinary(environ):
            return self._site(environ, start_response)
        request = _Head(environ)
        headers = self._headers.get(request.is_secure())
        if headers is None or not _is_welcome(request):
            return self._site(environ, self._learning(request.is_secure(), start_response))
        body = environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"]))
        environ["wsgi.input"] = io.BytesIO(body)
        is_whole = len(body) == int(environ["CONTENT_LENGTH"])
        answer = _answer(request, found[1], body) if is_whole else None
        if answer is None:
            return self._site(environ, start_response)
        status, content_type, content, extra = answer
        length = ("Content-Length", str(len(content)))
        start_response(
            f"{status.value} {status.phrase}", [("Content-Type", content_type), length, *extra, *headers]
        )
        return [content]

    def _learning(self, secure: bool, start_response: StartResponse) -> StartResponse:
        def start(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Any:
            if status.startswith("200"):
                self._headers[secure] = [
                    (name, value) for name, value in headers if name.lower() not in _OF_ONE_ANSWER
                ]
            return start_response(status, headers, exc_info)

        return start


def _is_ordinary(environ: Environ) -> bool:
    accepted = environ.get("HTTP_ACCEPT", "*/*")
    length = environ.get("CONTENT_LENGTH", "")
    return (
        environ["REQUEST_METHOD"] == "POST"
        and not environ.get("QUERY_STRING")
        and not environ.get("SCRIPT_NAME")
        and ("*/*" in accepted or "application/json" in accepted)
        and length.isdecimal()
        and 0 < int(length[:9]) <= _MOST_BYTES
        and len(length) < 9
    )


def _is_welcome(request: WSGIRequest) -> bool:
    """Whether the site would take the request at all; if not, it says so itself."""
    try:
        request.get_host()
    except SuspiciousOperation:
        return False
    if is_cross_site(request.META):
        return False
    return request.is_secure() or not settings.SECURE_SSL_REDIRECT


Answer = tuple[HTTPStatus, str, bytes, list[tuple[str, str]]]


def _answer(request: WSGIRequest, token: str, body: bytes) -> Answer | None:
    """What to answer; None: let the site do it."""
    try:
        # Without a query: what the database must be asked for takes the long way, which looks after its connection.
        model = known_model(token)
        if model is None:
            return None
        asked = _read(request.META.get("CONTENT_TYPE", ""), body, model)
        if asked is None or asked.explain or asked.threshold is not None:
            return None
        caller = caller_of(request)
        if count(caller, "predict") is not None:
            return None
        found = predictor.predict(
            model=model,
            inputs=asked.inputs,
            top_k=asked.top_k,
            names=asked.names,
            spend=spend_of(caller),
        )
    except FlashError as error:
        return _refusal(error)
    except APIException:
        return None
    except Exception:
        logger.exception("a prediction failed on the short way")
        return None
    content = _json({"predictions": found.to_json()})
    return HTTPStatus.OK, "application/json", content, []


def _read(content_type: str, body: bytes, model: TrainedModel) -> PredictRequest | None:
    limits = settings.FLASH_LIMITS
    if content_type.split(";")[0].strip().lower() == "application/json":
        data = StrictJSONParser().parse(io.BytesIO(body))
        return predict_request.read_json(data, task_type=model.task_type, limits=limits)
    parts = plain_multipart.read(content_type, body)
    if parts is None:
        return None
    return predict_request.read_parts(parts, task_type=model.task_type)


def _refusal(error: FlashError) -> Answer:
    extra = [] if error.retry_after is None else [("Retry-After", str(ceil(error.retry_after)))]
    return HTTPStatus(error.status), "application/problem+json", _json(problem_for(error)), extra


_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode


def _json(value: Any) -> bytes:
    return _encode(value).encode()
