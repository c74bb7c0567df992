"""The quick reader of forms agrees with Django's, or declines."""

import io
from typing import Any

import pytest
from django.core.files.uploadhandler import MemoryFileUploadHandler
from django.http.multipartparser import MultiPartParser, MultiPartParserError
from hypothesis import given
from hypothesis import strategies as st

from modelstore.ground import plain_multipart

EDGE = "----edge42"
TYPE = f"multipart/form-data; boundary={EDGE}"


def form(*parts: tuple[bytes, bytes], end: bytes = b"--\r\n") -> bytes:
    edge = b"--" + EDGE.encode()
    return b"".join(edge + b"\r\n" + head + b"\r\n\r\n" + body + b"\r\n" for head, body in parts) + edge + end


FILE = b'Content-Disposition: form-data; name="image"; filename="a.jpg"\r\nContent-Type: image/jpeg'
FIELD = b'Content-Disposition: form-data; name="top_k"'


def djangos(content_type: str, body: bytes) -> list[tuple[str, str | None, bytes]]:
    meta = {"CONTENT_TYPE": content_type, "CONTENT_LENGTH": str(len(body))}
    handlers: list[Any] = [MemoryFileUploadHandler()]
    fields, files = MultiPartParser(meta, io.BytesIO(body), handlers, "utf-8").parse()
    found = [(name, file.name, file.read()) for name, many in files.lists() for file in many]
    return found + [(name, None, value.encode()) for name, many in fields.lists() for value in many]


def test_it_reads_files_and_fields() -> None:
    parts = plain_multipart.read(TYPE, form((FILE, b"\xff\xd8 picture\r\n--"), (FIELD, b"3")))
    assert parts is not None
    assert [(part.name, part.filename, part.content) for part in parts] == [
        ("image", "a.jpg", b"\xff\xd8 picture\r\n--"),
        ("top_k", None, b"3"),
    ]


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("multipart/form-data", form((FIELD, b"3"))),
        (TYPE + "; charset=latin-1", form((FIELD, b"3"))),
        ("application/json", b"{}"),
        (TYPE, b"preamble\r\n" + form((FIELD, b"3"))),
        (TYPE, form((FIELD, b"3"), end=b"--\r\nepilogue")),
        (TYPE, form((FIELD, b"3"), end=b"")),
        (TYPE, form((FIELD, b"3"))[:20]),
        (TYPE, form((FIELD + b"\r\nContent-Transfer-Encoding: base64", b"Mw=="))),
        (TYPE, form((FIELD + b"\r\nContent-Type: text/plain; charset=utf-16", b"3"))),
        (TYPE, form((FILE.replace(b"a.jpg", b"..\\a.jpg"), b"x"))),
        (TYPE, form((FILE.replace(b"a.jpg", b"%22.jpg"), b"x"))),
        (TYPE, form((FILE.replace(b"filename=", b"filename*="), b"x"))),
        (TYPE, form((FIELD + b"\r\n" + FIELD, b"3"))),
        (TYPE, form((b"X: y", b"3"))),
        (TYPE, form(*[(FIELD, b"3")] * 70)),
    ],
)
def test_it_declines_what_is_unusual(content_type: str, body: bytes) -> None:
    assert plain_multipart.read(content_type, body) is None


@given(
    st.lists(
        st.tuples(st.sampled_from([FILE, FIELD, FIELD + b" ", FILE + b"; x=y", b""]), st.binary(max_size=30)),
        max_size=4,
    ),
    st.binary(max_size=4),
)
def test_what_it_reads_django_reads_alike(parts: list[tuple[bytes, bytes]], tail: bytes) -> None:
    body = form(*parts) + tail
    found = plain_multipart.read(TYPE, body)
    if found is None:
        return
    ours = [(part.name, part.filename, part.content) for part in found]
    try:
        theirs = djangos(TYPE, body)
    except MultiPartParserError:
        raise AssertionError(f"Django refuses what was read: {body!r}") from None
    files = [one for one in ours if one[1] is not None]
    # Django decodes fields as text.
    fields = [(n, f, content.decode("utf-8", "replace").encode()) for n, f, content in ours if f is None]
    assert files + fields == theirs
