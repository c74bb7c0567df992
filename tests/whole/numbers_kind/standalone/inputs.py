"""Pairs of numbers for the programs of a bundle."""

import csv
import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

SAMPLES = "pairs of numbers"
FILES = False
LINES = True


def from_argument(text: str) -> tuple[float, ...]:
    return tuple(float(part) for part in text.split(","))


def from_wire(value: Any) -> tuple[float, ...]:
    if not isinstance(value, list):
        raise TypeError
    return tuple(float(part) for part in value)


def samples(data: Path) -> Iterator[tuple[str, Any]]:
    with data.open(newline="") as file:
        for x, y, _ in list(csv.reader(file))[1:]:
            pair = float(x), float(y)
            yield hashlib.sha256(f"{pair[0]},{pair[1]}".encode()).hexdigest(), pair
