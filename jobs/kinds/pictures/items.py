"""The pictures of a zip, in the order of the zip, folders or not."""

import itertools
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from jobs.batches.child.items import Item, Source
from jobs.batches.child.order import SORTED_FILE
from jobs.kinds.pictures.plan import may_be_picture
from jobs.kinds.pictures.sorted_zip import write_sorted
from jobs.kinds.pictures.thumbnails import data_uri
from jobs.uploads.archive import Archive, Entry
from jobs.uploads.errors import UploadRefused
from jobs.uploads.zip_contents import is_system_file, refuse_special
from training.ground.limits import MIB, Limits
from training.kinds.pictures import KIND

_THUMBNAILS = 24


class Pictures(Source):
    """Pictures to predict; a damaged one becomes an item with an error. Raises UploadRefused."""

    columns: tuple[str, ...] = ("file",)

    def __init__(self, path: Path, limits: Limits) -> None:
        self._path = path
        self._limits = limits
        with Archive.open(path, limits, KIND) as archive:
            self.total = len(_entries(archive, limits))

    def items(self, start: int) -> Iterator[Item]:
        """The pictures from number `start` on."""
        with Archive.open(self._path, self._limits, KIND) as archive:
            for entry in _entries(archive, self._limits)[start:]:
                yield self._item(archive, entry)

    def summary(self, results: Path) -> dict[str, Any]:
        """Small copies of the first pictures, as data URIs; None for what is no picture."""
        first = itertools.islice(self.items(0), _THUMBNAILS)
        return {"thumbnails": [data_uri(item.value) for item in first]}

    def write_more(self, results: Path, folder: Path) -> None:
        """The pictures themselves, in a folder for each label."""
        write_sorted(self.items(0), results, folder / SORTED_FILE)

    def _item(self, archive: Archive, entry: Entry) -> Item:
        names = {"file": entry.where}
        most = self._limits.max_picture_bytes
        if entry.size > most:
            return Item(names, error=f"This is larger than the {most / MIB:.3g} MB a picture may have.")
        try:
            return Item(names, archive.read(entry))
        except UploadRefused as refusal:
            if refusal.code == "unpacked_too_large":
                raise
            return Item(names, error=refusal.detail)


def _entries(archive: Archive, limits: Limits) -> Sequence[Entry]:
    refuse_special(archive)
    found = [
        entry for entry in archive.entries if not is_system_file(entry) and may_be_picture(archive, entry)
    ]
    if not found:
        raise UploadRefused(
            "There are no pictures in the zip. Put pictures into it; folders are fine.",
            status=422,
            code="no_pictures",
        )
    if len(found) > limits.max_pictures:
        raise UploadRefused(
            f"The zip has {len(found):,} pictures; at most {limits.max_pictures:,} are allowed at a time.",
            status=413,
            code="too_many_pictures",
        )
    return found
