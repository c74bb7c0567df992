"""Folders whose names tell a class and a part of the dataset at once: cats_train, cats_test, dogs_train."""

import re
from collections import defaultdict
from collections.abc import Mapping

from jobs.kinds.pictures.layouts.split_names import is_filler, split_word
from jobs.kinds.pictures.layouts.tree import Folder
from jobs.kinds.pictures.options import OUTER_FOLDERS
from jobs.uploads.errors import listed
from jobs.uploads.findings import Notes

_BETWEEN = re.compile(r"([\s_\-.]+)")


def told_apart(folder: Folder, notes: Notes) -> None:
    """Makes cats_train/ and cats_test/ the folders train/cats/ and test/cats/, where all folders are called so."""
    names = {name: _class_and_part(name) for name in folder.folders}
    found = {name: told for name, told in names.items() if told is not None}
    if not found or len(found) < len(names) or not _cross(found):
        return
    made = Folder(folder.name, folder.path)
    for name, (label, part) in found.items():
        made.below(part).below(label).absorb(folder.folders[name])
    folder.folders = made.folders
    first = next(iter(found))
    notes.repair(
        listed(list(found)),
        f"The names of these folders were taken for a class and a part each ({first}: {found[first][0]}, "
        f"{found[first][1]}).",
        undo={"labels_from": OUTER_FOLDERS},
    )


def _cross(found: Mapping[str, tuple[str, str]]) -> bool:
    """Whether there are several parts, and most of several classes are in more than one of them."""
    parts: dict[str, set[str]] = defaultdict(set)
    for label, part in found.values():
        parts[label].add(part)
    several = sum(len(where) > 1 for where in parts.values())
    return len(parts) > 1 and several * 2 > len(parts)


def _class_and_part(name: str) -> tuple[str, str] | None:
    """("cats", "train") of cats_train or train-cats; None where a name does not tell both."""
    pieces = _BETWEEN.split(name)
    for at in (0, len(pieces) - 1):
        rest = pieces[2:] if at == 0 else pieces[:-2]
        label = "".join(rest).strip()
        if split_word(pieces[at].casefold()) and label and not is_filler(label) and len(pieces) > 1:
            return label, pieces[at].casefold()
    return None
