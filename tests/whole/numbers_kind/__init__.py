"""A kind of task from outside of Flash: tables of two columns of numbers and a class. It is all in this folder."""

from pathlib import Path
from types import MappingProxyType

from training.kinds import Kind, ModelSpec, Preset, Words

TASK = "numberclassification"
_HERE = "tests.whole.numbers_kind"

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
        right_form="The right form for numbers: a header and rows such as 1.5,2,left.",
        name_hint="irises",
        example="1.5,2",
        example_data="my-numbers.csv",
        tensor="numbers, float32 [N, 2]",
    ),
    models=(
        ModelSpec(
            name="line", title="Line", task=TASK, summary="A line between the classes.", parameters=0.0
        ),
    ),
    defaults=lambda preset, model, pretrained: {
        "model": "line",
        "pretrained": False,
        "optimizer": "adam",
        "learning_rate": 0.05,
        "batch_size": 16,
        "epochs": 5 if preset is Preset.QUICK else 10,
    },
    is_convex=lambda values: True,
    preset_words=MappingProxyType(dict.fromkeys(Preset, "Draws a line.")),
    rough_seconds=lambda recipe, samples: 0.001 * samples,
    read=f"{_HERE}.learning:read",
    fit=f"{_HERE}.learning:fit",
    restore=f"{_HERE}.learning:restore",
    preprocess=f"{_HERE}.preprocess",
    input_name="numbers",
    suffixes=(".numbers",),
    batch_formats=MappingProxyType({"numbers": "pairs in a table"}),
    uploads=f"{_HERE}.uploads",
    batches=f"{_HERE}.batches",
    inputs=f"{_HERE}.inputs",
    page=f"{_HERE}.page",
    standalone=f"{_HERE}.standalone",
    template_folder=str(Path(__file__).with_name("templates")),
)
