"""The files that are read: made up, the same each time."""

import csv
import io
import random
import zipfile
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

# fmt: off
_WORDS = (
    "order", "parcel", "invoice", "late", "broken", "refund", "thanks", "please", "when", "where", "account", "card",
    "password", "screen", "page", "shop", "delivery", "box", "colour", "size", "wrong", "missing", "twice", "again",
    "never", "always", "support", "answer", "week", "month", "street",
)
# fmt: on
_CLASSES = ("billing", "delivery", "login", "praise", "returns")
_SIDES = (720, 540)  # about 40 kB as JPEG: 50,000 make 2 GB
_AT_ONCE = 250


def write_csv(path: Path, count: int) -> None:
    """Rows with a text and a label."""
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(("text", "label"))
        writer.writerows(_sentences(count))


def write_xlsx(path: Path, count: int) -> None:
    """The same as a workbook of one sheet."""
    import xlsxwriter

    with xlsxwriter.Workbook(path, {"constant_memory": True}) as book:
        sheet = book.add_worksheet()
        for number, row in enumerate([("text", "label"), *_sentences(count)]):
            sheet.write_row(number, 0, row)


def write_zip(path: Path, count: int) -> None:
    """JPEGs in a folder for each class, stored as they are."""
    starts = range(0, count, _AT_ONCE)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive, ProcessPoolExecutor() as pool:
        for start, pictures in zip(starts, pool.map(_pictures, starts, [count] * len(starts)), strict=True):
            for number, content in enumerate(pictures, start):
                archive.writestr(f"{_CLASSES[number % 5]}/{number:06}.jpg", content)


def _sentences(count: int) -> Iterator[tuple[str, str]]:
    dice = random.Random(4)
    for number in range(count):
        yield (
            f"{' '.join(dice.choices(_WORDS, k=dice.randint(6, 24)))}, no. {number}",
            dice.choice(_CLASSES),
        )


def _pictures(start: int, count: int) -> list[bytes]:
    """Soft shapes under noise, each from another place of a large one and with another brightness."""
    import numpy as np
    from PIL import Image

    dice = np.random.default_rng(start)
    width, height = _SIDES
    large = Image.fromarray(dice.integers(0, 256, (9, 12, 3), dtype=np.uint8))
    shapes = np.asarray(large.resize((2 * width, 2 * height), Image.Resampling.BICUBIC), np.float32)
    noise = dice.normal(0, 17, (2 * height, 2 * width, 1))
    canvas = Image.fromarray((0.7 * shapes + noise + 30).clip(0, 255).astype(np.uint8))
    contents = []
    for _ in range(start, min(start + _AT_ONCE, count)):
        left, top = int(dice.integers(width)), int(dice.integers(height))
        lighter = float(dice.uniform(0.7, 1.3))
        picture = canvas.crop((left, top, left + width, top + height)).point(
            lambda value, by=lighter: value * by
        )
        content = io.BytesIO()
        picture.save(content, "JPEG", quality=30)
        contents.append(content.getvalue())
    return contents
