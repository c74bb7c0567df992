"""Pairs of numbers as the graph takes them; goes along with bundles."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray


class NotAPair(ValueError):
    def __init__(self, index: int) -> None:
        super().__init__("it is not two numbers")
        self.index = index


class Pairs:
    def batches(self, inputs: Sequence[Any], at_once: int) -> Iterator[tuple[list[int], NDArray[np.float32]]]:
        for place, pair in enumerate(inputs):
            if len(pair) != 2:
                raise NotAPair(place)
        if inputs:
            yield list(range(len(inputs))), np.array([list(pair) for pair in inputs], np.float32)

    def to_json(self) -> dict[str, Any]:
        return {"kind": "numbers"}

    def files(self) -> Mapping[str, str]:
        return {}


def from_json(data: Mapping[str, Any], folder: Path) -> Pairs:
    return Pairs()
