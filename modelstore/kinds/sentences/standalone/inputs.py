"""Sentences for the programs of a bundle."""

import csv
import hashlib
import io
import json
from collections.abc import Collection, Iterator
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
    for row in _rows(data):
        yield from map(_keyed, row)


def labelled(data: Path, classes: Collection[str]) -> Iterator[tuple[str, str]]:
    """(class, sentence) of each row with one of the classes.

    Its column is the one that has most of them, unless the first row names one `label`; that of the sentences is the
    one with the longest cells, unless one is named `input`.
    """
    rows = [[str(cell).strip() for cell in row] for row in _rows(data)]
    width = max(map(len, rows), default=0)
    columns = [[row[place] if place < len(row) else "" for row in rows] for place in range(width)]
    if width < 2:
        return
    names = [column[0].casefold() for column in columns]
    known = [sum(cell in classes for cell in column) for column in columns]
    label = names.index("label") if "label" in names else known.index(max(known))
    lengths = [-1 if place == label else sum(map(len, column)) for place, column in enumerate(columns)]
    text = names.index("input") if "input" in names else lengths.index(max(lengths))
    yield from (
        (name, sentence)
        for name, sentence in zip(columns[label], columns[text], strict=True)
        if name in classes and sentence
    )


def _rows(data: Path) -> Iterator[list[Any]]:
    """The cells of each row; of JSON lines those of all keys, each in its own place."""
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
        lines = [json.loads(line) for line in filter(str.strip, text.splitlines())]
        names = list(dict.fromkeys(name for line in lines for name in line))
        yield from ([names] if names else [])
        yield from ([line.get(name, "") for name in names] for line in lines)
        return
    first = text.splitlines()[0] if text else ""
    delimiter = max(",;\t|", key=first.count)
    csv.field_size_limit(2**31 - 1)
    yield from csv.reader(io.StringIO(text), delimiter=delimiter)


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
