"""Pictures as they are kept in versions, see `jobs.uploads.samples.sample.KeepsSamples`."""

import csv
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from jobs.uploads.samples.sample import Sample
from training.ground.picture_formats import HEAD_BYTES, READ, picture_format

CONTENT = "image"
_MANIFEST = "manifest.csv"
_MANY = "labels"
_PER_FOLDER = 1_000
_SUFFIX_OF = {format.name: format.suffixes[0] for format in READ}


def stored_columns(data: Path) -> list[str]:
    """The header of manifest.csv."""
    with (data / _MANIFEST).open(encoding="utf-8", newline="") as file:
        return next(csv.reader(file))


def stored_samples(data: Path) -> Iterator[Sample]:
    """The pictures of manifest.csv; the file as it came is the content."""
    with (data / _MANIFEST).open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            yield Sample(
                (data / row["file"]).read_bytes(),
                row[_MANY] if _MANY in row else row["label"],
                row["source"],
                row.get("split") or "",
                row.get("group") or "",
            )


def write_samples(samples: Iterator[Sample], columns: Sequence[str], data: Path) -> None:
    """Pictures under numbers, and manifest.csv with these columns."""
    data.mkdir(parents=True, exist_ok=True)
    with (data / _MANIFEST).open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(columns)
        for number, sample in enumerate(samples):
            name = f"{number // _PER_FOLDER:03d}/{number:06d}{_suffix(sample.content)}"
            if number % _PER_FOLDER == 0:
                (data / name).parent.mkdir(exist_ok=True)
            (data / name).write_bytes(sample.content)
            told = {
                "file": name,
                "label": sample.label,
                _MANY: sample.label,
                "source": sample.name,
                "split": sample.split,
                "group": sample.group,
            }
            writer.writerow([told.get(column, "") for column in columns])


def preview(content: bytes) -> dict[str, Any]:
    """A small copy."""
    # Here, because it needs Pillow: the web starts without.
    from jobs.kinds.pictures.thumbnails import data_uri

    return {"picture": data_uri(content)}


def _suffix(content: bytes) -> str:
    return _SUFFIX_OF.get(picture_format(content[:HEAD_BYTES]) or "", ".bin")
