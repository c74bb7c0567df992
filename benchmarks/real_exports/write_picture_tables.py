"""Pictures as datasets, polars, numpy and Pillow leave them: in cells, in arrays, in folders with a list."""

import io
import zipfile

import datasets
import numpy as np
import polars as pl
from made_up import Expected
from PIL import Image, ImageDraw

_NAMES = ("disc", "square")


def write(expected: Expected) -> None:
    pictures = [_picture(number) for number in range(60)]
    contents = [_png(picture) for picture in pictures]
    labels = [_NAMES[number % 2] for number in range(60)]
    frame = pl.DataFrame({"image": contents, "label": labels})
    frame.write_parquet(expected.refused("bytes_as_sentences.parquet", "sentences", "picture"))
    parts = datasets.Dataset.from_dict(
        {"image": pictures, "label": [number % 2 for number in range(60)]},
        features=datasets.Features(
            {"image": datasets.Image(), "label": datasets.ClassLabel(names=list(_NAMES))}
        ),
    )
    counts = {"disc": 30, "square": 30}
    parts.to_parquet(expected.pictures("pictures.parquet", counts, or_refused="Parquet|picture"))
    with zipfile.ZipFile(
        expected.pictures("parquet.zip", counts, or_refused="Parquet|picture"), "w"
    ) as archive:
        target = io.BytesIO()
        parts.to_parquet(target)
        archive.writestr("data/train-00000-of-00001.parquet", target.getvalue())
    arrays = np.stack([np.asarray(picture) for picture in pictures])
    np.savez(
        expected.refused("arrays.npz", "pictures", "NumPy|npy"),
        x=arrays,
        y=np.array([number % 2 for number in range(60)]),
    )
    _listed(expected, contents, labels, counts)
    _several(expected, contents)


def _listed(expected, contents, labels, counts) -> None:
    """Paths in a table beside the pictures, as scripts write it; and the table alone, taken for sentences."""
    paths = [f"images/{number:03}.png" for number in range(60)]
    listed = pl.DataFrame({"path": paths, "label": labels})
    listed.write_csv(expected.refused("paths_alone.csv", "sentences", "pictures"))
    for name, text in (
        ("labels.csv", listed.write_csv()),
        ("labels.tsv", listed.write_csv(separator="\t", include_header=False)),
        ("labels.jsonl", listed.write_ndjson()),
    ):
        target = expected.pictures(f"listed_{name.replace('.', '_')}.zip", counts)
        with zipfile.ZipFile(target, "w") as archive:
            for path, content in zip(paths, contents, strict=True):
                archive.writestr(path, content)
            archive.writestr(name, text)


def _several(expected, contents) -> None:
    flags = pl.DataFrame(
        {
            "filename": [f"{number:03}.png" for number in range(60)],
            "round": [int(number % 2 == 0) for number in range(60)],
            "dark": [int(number % 3 == 0) for number in range(60)],
        }
    )
    path = expected.refused("several_labels.zip", "pictures", "several labels")
    with zipfile.ZipFile(path, "w") as archive:
        for number, content in enumerate(contents):
            archive.writestr(f"{number:03}.png", content)
        archive.writestr("labels.csv", flags.write_csv())


def _picture(number: int) -> Image.Image:
    picture = Image.new("RGB", (40, 40), (20 + number, 90, 200 - number))
    draw = ImageDraw.Draw(picture)
    (draw.ellipse if number % 2 == 0 else draw.rectangle)((8, 8, 30, 30 - number % 5), fill=(250, 250, 40))
    return picture


def _png(picture: Image.Image) -> bytes:
    content = io.BytesIO()
    picture.save(content, "PNG")
    return content.getvalue()
