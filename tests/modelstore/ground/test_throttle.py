"""Pages and API share one rate per address, which no header changes."""

from typing import Any

import pytest
from django.test import Client
from rest_framework.throttling import ScopedRateThrottle

from modelstore.ground.throttle import forget_callers

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _two_a_minute(monkeypatch: pytest.MonkeyPatch) -> Any:
    forget_callers()
    monkeypatch.setattr(ScopedRateThrottle, "THROTTLE_RATES", {"submit": "2/min", "predict": "2/min"})
    yield
    forget_callers()


def test_an_address_that_predicts_too_often_is_told_when_to_come_back(client: Client, publish: Any) -> None:
    token = publish("text").token
    page, api = f"/models/{token}/predict/", f"/api/v1/models/{token}/predict/"
    assert client.post(page, {"sentences": "hello"}).status_code == 200
    assert client.post(api, {"inputs": ["x"]}, content_type="application/json").status_code == 200
    for forged in ({}, {"HTTP_X_FORWARDED_FOR": "203.0.113.9"}):
        answer = client.post(page, {"sentences": "hello"}, **forged)
        assert answer.status_code == 429
        assert int(answer["Retry-After"]) >= 1
    assert client.get(f"/models/{token}/").status_code == 200


def test_uploads_are_counted_before_they_are_read(client: Client) -> None:
    answers = [client.post("/new/text/", {}).status_code for _ in range(3)]
    assert answers[2] == 429
    assert 429 not in answers[:2]
