"""The pictures of a batch once more, in a folder for each label."""

import re
import zipfile
from collections.abc import Iterable
from pathlib import Path

from jobs.batches.child.items import Item
from jobs.batches.child.results import read

# What some system or other takes for a part of a path, or refuses in a name.
_NOT_IN_NAMES = re.compile(r'[\x00-\x1f\x7f<>:"/\\|?*]')
_LONGEST = 100


def write_sorted(items: Iterable[Item], results: Path, target: Path) -> None:
    """A zip with LABEL/NAME for each of the pictures that was predicted; those that were not are left out.

    Pictures are stored as they came: they hardly shrink.
    """
    folders = _Folders()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as archive:
        for item, result in zip(items, read(results), strict=True):
            if item.value is not None and "error" not in result:
                archive.writestr(f"{folders.of(result['label'])}/{item.names['file']}", item.value)


class _Folders:
    """Names of folders for labels: good on every system, another for each label."""

    def __init__(self) -> None:
        self._names: dict[str, str] = {}
        self._taken: set[str] = set()

    def of(self, label: str) -> str:
        if label not in self._names:
            plain = _NOT_IN_NAMES.sub("_", label)[:_LONGEST].strip(" .") or "_"
            name, number = plain, 1
            while name.casefold() in self._taken:
                number += 1
                name = f"{plain} ({number})"
            self._taken.add(name.casefold())
            self._names[label] = name
        return self._names[label]
