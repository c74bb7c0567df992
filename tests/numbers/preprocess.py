"""How a pair of numbers, written as text, becomes what the graph takes; stands alone."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray


class NoNumbers(ValueError):
    """The text is no pair of numbers; `index` says which of several."""

    def __init__(self, reason: str, index: int) -> None:
        super().__init__(reason)
        self.index = index


class Preprocess:
    """Texts such as "1.5 2" to float32 [n, 2]."""

    def batches(self, inputs: Sequence[str], at_once: int) -> Iterator[tuple[list[int], NDArray[np.float32]]]:
        for place, text in enumerate(inputs):
            try:
                first, second = (float(word) for word in str(text).split())
            except ValueError as error:
                raise NoNumbers("it is no pair of numbers", place) from error
            yield [place], np.array([[first, second]], np.float32)

    def files(self) -> dict[str, str]:
        return {}

    def to_json(self) -> dict[str, Any]:
        return {"kind": "numbers"}


def from_json(data: Mapping[str, Any], folder: Path) -> Preprocess:
    return Preprocess()
