"""Pictures with the same bytes: copies, and one picture in two classes."""

import hashlib

from jobs.kinds.pictures.plan import Planned
from jobs.uploads.errors import shown
from jobs.uploads.findings import Notes


class Twins:
    """Finds pictures with the same bytes."""

    def __init__(self) -> None:
        self._first: dict[bytes, Planned] = {}
        self._count = 0
        self._example: tuple[Planned, Planned] | None = None
        self._crossing: list[tuple[Planned, Planned]] = []

    def add(self, picture: Planned, data: bytes) -> None:
        """A picture and all its bytes."""
        digest = hashlib.blake2b(data, digest_size=16).digest()
        first = self._first.setdefault(digest, picture)
        if first is picture:
            return
        self._count += 1
        self._example = self._example or (first, picture)
        if first.label != picture.label:
            self._crossing.append((first, picture))

    def report(self, notes: Notes) -> None:
        """Warnings: one of pictures in two classes, one of copies."""
        if self._crossing:
            first, second = self._crossing[0]
            count = len(self._crossing)
            also = f"{count:,} pictures are in two classes; this one is also"
            if count == 1:
                also = "This picture is in two classes; it is also"
            notes.warn(
                first.source,
                f'{also} "{shown(second.source)}". Keep each only in the class it belongs to.',
            )
        if self._count and self._example:
            first, second = self._example
            copy = f"{self._count:,} pictures are exact copies of others; this one of"
            if self._count == 1:
                copy = "This picture is an exact copy of"
            notes.warn(
                second.source,
                f'{copy} "{shown(first.source)}". Copies make the accuracy look better than it is.',
            )
