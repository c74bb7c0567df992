"""Whatever is posted to the form of a model's page: the page or a refusal on it, never a 5xx, nothing unescaped."""

from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from modelstore.models import TrainedModel
from tests import bundles
from tests.modelstore.conftest import _empty_memory_cache, publish

__all__ = ["_empty_memory_cache", "publish"]
pytestmark = pytest.mark.django_db
_MANY = settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
_TEXT = st.text(max_size=60)


@pytest.fixture
def words(publish: Any) -> TrainedModel:
    model: TrainedModel = publish("text")
    return model


@pytest.fixture
def colours(publish: Any) -> TrainedModel:
    model: TrainedModel = publish("image")
    return model


@_MANY
@given(
    text=_TEXT, threshold=_TEXT, explain=st.sampled_from(["", "on", "x"]), kind=st.sampled_from(["", "csv"])
)
@example(text="great\0fun", threshold="", explain="", kind="")
@example(text="great fun", threshold="NaN", explain="", kind="")
@example(text="great fun", threshold="9" * 5_000, explain="", kind="csv")
@example(text="=cmd()\n<script>alert(1)</script>\n\u202egreat", threshold="0.5", explain="on", kind="")
@example(text="a\n" * 2_000, threshold="", explain="", kind="")
@example(text="a " * 70_000, threshold="", explain="", kind="csv")
def test_texts(
    client: Client, words: TrainedModel, text: str, threshold: str, explain: str, kind: str
) -> None:
    form = {"sentences": text, "threshold": threshold, "explain": explain, "as": kind}
    answer = client.post(f"/models/{words.token}/predict/", form, headers={"X-Part": "predictions"})
    assert answer.status_code in (200, 400, 413, 415, 422), answer.content
    content = b"".join(answer) if answer.streaming else answer.content
    if "text/html" in answer["Content-Type"]:
        assert b"<script>alert" not in content


@_MANY
@given(
    name=st.text(max_size=30),
    begins=st.sampled_from([b"", "PNG", "JPEG", "WEBP"]),
    content=st.binary(max_size=200),
)
@example(name="a.svg", begins=b"", content=bundles.SVG)
@example(name="../../etc/passwd", begins=b"", content=b"PK\x03\x04")
@example(name="<script>alert(1)</script>.png", begins="PNG", content=b"")
@example(name="a.png", begins=b"", content=b"")
def test_files(client: Client, colours: TrainedModel, name: str, begins: Any, content: bytes) -> None:
    """Any bytes, and pictures that are cut and go on with other bytes."""
    if begins:
        whole = bundles.picture("blue", format=begins)
        content = whole[: len(whole) - len(content)] + content
    file = SimpleUploadedFile(name or "a", content)
    answer = client.post(
        f"/models/{colours.token}/predict/", {"image": [file]}, headers={"X-Part": "predictions"}
    )
    assert answer.status_code in (200, 400, 413, 415, 422), answer.content
    assert b"<script>alert" not in answer.content
