"""Pairs of numbers as the graph takes them; goes along with bundles."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray


class NoPair(ValueError):
    """The input at `index` is not two numbers."""

    def __init__(self, index: int) -> None:
        super().__init__("it is no pair of numbers")
        self.index = index


def as_pair(index: int, pair: Sequence[Any]) -> tuple[float, float]:
    try:
        x, y = pair
        return float(x), float(y)
    except (TypeError, ValueError) as error:
        raise NoPair(index) from error


class Pairs:
    def batches(self, inputs: Sequence[Any], at_once: int) -> Iterator[tuple[list[int], NDArray[np.float32]]]:
        if inputs:
            pairs = [as_pair(index, pair) for index, pair in enumerate(inputs)]
            yield list(range(len(inputs))), np.array(pairs, np.float32)

    def to_json(self) -> dict[str, Any]:
        return {"kind": "numbers"}

    def files(self) -> Mapping[str, str]:
        return {}


def from_json(data: Mapping[str, Any], folder: Path) -> Pairs:
    return Pairs()
