"""Finds pictures by what tables and annotations call them."""

import re
from collections import defaultdict
from collections.abc import Sequence
from pathlib import PurePosixPath
from urllib.parse import unquote

from jobs.kinds.pictures.layouts.split_names import split_of
from jobs.uploads.archive import Entry

# Label Studio puts such a mark in front of names that are uploaded.
_UPLOADED = re.compile(r"[0-9a-f]{8}-(.+)")
_NUMBER = 18  # digits of a number that is surely one


class PictureIndex:
    """The pictures of a zip by path, name, name without suffix, and number."""

    def __init__(self, pictures: Sequence[Entry]) -> None:
        self.pictures = pictures
        self._parts = [tuple(part.casefold() for part in entry.parts) for entry in pictures]
        self._paths: dict[tuple[str, ...], int] = {}
        self._names: dict[str, list[int]] = defaultdict(list)
        self._stems: dict[str, list[int]] = defaultdict(list)
        self._numbers: dict[int, list[int]] = defaultdict(list)
        for at, parts in enumerate(self._parts):
            self._paths.setdefault(parts, at)
            self._names[parts[-1]].append(at)
            stem = parts[-1].rpartition(".")[0] or parts[-1]
            self._stems[stem].append(at)
            if stem.isascii() and stem.isdigit() and len(stem) < _NUMBER:
                self._numbers[int(stem)].append(at)

    def find(self, name: str, folder: Sequence[str] = (), split: str = "") -> int | None:
        """The place of the picture that `name` means, None where there is none or it is not certain which.

        `folder` holds the file that names it, `split` is the part of the dataset that this file is about.
        """
        parts = _parts_of(name)
        if not parts:
            return None
        near = tuple(part.casefold() for part in folder)
        for path in (near + parts, parts):
            if path in self._paths:
                return self._paths[path]
        last = parts[-1]
        found = self._names.get(last) or self._stems.get(last)
        if found is None:
            # The suffix may differ: a table of .tif, a zip of .jpg.
            found = (
                self._stems.get(PurePosixPath(last).stem) if "." in last else self._numbers.get(_number(last))
            )
        if found is None and (marked := _UPLOADED.match(last)):
            return self.find("/".join((*parts[:-1], marked[1])), folder, split)
        return self._nearest(found or [], parts, near, split)

    def _nearest(
        self, found: Sequence[int], parts: tuple[str, ...], near: tuple[str, ...], split: str
    ) -> int | None:
        if len(found) > 1 and len(parts) > 1:
            above = parts[:-1]
            found = [at for at in found if self._parts[at][-len(parts) : -1] == above] or found
        if len(found) > 1 and near:
            found = [at for at in found if self._parts[at][: len(near)] == near] or found
        if len(found) > 1 and split:
            found = [at for at in found if split in map(split_of, self.pictures[at].parts[:-1])]
        return found[0] if len(found) == 1 else None


def _parts_of(name: str) -> tuple[str, ...]:
    text = name.strip().replace("\\", "/")
    if "%" in text:
        text = unquote(text)
    if "?" in text:
        # Links to local files (?d=folder/1.jpg) and signed links (1.jpg?token=...).
        before, _, after = text.partition("?")
        text = after.partition("=")[2] if after.startswith("d=") else before
    return tuple(part.casefold() for part in text.split("/") if part not in ("", ".", ".."))


def _number(text: str) -> int:
    whole = text.removesuffix(".0")
    return int(whole) if whole.isascii() and whole.isdigit() and len(whole) < _NUMBER else -1
