"""What the API's JSON parser takes and refuses."""

import io
import json

import pytest
from rest_framework.exceptions import ParseError

from flashsite.api.parsers import StrictJSONParser


def parse(body: bytes) -> object:
    return StrictJSONParser().parse(io.BytesIO(body))


@pytest.mark.parametrize("value", [{"inputs": ["[" * 100, '{"}\\"']}, [[[1]]], "text", None, {"a": "ü"}])
def test_it_takes_what_json_says(value: object) -> None:
    assert parse(json.dumps(value, ensure_ascii=False).encode()) == value


def test_many_flat_brackets_are_no_depth() -> None:
    value = {"inputs": [["[x]"] for _ in range(1000)]}
    assert parse(json.dumps(value).encode()) == value


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"[" * 100_000, "levels deep"),
        (b'{"a":' * 40 + b"1" + b"}" * 40, "levels deep"),
        (b'["\\"' + b"[" * 100_000, "not valid JSON"),
        (b"NaN", "NaN"),
        (b"[Infinity]", "Infinity"),
        (b"\xff", "UTF-8"),
        (b'"a\\u0000"', "NUL"),
        (b"[" + b"9" * 5000 + b"]", "not valid JSON"),
        (b"", "not valid JSON"),
    ],
)
def test_it_says_what_is_wrong(body: bytes, words: str) -> None:
    with pytest.raises(ParseError, match=words):
        parse(body)
