"""What one request, and one caller in a minute, may cost: pixels, characters and time."""

import io
import threading
import time
from dataclasses import replace
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image

from modelstore.ground.throttle import forget_callers
from modelstore.kinds.pictures import inputs as pictures
from modelstore.prediction import predictor
from modelstore.prediction.gate import Busy, Gate
from tests import bundles
from tests.modelstore.conftest import Publish
from training.bundle.preprocessing import OutOfTime

PNG = bundles.picture(format="PNG", size=(100, 100))
JPEG = bundles.picture(format="JPEG", size=(100, 100))


@pytest.fixture(autouse=True)
def _nobody_has_asked() -> None:
    forget_callers()


@pytest.fixture
def limits(settings: Any) -> Any:
    def change(**values: int) -> None:
        settings.FLASH_LIMITS = replace(settings.FLASH_LIMITS, **values)

    return change


def ask(client: Any, model: Any, inputs: list[Any]) -> Any:
    return client.post(
        f"/api/v1/models/{model.token}/predict/", {"inputs": inputs}, content_type="application/json"
    )


def send(client: Any, model: Any, pictures: list[bytes]) -> Any:
    files = [SimpleUploadedFile(f"{number}.png", content) for number, content in enumerate(pictures)]
    return client.post(f"/api/v1/models/{model.token}/predict/", {"image": files})


def test_pixels_count_and_a_jpeg_that_is_decoded_small_counts_less() -> None:
    assert pictures.cost(PNG) == 10_000
    assert pictures.cost(JPEG) == 2_500
    progressive = io.BytesIO()
    Image.new("RGB", (100, 100)).save(progressive, "JPEG", progressive=True)
    assert pictures.cost(progressive.getvalue()) == 10_000


@pytest.mark.django_db
def test_pictures_of_too_many_pixels_together_are_refused(client: Any, publish: Publish, limits: Any) -> None:
    model = publish("image")
    limits(max_pixels_per_request=25_000)
    assert send(client, model, [PNG, PNG]).status_code == 200
    refused = send(client, model, [PNG, PNG, PNG])
    assert (refused.status_code, refused.json()["code"]) == (413, "too_many_inputs")
    assert "25,000 pixels" in refused.json()["detail"]


@pytest.mark.django_db
def test_one_input_of_the_largest_size_is_taken(client: Any, publish: Publish, limits: Any) -> None:
    model = publish("image")
    limits(max_pixels_per_request=5_000)
    assert send(client, model, [PNG]).status_code == 200


@pytest.mark.django_db
def test_sentences_of_too_many_characters_together_are_refused(
    client: Any, publish: Publish, limits: Any
) -> None:
    model = publish("text")
    limits(max_characters_per_request=300)
    assert ask(client, model, ["word " * 20] * 3).status_code == 200
    refused = ask(client, model, ["word " * 20] * 4)
    assert (refused.status_code, refused.json()["code"]) == (413, "too_many_inputs")
    assert "300 characters" in refused.json()["detail"]


@pytest.mark.django_db
@pytest.mark.parametrize("page", [False, True])
def test_a_caller_has_a_budget_for_each_minute(
    client: Any, publish: Publish, limits: Any, settings: Any, page: bool
) -> None:
    model = publish("text")
    limits(max_characters_per_request=1_000)
    settings.FLASH_PREDICT_LARGEST_RATE = 2
    sentence = "word " * 150

    def once() -> Any:
        if page:
            return client.post(f"/models/{model.token}/predict/", {"sentences": sentence})
        return ask(client, model, [sentence])

    assert [once().status_code for _ in range(3)] == [200, 200, 429]
    if not page:
        refused = once()
        assert refused.json()["code"] == "throttled"
        assert 0 < int(refused["Retry-After"]) <= 60


@pytest.mark.django_db
def test_a_request_that_takes_too_long_is_given_up(
    client: Any, publish: Publish, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = publish("image")
    settings.FLASH_PREDICT_SECONDS = 7
    monkeypatch.setattr(predictor, "request_deadline", lambda: time.monotonic() - 1)
    refused = send(client, model, [PNG])
    assert (refused.status_code, refused.json()["code"]) == (503, "too_slow")
    assert "7 seconds" in refused.json()["detail"]
    assert "Retry-After" in refused


def test_it_stops_between_inputs(tmp_path: Any) -> None:
    from training.bundle.onnx_classifier import OnnxClassifier

    classifier = OnnxClassifier(bundles.image_bundle(tmp_path / "b"))
    assert len(classifier.predict([PNG], time.monotonic() + 60)) == 1
    with pytest.raises(OutOfTime):
        classifier.predict([PNG, PNG], time.monotonic() - 1)


def test_nobody_waits_for_a_turn_longer_than_the_request_may_take() -> None:
    one = Gate(at_once=1, waiting=1)
    with one.turn(), pytest.raises(Busy), one.turn(0.05):
        pass
    assert one.waiting == 0
    passed = threading.Event()
    with one.turn(1.0):
        passed.set()
    assert passed.is_set()
