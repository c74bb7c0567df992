"""Bad inputs to a model, as JSON and as pictures, by the short way and the long one: the same answer, never a 5xx."""

import io
import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from tests import bundles
from tests.flashsite.api.test_fast_predict import (
    Site,
    _keep_the_connection,
    pictures,
    request,
    same,
    sentences,
    site,
)
from tests.modelstore.conftest import _empty_memory_cache, publish

__all__ = ["_empty_memory_cache", "_keep_the_connection", "publish", "site"]
pytestmark = pytest.mark.django_db
_MANY = settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])


def _encoded(format: str, **options: Any) -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (30, 30), "red").save(buffer, format, **options)
    return buffer.getvalue()


def _turned() -> Image.Exif:
    """Turned to the right, taken in Greenwich."""
    exif = Image.Exif()
    exif[0x0112] = 6
    exif.get_ifd(0x8825)[1] = "N"
    return exif


def _frames() -> bytes:
    buffer = io.BytesIO()
    frames = [Image.new("RGB", (30, 30), colour) for colour in ("red", "blue")]
    frames[0].save(buffer, "GIF", save_all=True, append_images=frames[1:])
    return buffer.getvalue()


BODIES = [
    ("nested 100,000 deep", b'{"inputs": ' + b"[" * 100_000, 400),
    ("NaN", b'{"inputs": ["a"], "top_k": NaN}', 400),
    ("bad UTF-8", b'{"inputs": ["\xff\xfe"]}', 400),
    ("an integer of 5,000 digits", b'{"inputs": ["a"], "top_k": ' + b"9" * 5_000 + b"}", 400),
    ("a wrong type", b'{"inputs": 7}', 400),
    ("a list of lists", b'{"inputs": [["a"]]}', 400),
    ("an unknown field", b'{"inputs": ["a"], "colour": 1}', 400),
    ("no inputs", b'{"inputs": []}', 400),
    ("half a surrogate", b'{"inputs": ["\\ud800 great"]}', None),
    ("NUL in a text", b'{"inputs": ["great\\u0000fun"]}', 400),
    ("a sentence without letters", b'{"inputs": ["\\u200b\\u202e"]}', None),
    ("too many", json.dumps({"inputs": ["a"] * 1_001}).encode(), 413),
    ("too long", json.dumps({"inputs": ["a " * 70_000]}).encode(), 413),
]


@pytest.mark.parametrize(("body", "status"), [case[1:] for case in BODIES], ids=[case[0] for case in BODIES])
def test_sentences(site: Site, publish: Any, body: bytes, status: int | None) -> None:
    model = publish("text")
    same(site, sentences(model, "great"))
    found, _, problem = same(site, request(model, body, "application/json"))
    assert int(found[:3]) == status if status else found[0] in "24", problem
    assert found.startswith("200") or len(problem["detail"]) > 15


PICTURES = [
    ("SVG", bundles.SVG, 415),
    ("HTML", b"<html><script>alert(1)</script></html>", 415),
    ("EPS", b"%!PS-Adobe-3.0 EPSF-3.0\n", 415),
    ("PSD", b"8BPS\x00\x01" + bytes(40), 415),
    ("a damaged JPEG 2000", b"\x00\x00\x00\x0cjP  \r\n\x87\n" + bytes(60), 422),
    ("FITS", b"SIMPLE  =                    T" + b" " * 200, 415),
    ("a zip", b"PK\x03\x04" + bytes(60), 415),
    ("a pickle", b"\x80\x04\x95" + bytes(60), 415),
    ("nothing", b"", 400),
    ("a truncated JPEG", _encoded("JPEG")[:200], 422),
    ("a truncated PNG", _encoded("PNG")[:60], 422),
    ("several frames", _frames(), 200),
    ("a turned one with a place", _encoded("JPEG", exif=_turned()), 200),
]


@pytest.mark.parametrize(
    ("content", "status"), [case[1:] for case in PICTURES], ids=[case[0] for case in PICTURES]
)
def test_pictures(site: Site, publish: Any, content: bytes, status: int) -> None:
    model = publish()
    same(site, pictures(model, bundles.picture()))
    found, _, problem = same(site, pictures(model, content))
    assert int(found[:3]) == status, problem
    assert found.startswith("200") or len(problem["detail"]) > 15


def test_a_picture_of_too_many_pixels(site: Site, publish: Any) -> None:
    """A few kilobytes that would be hundreds of megabytes; the header tells it."""
    buffer = io.BytesIO()
    Image.new("1", (12_000, 12_000)).save(buffer, "PNG")
    model = publish()
    same(site, pictures(model, bundles.picture()))
    assert same(site, pictures(model, buffer.getvalue()))[0].startswith("413")


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=9), inner, max_size=4),
    max_leaves=12,
)


@_MANY
@given(
    body=st.fixed_dictionaries(
        {}, optional={"inputs": _JSON, "top_k": _JSON, "explain": _JSON, "more": _JSON}
    )
)
def test_whatever_json_is_answered_alike(site: Site, publish: Any, body: Any) -> None:
    _answered_alike(site, publish, json.dumps(body).encode(), "application/json")


@_MANY
@given(body=st.binary(max_size=300))
def test_whatever_bytes_are_answered_alike(site: Site, publish: Any, body: bytes) -> None:
    _answered_alike(site, publish, body or b" ", "application/json")


@_MANY
@given(
    name=st.text(max_size=20),
    file=st.text(max_size=20),
    content=st.binary(max_size=200),
    end=st.sampled_from([b"", b"--", b"\r\n--edge42--\r\n", b"\r\n--edge42\r\n"]),
)
def test_whatever_multipart_is_answered_alike(
    site: Site, publish: Any, name: str, file: str, content: bytes, end: bytes
) -> None:
    head = f'--edge42\r\nContent-Disposition: form-data; name="{name}"; filename="{file}"\r\n\r\n'
    body = head.encode("utf-8", "surrogatepass") + content + end
    _answered_alike(site, publish, body, "multipart/form-data; boundary=edge42", kind="image")


def _answered_alike(site: Site, publish: Any, body: bytes, content_type: str, kind: str = "text") -> None:
    model = _model(site, publish, kind)
    status, _, problem = same(site, request(model, body, content_type))
    assert status[0] in "24", problem
    assert status.startswith("200") or problem["detail"]


def _model(site: Site, publish: Any, kind: str) -> Any:
    """One for all examples of a test, which the short way knows."""
    known = getattr(site, "model", None)
    if known is None:
        known = site.model = publish(kind)  # type: ignore[attr-defined]
        same(site, sentences(known, "great") if kind == "text" else pictures(known, bundles.picture()))
    return known
