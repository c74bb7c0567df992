"""What Datumaro writes of pictures with one class each, with two splits, and of pictures with boxes."""

import zipfile

import datumaro as dm
import numpy as np
from datumaro.components.media import Image
from made_up import Expected

_LABELS = ("disc", "square")
_COUNTS = {"disc": 30, "square": 30}
# With one class a picture; of the others Datumaro writes boxes or masks.
_CLASSES = (
    "cifar",
    "datumaro",
    "imagenet",
    "imagenet_txt",
    "imagenet_with_subset_dirs",
    "mnist",
    "voc_classification",
    "image_dir",
    "mnist_csv",
)
_BOXES = (
    "coco_instances",
    "cvat",
    "voc_detection",
    "yolo",
    "yolo_ultralytics",
    "datumaro",
    "kitti_detection",
)


def write(expected: Expected) -> None:
    for form in _CLASSES:
        data = _data(boxes=False, side=32 if form == "cifar" else 28 if form.startswith("mnist") else 40)
        name = f"classes_{form}.zip"
        folder = expected.folder / "work" / form
        data.export(str(folder), form, save_media=True)
        if form == "image_dir":
            path = expected.refused(name, "pictures", "class|label")
        elif form in ("cifar", "mnist", "mnist_csv"):
            path = expected.pictures(name, _COUNTS, or_refused="CIFAR|MNIST|pickle")
        else:
            path = expected.pictures(name, _COUNTS)
        _zip(folder, path)
    for form in _BOXES:
        folder = expected.folder / "work" / f"boxes_{form}"
        _data(boxes=True, side=40).export(str(folder), form, save_media=True)
        _zip(folder, expected.pictures(f"boxes_{form}.zip", _COUNTS, or_refused="box"))


def _data(*, boxes: bool, side: int) -> dm.Dataset:
    dice = np.random.default_rng(5)
    items = []
    for number in range(60):
        pixels = dice.integers(0, 255, (side, side, 3), np.uint8)
        label = number % 2
        mark = dm.Bbox(4, 5, 12, 14, label=label, id=number, group=number) if boxes else dm.Label(label)
        items.append(
            dm.DatasetItem(
                id=f"p{number:03}", subset="train" if number < 45 else "val",
                media=Image.from_numpy(data=pixels), annotations=[mark], attributes={"id": number + 1},
            )
        )  # fmt: skip
    return dm.Dataset.from_iterable(items, categories=list(_LABELS))


def _zip(folder, target) -> None:
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(folder.rglob("*")):
            if path.is_file():
                archive.write(path, path.relative_to(folder))
