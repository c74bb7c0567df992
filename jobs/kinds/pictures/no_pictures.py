"""What to say of a zip without any picture: by what is in it instead."""

import re

from jobs.kinds.pictures.example import PICTURES_EXAMPLE
from jobs.uploads.archive import Archive, Entry
from jobs.uploads.detection import other_kind
from jobs.uploads.errors import UploadRefused, shown
from jobs.uploads.picture_lists import pictures_in_cells
from jobs.uploads.right_form import choose_instead
from jobs.uploads.zip_contents import system_name
from training.ground.picture_formats import video_name

_TABLES = {".csv", ".tsv", ".jsonl", ".json", ".parquet", ".txt"}
_IDX = re.compile(r"(?:images|labels)[-._]idx[13][-._]ubyte", re.IGNORECASE)
_IDX_PICTURES = b"\0\0\x08\x03"
_SAVE = "Save each picture as a PNG file in the folder of its class, and zip these folders."
_LOOKED_AT = 20
_HEAD = 30_000
_PIXELS = 64  # so many numbers of one byte in a row are a picture


def no_pictures(archive: Archive) -> UploadRefused:
    """The refusal of a zip without pictures, with the true name of what is in it."""
    files = [entry for entry in archive.entries if system_name(entry) is None]
    for entry in files[:_LOOKED_AT]:
        packed = _packed_pictures(archive, entry)
        if packed:
            return UploadRefused(
                f'The zip contains "{shown(entry.where)}": {packed}. {_SAVE} {PICTURES_EXAMPLE}',
                status=415,
                code="wrong_kind",
            )
    for entry in files[:_LOOKED_AT]:
        head = archive.head(entry)
        video = video_name(head)
        if video is not None:
            return UploadRefused(
                f'The zip contains "{shown(entry.where)}", {video}, and no pictures. Flash learns from pictures: save '
                f"single frames of the videos, and keep those of one video in a folder. {PICTURES_EXAMPLE}",
                status=415,
                code="wrong_kind",
            )
        kind = ("another zip", "") if head.startswith(b"PK\x03\x04") else other_kind(head)
        if kind is not None:
            return UploadRefused(
                f'The zip contains "{shown(entry.where)}", {kind[0]}, and no pictures. '
                f"Unpack what is inside and zip the folders of pictures. {PICTURES_EXAMPLE}",
                status=415,
                code="wrong_kind",
            )
    tables = [entry for entry in files if entry.suffix in _TABLES]
    advice = ""
    if tables:
        advice = f' It contains the table "{shown(tables[0].where)}".{choose_instead(".csv", archive.kind)}'
    return UploadRefused(
        f"There are no pictures in the zip.{advice} {PICTURES_EXAMPLE}", status=422, code="no_pictures"
    )


def _packed_pictures(archive: Archive, entry: Entry) -> str:
    """What a file is that holds many pictures as numbers; empty for others."""
    if _IDX.search(entry.parts[-1]) or archive.head(entry).startswith(_IDX_PICTURES):
        return "pictures in the format of MNIST (IDX), all in one file"
    if pictures_in_cells(archive.head(entry, _HEAD)):
        return "pictures in the cells of a table"
    if entry.suffix in (".csv", ".tsv", ".txt") and _is_pixels(archive.head(entry, _HEAD)):
        return "a table of pixels, with the pictures as numbers in its rows, like MNIST or FER-2013 as CSV"
    return ""


def _is_pixels(head: bytes) -> bool:
    lines = head.decode("latin-1").split("\n")[:3]
    # The first row may be a header, the last one cut off.
    rows = [
        [int(part) for part in re.findall(r"\d+", line)]
        for line in lines
        if not re.search('[^\\d,; \t\r"]', line)
    ]
    whole = [row for row in rows if len(row) > _PIXELS and all(number < 256 for number in row[1:])]
    named = "pixels" in lines[0].lower() and len(lines) > 1
    numbers = re.findall(r"\d+", lines[1]) if named else []
    return bool(whole) or len(numbers) > _PIXELS
