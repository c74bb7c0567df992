"""Shards that webdataset writes, of sentences and of pictures."""

import io

import webdataset
from made_up import CLASSES, Expected, rows
from PIL import Image


def write(expected: Expected) -> None:
    made = rows()
    path = expected.table("sentences.tar", made, or_refused="tar")
    with webdataset.TarWriter(str(path)) as shard:
        for number, (text, label) in enumerate(made):
            shard.write({"__key__": f"{number:05}", "txt": text, "json": {"label": label}})
    numbers = [(text, str(CLASSES.index(label))) for text, label in made]
    path = expected.table("sentences_cls.tar", numbers, or_refused="tar")
    with webdataset.TarWriter(str(path)) as shard:
        for number, (text, label) in enumerate(made):
            shard.write({"__key__": f"{number:05}", "txt": text, "cls": CLASSES.index(label)})
    path = expected.pictures("pictures.tar", {"0": 20, "1": 20}, or_refused="tar")
    with webdataset.TarWriter(str(path)) as shard:
        for number in range(40):
            content = io.BytesIO()
            Image.new("RGB", (40, 32), (number, 80, 4 * number)).save(content, "PNG")
            shard.write({"__key__": f"{number:05}", "png": content.getvalue(), "cls": number % 2})
