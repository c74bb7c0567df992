"""`/metrics`, `/healthz`, `/readyz`: who may look, and what stands there."""

from typing import Any

import pytest
from django.db import DatabaseError
from django.test import Client
from prometheus_client.parser import text_string_to_metric_families

from flashsite.monitoring.metrics import Measured
from modelstore.ground.errors import FlashError
from modelstore.models import TrainedModel
from modelstore.prediction.predictor import predict
from tests.modelstore.conftest import _empty_memory_cache, publish

__all__ = ["_empty_memory_cache", "publish"]
pytestmark = pytest.mark.django_db


def figures(client: Client, **headers: str) -> dict[tuple[str, str], float]:
    answer = client.get("/metrics", **headers)
    assert answer.status_code == 200
    return {
        (sample.name, " ".join(sample.labels.values())): sample.value
        for family in text_string_to_metric_families(answer.content.decode())
        for sample in family.samples
    }


def test_predictions_are_counted_by_model_and_outcome(client: Client, publish: Any) -> None:
    model = publish("text")
    # Other tests count in the same process.
    before = figures(client)

    def since(name: str, labels: str) -> float:
        return figures(client)[name, labels] - before.get((name, labels), 0)

    for _ in range(3):
        predict(model=model, inputs=["great", "awful"])
    with pytest.raises(FlashError):
        predict(model=model, inputs=[""])
    assert since("flash_predictions_total", f"{model.pk} ok") == 3
    assert since("flash_predictions_total", f"{model.pk} inputs_invalid") == 1
    assert (since("flash_model_cache_total", "load"), since("flash_model_cache_total", "hit")) == (1, 2)
    assert since("flash_model_load_seconds_count", "") == 1
    assert since("flash_prediction_seconds_count", "textclassification") == 4
    assert since("flash_prediction_inputs_total", "textclassification") == 6
    found = figures(client)
    assert found["flash_model_cache_bytes", ""] > 0
    assert found["flash_predictions_waiting", ""] == 0
    assert model.token not in client.get("/metrics").content.decode()


def test_requests_are_counted_by_kind_and_status(client: Client) -> None:
    def site(environ: Any, start_response: Any) -> list[bytes]:
        start_response("404 Not Found", [])
        return [b""]

    before = figures(client).get(("flash_requests_total", "predict 404"), 0)
    Measured(site)({"PATH_INFO": "/api/v1/models/x/predict/"}, lambda *_: None)
    found = figures(client)
    assert found["flash_requests_total", "predict 404"] == before + 1
    assert found["flash_request_seconds_count", "predict"] >= 1


def test_without_a_token_only_this_machine_may_look(client: Client) -> None:
    assert client.get("/metrics", REMOTE_ADDR="203.0.113.9").status_code == 404
    assert client.get("/metrics", HTTP_X_FORWARDED_FOR="127.0.0.1").status_code == 404
    assert client.get("/metrics", REMOTE_ADDR="::1").status_code == 200


@pytest.mark.parametrize(
    "told",
    [
        {"HTTP_X_REAL_IP": "203.0.113.9"},
        {"HTTP_X_FORWARDED_PROTO": "https"},
        {"HTTP_HOST": "flash.example"},
        {"SERVER_PROTOCOL": "HTTP/1.0"},
    ],
)
def test_what_a_proxy_passes_on_is_not_of_this_machine(
    client: Client, settings: Any, told: dict[str, str]
) -> None:
    settings.ALLOWED_HOSTS = ["*"]
    assert client.get("/metrics", **told).status_code == 404
    for host in ("localhost:8000", "127.0.0.1", "[::1]:8000"):
        assert client.get("/metrics", HTTP_HOST=host).status_code == 200


def test_an_operator_with_a_proxy_needs_a_token(client: Client, settings: Any) -> None:
    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    assert client.get("/metrics").status_code == 404
    settings.SECURE_PROXY_SSL_HEADER = None
    settings.REST_FRAMEWORK = {**settings.REST_FRAMEWORK, "NUM_PROXIES": 1}
    assert client.get("/metrics").status_code == 404
    settings.FLASH_METRICS_TOKEN = "sesame"
    assert client.get("/metrics", HTTP_AUTHORIZATION="Bearer sesame").status_code == 200


def test_with_a_token_whoever_has_it_may_look(client: Client, settings: Any) -> None:
    settings.FLASH_METRICS_TOKEN = "sesame"
    assert client.get("/metrics").status_code == 404
    assert client.get("/metrics", HTTP_AUTHORIZATION="Bearer other").status_code == 404
    answer = client.get("/metrics", HTTP_AUTHORIZATION="Bearer sesame", REMOTE_ADDR="203.0.113.9")
    assert answer.status_code == 200


def test_alive_asks_nobody(client: Client, django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(0):
        assert client.get("/healthz").json() == {"status": "ok"}


def test_ready_asks_the_database_and_the_disk(client: Client, settings: Any, monkeypatch: Any) -> None:
    assert client.get("/readyz").status_code == 200
    folder, settings.FILE_UPLOAD_TEMP_DIR = settings.FILE_UPLOAD_TEMP_DIR, "/nowhere"
    assert client.get("/readyz").status_code == 503
    settings.FILE_UPLOAD_TEMP_DIR = folder

    def fail(*_: Any) -> bool:
        raise DatabaseError

    monkeypatch.setattr(type(TrainedModel.objects.all()), "exists", fail)
    assert client.get("/readyz").status_code == 503
