"""How a table of numbers is read."""

import csv
import math
from collections.abc import Iterator
from pathlib import Path

Pair = tuple[float, float]


def pair_of(cells: list[str]) -> Pair | None:
    """The numbers in the first two cells; None where they are none."""
    try:
        x, y = float(cells[0]), float(cells[1])
    except (ValueError, IndexError):
        return None
    return (x, y) if math.isfinite(x) and math.isfinite(y) else None


def rows_of(path: Path) -> Iterator[tuple[int, list[str]]]:
    """Number and cells of each row below the header."""
    with path.open(encoding="utf-8", newline="") as file:
        yield from list(enumerate(csv.reader(file), start=1))[1:]
