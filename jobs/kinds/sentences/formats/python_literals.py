"""Objects that Python's `str` or `repr` wrote, one by one; nothing is ever run."""

import ast
import re
import warnings
from collections.abc import Iterator
from typing import Any, TextIO

_CHUNK = 256 * 1024
_LONGEST = 20_000
# What opens, closes or hides brackets: strings are passed over as a whole.
_TOKEN = re.compile(r"""'(?:[^'\\]|\\.)*+'|"(?:[^"\\]|\\.)*+"|[\[\](){}]|['"]""", re.DOTALL)
_START = re.compile(r"[\s,]*")
NOTHING = object()


def literal(text: str) -> Any:
    """The value of a dictionary, list or tuple; NOTHING if the text is none, or far too long."""
    text = text.strip().rstrip(",")
    if not text.startswith(("{", "[", "(")) or len(text) > _LONGEST:
        return NOTHING
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ast.literal_eval(text)
    except (ValueError, SyntaxError, MemoryError, RecursionError, TypeError):
        return NOTHING


def elements(file: TextIO) -> Iterator[Any]:
    """The values in a list, each decoded alone; NOTHING for one that cannot be. Ends where the list or file ends."""
    buffer = file.read(_CHUNK).lstrip()[1:]
    while True:
        buffer = buffer[_START.match(buffer).end() :]  # type: ignore[union-attr]
        if not buffer:
            buffer = file.read(_CHUNK)
            if not buffer:
                return
            continue
        if buffer[0] not in "{[(":
            return
        end = _end(buffer)
        if end is None:
            more = file.read(_CHUNK)
            if not more or len(buffer) > _CHUNK + _LONGEST:
                yield NOTHING
                return
            buffer += more
            continue
        yield literal(buffer[:end])
        buffer = buffer[end:]


def _end(buffer: str) -> int | None:
    """Where the first value ends; None if that is not in here."""
    depth = 0
    for token in _TOKEN.finditer(buffer):
        found = token[0]
        if found in "{[(":
            depth += 1
        elif found in ")]}":
            depth -= 1
            if not depth:
                return token.end()
        elif len(found) == 1:  # a quotation mark without its other half
            return None
    return None
