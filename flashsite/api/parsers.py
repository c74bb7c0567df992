"""A JSON parser that refuses what other parsers choke on."""

import json
import re
from collections.abc import Mapping
from typing import IO, Any, NoReturn

from rest_framework.exceptions import ParseError
from rest_framework.parsers import JSONParser

_MAX_DEPTH = 32
# Possessive, so that a body made to confuse it costs no more than one pass.
_STRING_OR_BRACKET = re.compile(r'"(?:[^"\\]++|\\.)*+"?|[\[\]{}]', re.DOTALL)


class StrictJSONParser(JSONParser):
    """UTF-8 JSON, no NaN or Infinity, at most 32 levels deep, no NUL characters."""

    def parse(
        self, stream: IO[Any], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> Any:
        try:
            text = stream.read().decode("utf-8")
        except UnicodeDecodeError as error:
            raise ParseError("The body is not UTF-8 text.") from error
        if "\\u0000" in text or "\0" in text:
            raise ParseError("The body contains NUL characters; remove them.")
        _refuse_depth(text)
        try:
            return json.loads(text, parse_constant=_refuse_constant)
        except (ValueError, RecursionError) as error:
            reason = error.msg if isinstance(error, json.JSONDecodeError) else str(error)
            raise ParseError(f"The body is not valid JSON: {reason}.") from error


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not a number that JSON knows")


def _refuse_depth(text: str) -> None:
    """Counts brackets outside strings, before the parser recurses into them."""
    if text.count("[") + text.count("{") <= _MAX_DEPTH:
        return
    depth = 0
    for match in _STRING_OR_BRACKET.finditer(text):
        first = match[0][0]
        if first in "[{":
            depth += 1
            if depth > _MAX_DEPTH:
                raise ParseError(f"The body is nested more than {_MAX_DEPTH} levels deep.")
        elif first in "]}":
            depth -= 1
