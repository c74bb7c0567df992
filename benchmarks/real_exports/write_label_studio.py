"""What Label Studio's own converter makes of annotated tasks: text and pictures, with choices, spans and boxes."""

import io
import json
import zipfile

from label_studio_sdk.converter import Converter
from made_up import CLASSES, Expected, rows
from PIL import Image

_TEXT = """<View><Text name="text" value="$text"/><Choices name="kind" toName="text" choice="{choice}">
{options}</Choices></View>"""
_OPTIONS = "".join(f'<Choice value="{name}"/>' for name in CLASSES)
_PICTURE = """<View><Image name="image" value="$image"/><Choices name="kind" toName="image">
<Choice value="disc"/><Choice value="square"/></Choices></View>"""
_FORMS = (("JSON", "json"), ("JSON_MIN", "json"), ("CSV", "csv"), ("TSV", "tsv"))


def write(expected: Expected) -> None:
    made = rows()
    tasks = [_task(number, {"text": text}, "text", [label]) for number, (text, label) in enumerate(made)]
    _convert(expected, _TEXT.format(choice="single", options=_OPTIONS), tasks, "single", made)

    doubted = json.loads(json.dumps(tasks))
    for number, task in enumerate(doubted):
        wrong = made[number][1] if number % 4 else CLASSES[(CLASSES.index(made[number][1]) + 1) % 3]
        task["predictions"] = [{"model_version": "m1", "result": [_choice("text", [wrong])], "score": 0.5}]
    whole = expected.table("with_predictions.json", made)
    whole.write_text(json.dumps(doubted))

    left = [row for number, row in enumerate(made) if number % 6]
    skipped = json.loads(json.dumps(tasks))
    for task in skipped[::6]:
        task["annotations"][0] |= {"was_cancelled": True, "result": []}
    expected.table("with_skipped.json", left).write_text(json.dumps(skipped))

    several = [
        _task(number, {"text": text}, "text", sorted({label, "login"}))
        for number, (text, label) in enumerate(made)
    ]
    config = _TEXT.format(choice="multiple", options=_OPTIONS)
    for form, suffix in _FORMS:
        path = expected.sets(f"several_{form}.{suffix}", [sorted({label, "login"}) for _, label in made])
        _converted(config, several, form, path)
    _pictures(expected)


def _task(number: int, data: dict, to: str, choices: list[str]) -> dict:
    return {
        "id": number,
        "data": data,
        "annotations": [
            {"id": number, "completed_by": 1, "was_cancelled": False, "result": [_choice(to, choices)]}
        ],
        "predictions": [],
    }


def _choice(to: str, choices: list[str]) -> dict:
    return {"id": "a", "from_name": "kind", "to_name": to, "type": "choices", "value": {"choices": choices}}


def _convert(expected, config: str, tasks: list[dict], name: str, made) -> None:
    expected.table(f"{name}_raw.json", made).write_text(json.dumps(tasks))
    for form, suffix in _FORMS:
        _converted(config, tasks, form, expected.table(f"{name}_{form}.{suffix}", made))


def _converted(config: str, tasks: list[dict], form: str, path) -> None:
    source = path.parent / "source" / path.name
    source.mkdir(parents=True)
    (source / "tasks.json").write_text(json.dumps(tasks))
    target = path.parent / "made" / path.name
    target.mkdir(parents=True)
    out = target / "result.csv" if form in ("CSV", "TSV") else target
    Converter(config, str(target)).convert(str(source), str(out), form)
    (made,) = [found for found in target.rglob("*") if found.is_file()]
    made.rename(path)


def _pictures(expected) -> None:
    names = [f"upload-{number:03}.jpg" for number in range(40)]
    tasks = [
        _task(number, {"image": f"/data/upload/1/{name}"}, "image", [("disc", "square")[number % 2]])
        for number, name in enumerate(names)
    ]
    for form, suffix in _FORMS:
        listed = expected.folder / f"pictures.{form}"
        _converted(_PICTURE, tasks, form, listed)
        path = expected.pictures(f"pictures_{form}.zip", {"disc": 20, "square": 20})
        with zipfile.ZipFile(path, "w") as archive:
            archive.write(listed, f"result.{suffix}")
            for number, name in enumerate(names):
                content = io.BytesIO()
                Image.new("RGB", (48, 40), (number, 90, 3 * number)).save(content, "JPEG")
                archive.writestr(f"images/{name}", content.getvalue())
        if form == "CSV":
            alone = expected.refused("pictures_alone.csv", "sentences", "picture")
            alone.write_bytes(listed.read_bytes())
