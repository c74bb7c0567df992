"""Sentences for the programs of a bundle."""

import csv
import hashlib
import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

SAMPLES = "sentences"
FILES = False
LINES = True


def from_argument(text: str) -> str:
    """The sentence."""
    return text


def from_wire(value: Any) -> str:
    """A string."""
    if not isinstance(value, str):
        raise TypeError
    return value


def samples(data: Path) -> Iterator[tuple[str, Any]]:
    """Every cell of the table counts: which column has the sentences need not be known. Raises OSError, ValueError."""
    content = data.read_bytes()
    if b"\0" in content and not content.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise ValueError("it is not a table of text (CSV, TSV, JSON Lines); unpack a zip first")
    try:
        yield from _cells(data, content)
    except (csv.Error, AttributeError, UnicodeError, ValueError) as error:
        raise ValueError(f"it cannot be read as a table ({error})") from error


def _cells(data: Path, content: bytes) -> Iterator[tuple[str, Any]]:
    text = content.decode(_encoding(content), "replace")
    if data.suffix.lower() in (".jsonl", ".ndjson"):
        for line in filter(str.strip, text.splitlines()):
            yield from map(_keyed, json.loads(line).values())
        return
    first = text.splitlines()[0] if text else ""
    delimiter = max(",;\t|", key=first.count)
    csv.field_size_limit(2**31 - 1)
    for row in csv.reader(io.StringIO(text), delimiter=delimiter):
        yield from map(_keyed, row)


def _keyed(cell: Any) -> tuple[str, str]:
    sentence = str(cell).strip()
    return hashlib.sha256(" ".join(sentence.split()).encode("utf-8", "replace")).hexdigest(), sentence


def _encoding(content: bytes) -> str:
    if content[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return "utf-16"
    try:
        content.decode("utf-8")
    except UnicodeDecodeError:
        return "cp1252"
    return "utf-8-sig"
