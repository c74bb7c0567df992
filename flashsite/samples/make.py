"""Draws shapes.zip and writes messages.csv, the same bytes each time: python -m flashsite.samples.make"""

import csv
import io
import math
import random
import zipfile

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from flashsite.samples import FOLDER
from flashsite.samples.messages import messages

SEED = 2024
PICTURES_PER_CLASS = 40
MESSAGES = 400
SIDE = 112
_CORNERS = {"circle": 0, "square": 4, "star": 10, "triangle": 3}


def draw(shape: str, dice: random.Random) -> Image.Image:
    """One shape of any colour, size and turn on a noisy, shaded ground: RGB, SIDE pixels square."""
    picture = _ground(dice)
    colour = tuple(dice.randint(20, 235) for _ in range(3))
    while _contrast(colour, picture) < 60:
        colour = tuple(dice.randint(0, 255) for _ in range(3))
    ImageDraw.Draw(picture).polygon(_outline(shape, dice), fill=colour)
    noise = np.random.default_rng(dice.getrandbits(32)).normal(0, dice.uniform(6, 18), (SIDE, SIDE, 1))
    pixels = np.asarray(picture.filter(ImageFilter.GaussianBlur(dice.uniform(0.3, 1.1))), np.float32)
    return Image.fromarray(np.clip(pixels + noise, 0, 255).astype(np.uint8))


def _ground(dice: random.Random) -> Image.Image:
    first, second = (np.array([dice.randint(30, 225) for _ in range(3)], np.float32) for _ in range(2))
    mix = np.linspace(0, 1, SIDE, dtype=np.float32)
    pixels = first + (second - first) * 0.4 * (
        mix[:, None, None] if dice.random() < 0.5 else mix[None, :, None]
    )
    return Image.fromarray(np.broadcast_to(pixels, (SIDE, SIDE, 3)).astype(np.uint8))


def _contrast(colour: tuple[int, ...], picture: Image.Image) -> float:
    middle = picture.resize((1, 1)).getpixel((0, 0))
    assert isinstance(middle, tuple)
    return math.dist(colour, middle)


def _outline(shape: str, dice: random.Random) -> list[tuple[float, float]]:
    radius = dice.uniform(0.2, 0.42) * SIDE
    x, y = (dice.uniform(radius, SIDE - radius) for _ in range(2))
    turn, squeeze = dice.uniform(0, math.tau), dice.uniform(0.85, 1.0)
    count = _CORNERS[shape] or 72
    points = []
    for index in range(count):
        length = radius * (0.42 if shape == "star" and index % 2 else 1.0)
        angle = turn + math.tau * index / count
        points.append((x + length * math.cos(angle), y + length * squeeze * math.sin(angle)))
    return points


def shapes_zip() -> bytes:
    """The zip: one folder per shape, JPEG, with fixed times."""
    dice = random.Random(SEED)  # noqa: S311 - pictures, not secrets
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        for shape in _CORNERS:
            for number in range(1, PICTURES_PER_CLASS + 1):
                picture = io.BytesIO()
                draw(shape, dice).save(picture, "JPEG", quality=60, optimize=True)
                name = zipfile.ZipInfo(f"{shape}/{shape}-{number:02d}.jpg", (2024, 1, 1, 0, 0, 0))
                archive.writestr(name, picture.getvalue())
    return buffer.getvalue()


def messages_csv() -> bytes:
    """The table, header `input,label`."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["input", "label"])
    writer.writerows(messages(MESSAGES, random.Random(SEED)))  # noqa: S311
    return text.getvalue().encode()


if __name__ == "__main__":
    (FOLDER / "shapes.zip").write_bytes(shapes_zip())
    (FOLDER / "messages.csv").write_bytes(messages_csv())
