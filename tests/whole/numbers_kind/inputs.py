"""See modelstore.prediction.contract."""

import math
from collections.abc import Sequence
from typing import Any

from modelstore.prediction.inputs import InputsInvalid, refused, type_words
from training.ground.limits import Limits

JSON_SCHEMA = {
    "type": "array",
    "items": {"type": "number"},
    "minItems": 2,
    "maxItems": 2,
    "description": "A pair of numbers.",
    "examples": [[1.5, 2]],
}
COST = ("numbers", "max_characters_per_request")
FILES = ""
FILES_HELP = ""
NO_FILES = 'This model classifies pairs of numbers: send JSON like {"inputs": [[1.5, 2]]}.'


def check_json(value: Any, index: int) -> None:
    if not isinstance(value, list):
        raise refused(InputsInvalid, index, f"is {type_words(value)}; this model takes lists of two numbers.")


def from_json(value: Any, index: int, limits: Limits) -> Any:
    return tuple(value)


def check(value: Any, index: int, name: str, limits: Limits) -> None:
    if len(value) != 2 or not all(isinstance(n, int | float) and math.isfinite(n) for n in value):
        raise refused(InputsInvalid, index, "is not two numbers.", name)


def cost(value: Any) -> int:
    return len(value)


def max_file_bytes(limits: Limits) -> int:
    return 0


def from_arguments(arguments: Sequence[str]) -> tuple[list[str], list[Any]]:
    return list(arguments), [tuple(float(part) for part in argument.split(",")) for argument in arguments]
