"""Arrays in one file: a head of JSON says where each begins, so that one is read without the others."""

import json
import mmap
import os
import struct
from collections.abc import Mapping
from pathlib import Path
from typing import Any

_MAGIC = b"flashcol"
_ALIGN = 64
_HEAD = struct.Struct("<8sQ")


class ColumnsDamaged(ValueError):
    """This is no such file, or not all of it."""


class Columns:
    """The arrays of a file by their names, as bytes in place, and `facts`: what its writer told, as JSON."""

    def __init__(self, content: "bytes | mmap.mmap") -> None:
        """Raises ColumnsDamaged."""
        try:
            magic, length = _HEAD.unpack_from(content)
            head = json.loads(bytes(content[_HEAD.size : _HEAD.size + length]))
            self.facts: dict[str, Any] = head["facts"]
            self._places: dict[str, tuple[int, int]] = {
                name: tuple(at) for name, at in head["columns"].items()
            }
        except (struct.error, ValueError, KeyError, TypeError) as error:
            raise ColumnsDamaged("The head of a file of columns cannot be read.") from error
        self._content = memoryview(content)
        self._start = _HEAD.size + length
        end = max((start + size for start, size in self._places.values()), default=0)
        if magic != _MAGIC or len(self._content) < self._start + end:
            raise ColumnsDamaged("A file of columns is cut short.")

    def __contains__(self, name: str) -> bool:
        return name in self._places

    def __getitem__(self, name: str) -> memoryview:
        start, size = self._places[name]
        return self._content[self._start + start : self._start + start + size]


def open_columns(path: Path) -> Columns:
    """The file at `path`, mapped: only what is looked at is read. Raises ColumnsDamaged, OSError."""
    with path.open("rb") as file:
        if not os.fstat(file.fileno()).st_size:
            raise ColumnsDamaged("A file of columns is empty.")
        return Columns(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))


def write_columns(path: Path, columns: Mapping[str, Any], facts: Mapping[str, Any]) -> None:
    """Writes whatever offers its bytes (array, bytearray, an array of NumPy in one piece), and `facts` as JSON."""
    parts = {name: memoryview(column).cast("B") for name, column in columns.items() if len(column)}
    places, at = {}, 0
    for name in columns:
        size = len(parts.get(name, b""))
        places[name] = (at, size)
        at += size + -size % _ALIGN
    head = json.dumps({"facts": dict(facts), "columns": places}, ensure_ascii=False).encode()
    head += b" " * (-(_HEAD.size + len(head)) % _ALIGN)
    with path.open("wb") as file:
        file.write(_HEAD.pack(_MAGIC, len(head)) + head)
        for part in parts.values():
            file.write(part)
            file.write(bytes(-len(part) % _ALIGN))
