"""Uploads of pictures, see `jobs.uploads.contract`."""

import csv
import hashlib
import io
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from jobs.kinds.pictures.findings import PictureFindings
from jobs.kinds.pictures.options import OPTIONS, PictureOptions
from jobs.kinds.pictures.stored import CONTENT, preview, stored_columns, stored_samples, write_samples
from training.ground.limits import Limits

__all__ = [
    "CONTENT",
    "LIBRARIES",
    "MERGED",
    "OPTIONS",
    "READ_AGAIN",
    "check_options",
    "inspect",
    "merge",
    "preview",
    "samples",
    "stored_columns",
    "stored_samples",
    "unpack",
    "write_samples",
]

READ_AGAIN = True
MERGED: dict[str, Any] = {}
LIBRARIES = (
    "jobs.kinds.pictures.zip_of_pictures",
    "PIL.JpegImagePlugin",
    "PIL.PngImagePlugin",
    "PIL.GifImagePlugin",
)


def check_options(options: Mapping[str, Any]) -> None:
    """See the contract."""
    PictureOptions.from_json(options)


def inspect(path: Path, name: str, limits: Limits, options: Mapping[str, Any]) -> PictureFindings:
    """See the contract; `options` are those of `PictureOptions`."""
    # Here, because it needs Pillow: the web starts without.
    from jobs.kinds.pictures.zip_of_pictures import inspect_pictures

    return inspect_pictures(path, limits, PictureOptions.from_json(options))


def unpack(
    path: Path, name: str, data: Path, limits: Limits, options: Mapping[str, Any], seen: str = ""
) -> None:
    """Pictures and manifest.csv (file, label, source, and where given split and group)."""
    from jobs.kinds.pictures.zip_of_pictures import unpack_pictures

    unpack_pictures(path, data, limits, PictureOptions.from_json(options), seen)


def samples(
    path: Path, name: str, limits: Limits, options: Mapping[str, Any], label: str, start: int, count: int
) -> dict[str, Any]:
    """See `jobs.uploads.contract.SampleLister`."""
    from jobs.kinds.pictures.sample_pages import pictures_of_class

    return pictures_of_class(path, limits, PictureOptions.from_json(options), label, start, count)


def merge(parts: Sequence[Path], folder: Path) -> Path:
    """A zip with a folder for each class, and a table where any picture has a given part or source."""
    target = folder / "merged.zip"
    seen: set[bytes] = set()
    rows: list[tuple[str, str, str, str]] = []
    with zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as archive:
        for number, (at, path, row) in enumerate(_pictures(parts)):
            content = path.read_bytes()
            digest = hashlib.sha256(content + row["label"].encode()).digest()
            if digest in seen:
                continue
            seen.add(digest)
            name = f"{row['label']}/{number:06}{path.suffix}"
            archive.writestr(name, content)
            group = row.get("group")
            # Two datasets may use one name for different sources.
            rows.append((name, row["label"], row.get("split") or "", f"{at}/{group}" if group else ""))
        if any(split or group for _, _, split, group in rows):
            archive.writestr("labels.csv", _table(rows))
    return target


def _table(rows: Sequence[Sequence[str]]) -> str:
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    writer.writerow(("file", "label", "split", "group"))
    writer.writerows(rows)
    return buffer.getvalue()


def _pictures(parts: Sequence[Path]) -> Iterator[tuple[int, Path, dict[str, str]]]:
    for at, part in enumerate(parts):
        with (part / "manifest.csv").open(encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file):
                yield at, part / row["file"], row
