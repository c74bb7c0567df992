"""See jobs.batches.child.contract."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from jobs.batches.child.items import Item, Source
from jobs.batches.child.order import Order
from tests.whole.numbers_kind.table import pair_of, rows_of
from training.ground.limits import Limits

AT_ONCE = 64


class Rows(Source):
    columns: tuple[str, ...] = ("row", "x", "y")

    def __init__(self, path: Path) -> None:
        self._rows = list(rows_of(path))
        self.total = len(self._rows)

    def items(self, start: int) -> Iterator[Item]:
        for number, cells in self._rows[start:]:
            x, y = [*cells, "", ""][:2]
            pair = pair_of(cells)
            yield Item(
                {"row": number, "x": x, "y": y}, pair, "" if pair else "There are no two numbers in it."
            )


def look(path: Path, name: str, limits: Limits, options: Mapping[str, Any]) -> tuple[str, int | None]:
    return "numbers", Rows(path).total


def open_source(order: Order, folder: Path) -> Source:
    return Rows(Path(order.upload))
