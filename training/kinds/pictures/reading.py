"""Reads the pictures of RUN_DIR/data, by manifest or by folder."""

import csv
import json
from pathlib import Path

from training.bundle.manifest import sha256
from training.ground.errors import TrainingFailed
from training.ground.picture_formats import SUFFIXES
from training.ground.samples import ContentIds, Names, Samples, labelled

MANIFEST = "manifest.csv"
# File, label or labels, source, split, group.
_Row = tuple[str, Names, str, str, str]


def read_pictures(folder: Path) -> Samples[Path]:
    """Pictures of manifest.csv (file, label, source, and maybe split and group), or of one folder per class.

    Where the column is `labels`, a picture has a JSON list of them, which may be empty. Raises TrainingFailed.
    """
    manifest = folder / MANIFEST
    rows = _manifest_rows(manifest) if manifest.exists() else _folder_rows(folder)
    if not rows:
        raise TrainingFailed(
            "dataset_empty", "There are no pictures in the dataset. Upload at least two classes."
        )
    items = [folder / name for name, *_ in rows]
    places, splits, groups = ([str(row[i]) for row in rows] for i in (2, 3, 4))
    labels = [row[1] for row in rows]
    return labelled(items, places, labels, ContentIds(sha256), splits=splits, groups=groups)


def _manifest_rows(manifest: Path) -> list[_Row]:
    with manifest.open(encoding="utf-8", newline="") as file:
        rows: list[_Row] = [
            (
                row["file"],
                tuple(json.loads(row["labels"])) if "labels" in row else row["label"],
                row.get("source") or row["file"],
                row.get("split") or "",
                row.get("group") or "",
            )
            for row in csv.DictReader(file)
        ]
    for name, *_ in rows:
        if Path(name).is_absolute() or ".." in Path(name).parts:
            raise TrainingFailed("dataset_invalid", "The list of pictures names a file outside the dataset.")
    return rows


def _folder_rows(folder: Path) -> list[_Row]:
    found = (path for path in sorted(folder.glob("*/**/*")) if path.suffix.lower() in SUFFIXES)
    names = [path.relative_to(folder) for path in found if path.is_file()]
    return [(name.as_posix(), name.parts[0], name.as_posix(), "", "") for name in names]
