"""Tiny datasets that no two jobs share: each has classes of its own, so that an answer tells whose model gave it."""

import csv
import io
import zipfile
from random import Random

from PIL import Image, ImageDraw

TEXT, PICTURES = "textclassification", "imageclassification"

_TOPICS = {
    "weather": ["rain", "sun", "snow", "wind", "storm", "cloud", "fog", "hail"],
    "food": ["bread", "soup", "rice", "cake", "apple", "cheese", "salad", "plum"],
    "travel": ["train", "ticket", "airport", "ferry", "luggage", "hotel", "map", "visa"],
}
_COLOURS = {"red": (200, 30, 30), "blue": (30, 30, 200), "green": (30, 170, 40)}
_SIDE = 40


def labels(task: str, index: int) -> tuple[str, ...]:
    """The classes of the job with this index; no other job has one of them."""
    names = list(_TOPICS if task == TEXT else _COLOURS)[: 2 + index % 2]
    return tuple(f"{name}{index}" for name in names)


def sentence(topic: str, rng: Random) -> str:
    first, second = rng.sample(_TOPICS[topic], 2)
    return f"today there is {first} and {second}, {rng.randrange(1000)} times"


def sentences(count: int, rng: Random) -> list[str]:
    """Of any topic."""
    return [sentence(rng.choice(list(_TOPICS)), rng) for _ in range(count)]


def table(index: int, rows: int) -> bytes:
    """A CSV to learn from."""
    rng = Random(f"table {index}")
    out = io.StringIO(newline="")
    lines = csv.writer(out)
    lines.writerow(["input", "label"])
    for _ in range(rows):
        for label in labels(TEXT, index):
            lines.writerow([sentence(label.rstrip("0123456789"), rng), label])
    return out.getvalue().encode()


def unlabelled_table(texts: list[str]) -> bytes:
    """A CSV to predict."""
    out = io.StringIO(newline="")
    csv.writer(out).writerows([["input"], *([text] for text in texts)])
    return out.getvalue().encode()


def picture(colour: str, rng: Random) -> bytes:
    image = Image.new("RGB", (_SIDE, _SIDE), _COLOURS[colour])
    left, top = rng.randrange(_SIDE // 2), rng.randrange(_SIDE // 2)
    shade = tuple(rng.randrange(256) for _ in range(3))
    ImageDraw.Draw(image).ellipse((left, top, left + 16, top + 16), fill=shade)
    image.save(data := io.BytesIO(), "PNG")
    return data.getvalue()


def pictures(count: int, rng: Random) -> list[bytes]:
    """Of any colour."""
    return [picture(rng.choice(list(_COLOURS)), rng) for _ in range(count)]


def folders(index: int, each: int) -> bytes:
    """A zip with a folder for each class, to learn from."""
    rng = Random(f"folders {index}")
    return _zip(
        {
            f"{label}/{number}.png": picture(label.rstrip("0123456789"), rng)
            for label in labels(PICTURES, index)
            for number in range(each)
        }
    )


def flat_zip(images: list[bytes]) -> bytes:
    """A zip to predict; names tell the place."""
    return _zip({f"{number:05}.png": image for number, image in enumerate(images)})


def _zip(entries: dict[str, bytes]) -> bytes:
    with zipfile.ZipFile(data := io.BytesIO(), "w") as archive:
        for name, content in entries.items():
            archive.writestr(zipfile.ZipInfo(name), content)
    return data.getvalue()
