"""What Hugging Face's datasets writes: tables with names of classes, folders with splits, pictures."""

import io
import zipfile
from pathlib import Path

import datasets
from made_up import CLASSES, Expected, rows
from PIL import Image


def write(expected: Expected) -> None:
    made = rows()
    features = datasets.Features(
        {"text": datasets.Value("string"), "label": datasets.ClassLabel(names=list(CLASSES))}
    )
    columns = {"text": [text for text, _ in made], "label": [CLASSES.index(label) for _, label in made]}
    data = datasets.Dataset.from_dict(columns, features=features)
    numbers = [(text, str(CLASSES.index(label))) for text, label in made]
    data.to_parquet(expected.table("class_label.parquet", made))
    data.to_csv(expected.table("codes.csv", numbers))
    data.to_json(expected.table("codes.jsonl", numbers))
    names = data.cast_column("label", datasets.Value("string")).map(
        lambda row: {"label": CLASSES[int(row["label"])]}
    )
    names.to_csv(expected.table("names.csv", made))
    names.to_json(expected.table("names.jsonl", made))
    _folders(expected, made, data)
    _pictures(expected)


def _folders(expected, made, data) -> None:
    parts = data.train_test_split(test_size=0.25, seed=3)
    here = expected.folder / "work"
    parts.save_to_disk(here / "saved")
    _zip(here / "saved", expected.table("save_to_disk.zip", made, splits={"train": 90, "test": 30}))
    for name, part in parts.items():
        target = here / "hub" / "data" / f"{name}-00000-of-00001.parquet"
        target.parent.mkdir(parents=True, exist_ok=True)
        part.to_parquet(target)
        csv = here / "csv" / f"{name}.csv"
        csv.parent.mkdir(exist_ok=True)
        part.to_csv(csv)
    _zip(here / "hub", expected.table("hub.zip", made, splits={"train": 90, "test": 30}))
    numbers = [(text, str(CLASSES.index(label))) for text, label in made]
    _zip(here / "csv", expected.table("split_files.zip", numbers, splits={"train": 90, "test": 30}))


def _pictures(expected) -> None:
    names = ("disc", "square")
    pictures = [Image.new("RGB", (40, 40), (20 + number, 90, 200 - number)) for number in range(60)]
    data = datasets.Dataset.from_dict(
        {"image": pictures, "label": [number % 2 for number in range(60)]},
        features=datasets.Features(
            {"image": datasets.Image(), "label": datasets.ClassLabel(names=list(names))}
        ),
    )
    data.to_parquet(expected.refused("pictures.parquet", "sentences", "picture"))
    with zipfile.ZipFile(expected.pictures("imagefolder.zip", {"disc": 30, "square": 30}), "w") as archive:
        lines = ["file_name,label"]
        for number, picture in enumerate(pictures):
            content = io.BytesIO()
            picture.save(content, "PNG")
            archive.writestr(f"train/{number:04}.png", content.getvalue())
            lines.append(f"{number:04}.png,{names[number % 2]}")
        archive.writestr("train/metadata.csv", "\n".join(lines))


def _zip(folder: Path, target: Path) -> None:
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(folder.rglob("*")):
            if path.is_file():
                archive.write(path, path.relative_to(folder.parent))
