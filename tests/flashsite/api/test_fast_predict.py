"""The short way to a prediction answers as the long one, in less."""

import io
import json
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.core.handlers.wsgi import WSGIHandler
from django.core.signals import request_finished, request_started
from django.db import close_old_connections
from django.utils import timezone
from rest_framework.throttling import ScopedRateThrottle

from flashsite.api import fast_predict
from flashsite.api.fast_predict import FastPredict
from modelstore import access
from modelstore.bundles import store
from modelstore.ground.throttle import forget_callers
from modelstore.models import TrainedModel
from modelstore.prediction import gate
from modelstore.prediction.gate import Gate
from tests import bundles
from tests.modelstore.conftest import _empty_memory_cache, publish

__all__ = ["_empty_memory_cache", "publish"]
pytestmark = pytest.mark.django_db
EDGE = "edge42"


class Site:
    """Two ways to the same address; `long_ways` counts requests that took the long one."""

    def __init__(self) -> None:
        self._django = WSGIHandler()
        self.long_ways = 0
        self.fast = FastPredict(self._count)

    def _count(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Any:
        self.long_ways += 1
        return self._django(environ, start_response)

    def long(self, environ: dict[str, Any]) -> tuple[str, dict[str, str], Any]:
        return ask(self._django, environ)

    def short(self, environ: dict[str, Any]) -> tuple[str, dict[str, str], Any]:
        """By the short way if it is taken; it is for models that were asked for lately."""
        return ask(self.fast, environ)


def ask(application: Any, environ: dict[str, Any]) -> tuple[str, dict[str, str], Any]:
    told: list[Any] = []
    environ = {**environ, "wsgi.input": io.BytesIO(environ["body"])}
    answer = application(environ, lambda status, headers, _=None: told.append((status, dict(headers))))
    content = b"".join(answer)
    if hasattr(answer, "close"):
        answer.close()
    status, headers = told[0]
    assert int(headers.get("Content-Length", len(content))) == len(content)
    return status, headers, json.loads(content)


def request(model: TrainedModel, body: bytes, content_type: str, **more: Any) -> dict[str, Any]:
    return {
        "REQUEST_METHOD": "POST",
        "PATH_INFO": f"/api/v1/models/{model.token}/predict/",
        "SERVER_NAME": "localhost",
        "SERVER_PORT": "80",
        "HTTP_HOST": "localhost",
        "REMOTE_ADDR": "127.0.0.1",
        "CONTENT_TYPE": content_type,
        "CONTENT_LENGTH": str(len(body)),
        "wsgi.url_scheme": "http",
        "wsgi.errors": io.StringIO(),
        "body": body,
        **more,
    }


def sentences(model: TrainedModel, *inputs: Any, **more: Any) -> dict[str, Any]:
    return request(model, json.dumps({"inputs": inputs}).encode(), "application/json", **more)


def pictures(model: TrainedModel, *contents: bytes, field: str = "image") -> dict[str, Any]:
    head = (
        f'Content-Disposition: form-data; name="{field}"; filename="a.png"\r\nContent-Type: image/png\r\n\r\n'
    )
    body = b"".join(b"--%s\r\n%s%s\r\n" % (EDGE.encode(), head.encode(), one) for one in contents)
    return request(model, body + b"--%s--\r\n" % EDGE.encode(), f"multipart/form-data; boundary={EDGE}")


@pytest.fixture(autouse=True)
def _keep_the_connection() -> Iterator[None]:
    """As Django's test client does: a request would close the connection that holds the test's transaction."""
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


@pytest.fixture
def site(publish: Any, settings: Any) -> Iterator[Site]:
    """A site that has answered once, so that it knows its headers."""
    settings.FLASH_MODEL_ROW_SECONDS = 60
    one = Site()
    forget_callers()
    assert one.short(sentences(publish("text"), "great"))[0] == "200 OK"
    assert one.long_ways == 1
    one.long_ways = 0
    yield one
    forget_callers()
    access._known.clear()


def same(site: Site, environ: dict[str, Any]) -> tuple[str, dict[str, str], Any]:
    """The answer, which both ways give alike."""
    other, one = site.long(environ), site.short(environ)
    for _, headers, _ in (one, other):
        headers.pop("Expires", None)
    assert one == other
    return one


def test_sentences_and_pictures_are_answered_alike(site: Site, publish: Any) -> None:
    assert same(site, sentences(publish("text"), "great fun", "awful"))[0] == "200 OK"
    _, _, found = same(
        site, pictures(publish(), bundles.picture("blue"), bundles.picture("red", format="JPEG"))
    )
    assert [one["label"] for one in found["predictions"]] == ["blue", "red"]
    assert site.long_ways == 0


def test_what_is_about_none_of_the_classes_is_told_alike(site: Site, publish: Any) -> None:
    model = publish("text", manifest={"outside": {"threshold": 0.5}})
    _, _, found = same(site, sentences(model, "great fun", "the weather"))
    assert [one["outside"] for one in found["predictions"]] == [False, True]
    assert site.long_ways == 0


def test_refusals_are_alike(site: Site, publish: Any) -> None:
    text, image = publish("text"), publish()
    same(site, sentences(text, "great"))
    same(site, pictures(image, bundles.picture()))
    gone = TrainedModel(token="x" * 22)
    cases = {
        "404": sentences(gone, "great"),
        "400": sentences(text, 3),
        "413": sentences(text, "x" * 1_000_001),
        "415": pictures(image, b"8BPS"),
        "422": pictures(image, bundles.picture()[:60]),
    }
    for status, environ in cases.items():
        long_found, _, long_problem = site.long(environ)
        found, headers, problem = site.short(environ)
        assert (found, problem) == (long_found, long_problem)
        assert found.startswith(status)
        assert headers["Content-Type"] == "application/problem+json"
        assert headers["Cache-Control"].startswith("no-store, private")
    assert site.long_ways == 1  # the unknown token


@pytest.mark.parametrize(
    "change",
    [
        {"QUERY_STRING": "a=b"},
        {"HTTP_ACCEPT": "text/html"},
        {"CONTENT_LENGTH": ""},
        {"HTTP_HOST": "evil.example"},
        {"body": b"{", "CONTENT_LENGTH": "1"},
        {"CONTENT_TYPE": "text/plain"},
        {"REQUEST_METHOD": "PUT"},
    ],
)
def test_what_is_unusual_takes_the_long_way(site: Site, publish: Any, change: dict[str, Any]) -> None:
    status, _, _ = same_or_page(site, sentences(publish("text"), "great") | change)
    assert site.long_ways == 1
    assert status.startswith(("400", "405", "406", "415", "200"))


def same_or_page(site: Site, environ: dict[str, Any]) -> tuple[str, Any, Any]:
    try:
        return site.short(environ)
    except json.JSONDecodeError:  # a page
        return "400 (a page)", {}, {}


def test_a_host_that_is_not_ours_is_refused(site: Site, publish: Any) -> None:
    assert same_or_page(site, sentences(publish("text"), "great", HTTP_HOST="evil.example"))[0].startswith(
        "400"
    )


def test_its_requests_count_under_the_same_rate(
    site: Site, publish: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    forget_callers()
    monkeypatch.setattr(ScopedRateThrottle, "THROTTLE_RATES", {"predict": "2/min"})
    environ = sentences(publish("text"), "great")
    answers = [site.short(environ)[0][:3], site.long(environ)[0][:3], site.short(environ)[0][:3]]
    assert answers == ["200", "200", "429"]


def test_a_busy_process_says_when_to_come_back(
    site: Site, publish: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    full = Gate(at_once=1, waiting=0)
    monkeypatch.setattr(gate, "predictions", lambda: full)
    environ = sentences(publish("text"), "great")
    same(site, environ)
    with full.turn():
        status, headers, problem = site.short(environ)
    assert site.long_ways == 0
    assert (status, headers["Retry-After"], problem["code"]) == ("503 Service Unavailable", "1", "busy")


def test_a_known_row_is_not_asked_for_again(site: Site, publish: Any, django_assert_num_queries: Any) -> None:
    environ = sentences(publish("text"), "great")
    site.long(environ)
    with django_assert_num_queries(0):
        assert site.short(environ)[0] == "200 OK"
    assert site.long_ways == 0


def test_a_row_is_known_for_a_moment_only(site: Site, publish: Any, settings: Any) -> None:
    model = publish("text")
    environ = sentences(model, "great")
    assert site.short(environ)[0] == "200 OK"
    store.bury(tombstone=store.retire(model=model))
    assert site.short(environ)[0] == "200 OK"
    settings.FLASH_MODEL_ROW_SECONDS = 0
    assert site.short(environ)[0] == "410 Gone"


def test_a_known_row_expires_all_the_same(site: Site, publish: Any) -> None:
    model = publish("text", expires_override=timezone.now() + timedelta(hours=1))
    environ = sentences(model, "great")
    assert site.short(environ)[0] == "200 OK"
    access._known[model.token_digest][0].expires_override = timezone.now()
    assert site.short(environ)[0] == "410 Gone"


def test_what_fails_unforeseen_takes_the_long_way(
    site: Site, publish: Any, monkeypatch: Any, caplog: Any
) -> None:
    environ = sentences(publish("text"), "great")
    site.long(environ)
    monkeypatch.setattr(fast_predict.predictor, "predict", lambda **_: 1 / 0)
    assert site.short(environ)[0] == "200 OK"
    assert site.long_ways == 1
    assert "ZeroDivisionError" in caplog.text


def test_a_page_of_another_site_is_refused_as_the_long_way_does(site: Site, publish: Any) -> None:
    environ = sentences(publish("text"), "great", HTTP_ORIGIN="https://elsewhere.example")
    status, _, problem = same(site, environ)
    assert (status, problem["code"]) == ("403 Forbidden", "cross_site")


def test_a_cut_body_is_refused_as_the_long_way_does(site: Site, publish: Any) -> None:
    environ = sentences(publish("text"), "great")
    environ |= {"CONTENT_LENGTH": str(len(environ["body"]) + 9)}
    status, _, problem = same(site, environ)
    assert (status, problem["code"]) == ("400 Bad Request", "body_incomplete")
