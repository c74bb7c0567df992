"""Annotations of YOLO: a text for each picture, a line for each box; names of classes in data.yaml or classes.txt."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from jobs.kinds.pictures.layouts.class_names import class_list
from jobs.kinds.pictures.layouts.contract import Contents
from jobs.kinds.pictures.layouts.marks import Mark
from jobs.uploads.archive import Entry

_LINE = re.compile(rb"^\s*(\d{1,6})((?:\s+-?\d*\.?\d+(?:e-?\d+)?)+)\s*$", re.IGNORECASE)
_MOST_BYTES = 200_000
_LOOKED_AT = 20


class Yolo:
    """Boxes and outlines have four numbers and more behind the class; a class alone is of the whole picture."""

    name = "YOLO"

    def read(self, contents: Contents) -> Iterator[tuple[Entry, Mark]]:
        """See `AnnotationFormat`."""
        texts = [entry for entry in contents.files if entry.suffix == ".txt" and 0 < entry.size < _MOST_BYTES]
        found = [(entry, picture) for entry in texts if (picture := _picture_of(entry, contents)) is not None]
        if len(found) < 2 or not all(_is_boxes(contents, entry) for entry, _ in found[:_LOOKED_AT]):
            return
        names = _names(contents)
        for entry, picture in found:
            numbers = {
                int(match[1])
                for line in contents.archive.read(entry).splitlines()
                if (match := _LINE.match(line))
            }
            boxes = tuple(names.get(number, str(number)) for number in sorted(numbers))
            yield entry, Mark(contents.pictures[picture].where, (), boxes)


def _picture_of(entry: Entry, contents: Contents) -> int | None:
    """The picture that a text is about: in the same folder, or below images/ where this is below labels/."""
    *folders, name = entry.parts
    stem = name.rpartition(".")[0]
    swapped = ["images" if folder.lower() in ("labels", "label") else folder for folder in folders]
    return contents.index.find(stem, swapped)


def _is_boxes(contents: Contents, entry: Entry) -> bool:
    lines = [line for line in contents.archive.read(entry).splitlines() if line.strip()]
    return all((match := _LINE.match(line)) and len(match[2].split()) >= 4 for line in lines)


def _names(contents: Contents) -> Mapping[int, str]:
    for entry in contents.files:
        if entry.suffix in (".yaml", ".yml") and entry.size < _MOST_BYTES:
            names = _yaml_names(contents.archive.read(entry))
            if names:
                return names
    return dict(enumerate(class_list(contents)))


def _yaml_names(data: bytes) -> dict[int, str]:
    import yaml

    # Aliases make a small file large.
    if b"&" in data and b"*" in data:
        return {}
    try:
        document: Any = yaml.safe_load(data)
    except (yaml.YAMLError, ValueError, RecursionError):
        return {}
    names = document.get("names") if isinstance(document, dict) else None
    if isinstance(names, list):
        return {at: str(name) for at, name in enumerate(names)}
    if isinstance(names, dict):
        return {int(at): str(name) for at, name in names.items() if str(at).isdigit()}
    return {}
