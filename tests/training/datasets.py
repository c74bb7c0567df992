"""Small data sets made on the spot: coloured shapes and sentences from templates, in three scripts."""

import csv
import io
import json
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageDraw

from tests.tasks import Task
from training.ground.control import Control
from training.ground.events import Events
from training.ground.machine import Machine
from training.ground.phases import Phases
from training.ground.recipe import resolve
from training.ground.run import Job

COLOURS = {"red": (200, 40, 40), "green": (40, 180, 60), "blue": (40, 60, 200)}
_WORDS = {
    "weather": ["rain is falling on the {}", "the sun shines on the {}", "snow and wind over the {}"],
    "food": ["we cooked soup in the {}", "fresh bread and cheese from the {}", "a sweet cake for the {}"],
}
_PLACES = ["town", "hill", "school", "harbour", "village", "market", "garden", "bridge"]
_CHINESE = {"weather": ["今天{}下大雨", "{}天气晴朗有风"], "food": ["在{}吃面包和汤", "{}的蛋糕很甜"]}
_CHINESE_PLACES = ["北京", "学校", "花园", "市场", "山上", "海边"]
_THAI = {"weather": ["วันนี้ฝนตกที่{}", "อากาศร้อนมากที่{}"], "food": ["กินข้าวอร่อยที่{}", "ซื้อขนมหวานจาก{}"]}
_THAI_PLACES = ["ตลาด", "โรงเรียน", "บ้าน", "สวน", "ทะเล", "เมือง"]
_LANGUAGES = {"en": (_WORDS, _PLACES), "zh": (_CHINESE, _CHINESE_PLACES), "th": (_THAI, _THAI_PLACES)}


def sentences(language: str = "en") -> list[tuple[str, str]]:
    """(sentence, label) pairs of two classes that a bag of words can tell apart."""
    templates, places = _LANGUAGES[language]
    return [(t.format(p), label) for label, forms in templates.items() for t in forms for p in places]


def picture(colour: tuple[int, int, int], seed: int, side: int = 48) -> Image.Image:
    """A noisy square with a disc of `colour`."""
    random = np.random.default_rng(seed)
    image = Image.fromarray(random.integers(90, 130, (side, side, 3), dtype=np.uint8))
    x, y = random.integers(4, side // 2, 2)
    ImageDraw.Draw(image).ellipse((x, y, x + side // 2, y + side // 2), fill=colour)
    return image


def encoded(image: Image.Image, kind: str = "PNG", **options: Any) -> bytes:
    """The picture as the bytes of a file."""
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def write_pictures(folder: Path, count: int = 8, classes: int = 3) -> None:
    """One folder per colour with `count` pictures each, under `folder`."""
    for name in list(COLOURS)[:classes]:
        (folder / name).mkdir(parents=True)
        for number in range(count):
            picture(COLOURS[name], number).save(folder / name / f"{number:03}.png")


def write_table(folder: Path, rows: list[tuple[str, str]]) -> None:
    """data.csv with the columns input and label."""
    folder.mkdir(parents=True)
    with (folder / "data.csv").open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([("input", "label"), *rows])


def text_run_dir(folder: Path, language: str = "en", **values: Any) -> Path:
    """RUN_DIR for a text training with the fields `values`; names of Recipe override what is resolved."""
    write_table(folder / "data", sentences(language))
    return _with_config(folder, Task.TEXT, values)


def picture_run_dir(folder: Path, count: int = 8, **values: Any) -> Path:
    """RUN_DIR for a picture training."""
    write_pictures(folder / "data", count)
    return _with_config(folder, Task.IMAGE, values)


def _with_config(folder: Path, task: Task, values: dict[str, Any]) -> Path:
    from training.ground.recipe import FIELDS

    asked = {name: value for name, value in values.items() if name in FIELDS}
    config = resolve(task, asked).to_json() | Machine(nice=0, threads=1).to_json()
    config |= {name: value for name, value in values.items() if name not in FIELDS}
    (folder / "config.json").write_text(json.dumps({"config": config, "task_name": "try"}), encoding="utf-8")
    return folder


def start(folder: Path, control: Control | None = None) -> tuple[Job, io.StringIO]:
    """A Job in this process and the stream that its events go to."""
    from training.ground.run import read_config

    recipe, machine, name = read_config(folder)
    stream = io.StringIO()
    return Job(
        folder=folder,
        recipe=recipe,
        machine=machine,
        task_name=name,
        events=Events(stream),
        control=control or Control(),
        phases=Phases(),
    ), stream


def told(stream: io.StringIO, kind: str) -> list[dict[str, Any]]:
    """The events of one kind."""
    events = [json.loads(line) for line in stream.getvalue().splitlines()]
    return [event for event in events if event["event"] == kind]
