"""A kind of task that Flash does not know: two numbers and a class. Name `tests.numbers` in FLASH_KINDS."""

from collections.abc import Mapping
from typing import Any

from training.kinds import Kind, ModelSpec, Preset, Words

_HERE = "tests.numbers"
TASK = "numberclassification"


def _defaults(preset: Preset, model: str | None, pretrained: bool | None) -> dict[str, Any]:
    return {
        "model": model or "line",
        "pretrained": False,
        "optimizer": "adam",
        "learning_rate": 0.1,
        "batch_size": 32,
        "epochs": 5,
    }


def _is_convex(values: Mapping[str, Any]) -> bool:
    return True


def _rough_seconds(recipe: Mapping[str, Any], samples: int) -> float:
    return samples * 1e-6


KIND = Kind(
    task=TASK,
    name="numbers",
    slug="numbers",
    words=Words(
        title="Numbers",
        about="Sorts pairs of numbers into classes.",
        sample="pair",
        samples="pairs",
        unit="row",
        units="rows",
        upload="a table of numbers",
        name_hint="flowers",
        example='"1.5 2"',
        example_data="my-numbers.csv",
        tensor="numbers, float32 [N, 2]",
    ),
    models=(ModelSpec(name="line", title="Line", task=TASK, summary="A straight line between classes."),),
    defaults=_defaults,
    is_convex=_is_convex,
    preset_words=dict.fromkeys(Preset, "Draws a line."),
    rough_seconds=_rough_seconds,
    read=f"{_HERE}.training:read",
    fit=f"{_HERE}.training:fit",
    restore=f"{_HERE}.training:restored",
    preprocess=f"{_HERE}.preprocess",
    input_name="numbers",
    suffixes=(".csv",),
)
