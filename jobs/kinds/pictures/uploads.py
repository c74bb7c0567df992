"""Uploads of pictures, see `jobs.uploads.contract`."""

import csv
import hashlib
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from jobs.kinds.pictures.findings import PictureFindings
from jobs.kinds.pictures.options import PictureOptions
from jobs.uploads.reading_options import ReadingOption
from training.ground.limits import Limits

READ_AGAIN = True
OPTIONS: tuple[ReadingOption, ...] = ()
LIBRARIES = (
    "jobs.kinds.pictures.zip_of_pictures",
    "PIL.JpegImagePlugin",
    "PIL.PngImagePlugin",
    "PIL.GifImagePlugin",
)


def inspect(path: Path, name: str, limits: Limits, options: Mapping[str, Any]) -> PictureFindings:
    """See the contract; `options` are those of `PictureOptions`."""
    # Here, because it needs Pillow: the web starts without.
    from jobs.kinds.pictures.zip_of_pictures import inspect_pictures

    return inspect_pictures(path, limits, PictureOptions.from_json(options))


def unpack(path: Path, name: str, data: Path, limits: Limits, options: Mapping[str, Any]) -> None:
    """Pictures and manifest.csv (file, label, source, and where given split and group)."""
    from jobs.kinds.pictures.zip_of_pictures import unpack_pictures

    unpack_pictures(path, data, limits, PictureOptions.from_json(options))


def merge(parts: Sequence[Path], folder: Path) -> Path:
    """A zip with a folder for each class."""
    target = folder / "merged.zip"
    seen: set[bytes] = set()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as archive:
        for number, (path, label) in enumerate(_pictures(parts)):
            content = path.read_bytes()
            digest = hashlib.sha256(content + label.encode()).digest()
            if digest not in seen:
                seen.add(digest)
                archive.writestr(f"{label}/{number:06}{path.suffix}", content)
    return target


def _pictures(parts: Sequence[Path]) -> Iterator[tuple[Path, str]]:
    for part in parts:
        with (part / "manifest.csv").open(encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file):
                yield part / row["file"], row["label"]
