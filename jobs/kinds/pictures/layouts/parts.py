"""Finds the folders that hold class folders: past wrappers, parts of a dataset, and copies of the whole."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from jobs.kinds.pictures.layouts.contract import skip_all
from jobs.kinds.pictures.layouts.part_names import told_apart
from jobs.kinds.pictures.layouts.split_names import (
    TRAIN,
    are_numbered,
    are_numbered_parts,
    names_unlabelled,
    split_of,
)
from jobs.kinds.pictures.layouts.tree import Folder
from jobs.kinds.pictures.options import KEEP
from jobs.uploads.archive import Entry
from jobs.uploads.errors import listed
from jobs.uploads.findings import Notes

UNFILED = "This is next to the class folders, not in one, so its class is unknown; it was left out."
MANY_UNFILED = (
    "{count} pictures are next to the class folders, not in one, so their classes are unknown; they were "
    "left out."
)
_UNLABELLED = "This is in a part without class folders, so its class is unknown; it was left out."
_MANY_UNLABELLED = (
    "{count} pictures are in a part without class folders, so their classes are unknown; they were left out."
)
# Below a class these are views of the same things, not classes.
_VIEWS = {
    "front", "back", "side", "left", "right", "top", "bottom", "rear", "day", "night", "small", "large", "big",
    "old", "new", "original", "originals", "augmented", "aug", "raw", "cropped", "crop", "crops", "resized",
    "rgb", "gray", "grayscale", "images", "image", "imgs", "img", "photos", "pictures", "color", "colour",
    "closeup", "far", "near", "indoor", "outdoor",
}  # fmt: skip
_SAME = 0.9
_BACK = {"copies": KEEP}
_FEWEST_SOURCES = 5


@dataclass(slots=True)
class Found:
    """`classes`: (split, folder whose folders are classes); `flat`: (split, folder with pictures and no folders)."""

    classes: list[tuple[str, Folder]] = field(default_factory=list)
    flat: list[tuple[str, Folder]] = field(default_factory=list)
    kept: list[str] = field(default_factory=list)
    joined: list[str] = field(default_factory=list)
    # Folders with the same names below each of them, where either could be the classes.
    open: list[str] = field(default_factory=list)
    join: bool = True
    fold: bool = True
    # Paths of folders for a person or the like, with the classes in them.
    sources: list[str] = field(default_factory=list)


def find_class_folders(root: Folder, notes: Notes, *, join: bool = True, fold: bool = True) -> Found:
    """Where the class folders of each part are; what is beside them becomes notes.

    With `join`, folders that only divide the same classes (part1/cats, part2/cats) are not classes themselves; with
    `fold`, a folder that holds others once more is not read beside them.
    """
    found = Found(join=join, fold=fold)
    _descend(root, "", found, notes, set())
    if found.classes:
        for _, folder in found.flat:
            skip_all(notes, folder.all_pictures(), _UNLABELLED, _MANY_UNLABELLED)
    return found


def outer_folders(root: Folder) -> Folder:
    """The folder that holds the outermost folders of which there are several."""
    while len(root.folders) == 1 and (only := next(iter(root.folders.values()))).folders:
        root = only
    return root


def is_view(name: str) -> bool:
    """Whether a folder below a class is called like a view of it."""
    words = name.lower().replace("_", " ").replace("-", " ").split()
    return bool(words) and all(word in _VIEWS or word.isdigit() for word in words) and not name.isdigit()


def _descend(folder: Folder, split: str, found: Found, notes: Notes, classes: set[str]) -> None:
    """`classes` are the names of classes that other parts have."""
    while True:
        told_apart(folder, notes)
        if found.fold:
            _fold_copies(folder, notes)
        below = list(folder.folders.values())
        if not below:
            found.flat.append((split, folder))
            return
        parts = _parts(below, found.join)
        if parts is not None:
            _unfiled(folder, notes)
            _descend_into(parts, split, found, notes)
            return
        if len(below) > 1:
            break
        only = below[0]
        own = split_of(only.name)
        if only.name.strip().casefold() in classes:
            break
        if not only.folders:
            found.flat.append((split or own, folder))
            return
        _wrapper(only, own, found, notes)
        _unfiled(folder, notes)
        folder, split = only, split or own
    _unfiled(folder, notes)
    below = list(folder.folders.values())
    if len(below) > 1 and not any(inner.pictures for inner in below) and _is_open(below):
        found.open += [f"{inner.path}/" for inner in below]
    found.classes.append((split, folder))


def _is_open(below: Sequence[Folder]) -> bool:
    inner = {name for folder in below for name in _class_names(folder)}
    return _same_names_below(below) and not are_numbered(inner) and not all(map(split_of, inner))


def _wrapper(only: Folder, own: str, found: Found, notes: Notes) -> None:
    if own:
        found.kept.append(f"{only.path}/")
    notes.repair(only.path, "The class folders are inside this folder; the folder itself was ignored.")


def _unfiled(folder: Folder, notes: Notes) -> None:
    skip_all(notes, folder.pictures, UNFILED, MANY_UNFILED)
    folder.pictures = []


def _descend_into(parts: Sequence[tuple[str | None, Folder]], split: str, found: Found, notes: Notes) -> None:
    classes = {name for _, part in parts if len(part.folders) > 1 for name in _class_names(part)}
    classes |= {name for _, part in parts for name in _class_names(part)} if not classes else set()
    tops = [part for _, part in parts]
    pieces = are_numbered_parts(part.name for part in tops)
    sources = len(tops) >= _FEWEST_SOURCES and not pieces and _are_numbered_sources(tops)
    for own, part in parts:
        if own is None:
            found.flat.append(("", part))
            continue
        if own:
            found.kept.append(f"{part.path}/")
        else:
            found.joined.append(f"{part.path}/")
            if sources:
                found.sources.append(f"{part.path}/")
        if part.folders:
            _descend(part, split or own, found, notes, classes)
        else:
            found.flat.append((split or own, part))


def _parts(below: Sequence[Folder], join: bool) -> list[tuple[str | None, Folder]] | None:
    """(split, folder) where the folders are parts of a dataset, None for the split of one without labels."""
    if len(below) < 2:
        return None
    splits = [(split_of(folder.name), folder) for folder in below]
    named = [folder for split, folder in splits if split]
    if len(named) == len(below):
        return _all_named(splits)
    if any(split == TRAIN and folder.folders for split, folder in splits):
        return _with_others(splits, named)
    holders = [folder for folder in below if _holds_parts(folder)]
    if holders and all(folder in holders or split or not folder.folders for split, folder in splits):
        return [(split if split or folder in holders else None, folder) for split, folder in splits]
    if named or not join or not _same_names_below(below):
        return None
    tops = [folder.name for folder in below]
    if are_numbered_parts(tops) or all(map(is_view, tops)) or _are_numbered_sources(below):
        return [("", folder) for folder in below]
    return None


def _are_numbered_sources(below: Sequence[Folder]) -> bool:
    """Whether each folder is a numbered person, session or the like, with the classes in it."""
    inner = {name for folder in below for name in _class_names(folder)}
    tops = [folder.name for folder in below]
    return (
        are_numbered(tops) and not are_numbered(inner) and not any("class" in name.lower() for name in tops)
    )


def _holds_parts(folder: Folder) -> bool:
    """Whether a folder is itself a whole dataset with its parts, not a class."""
    while len(folder.folders) == 1:
        folder = next(iter(folder.folders.values()))
    splits = {split_of(name) for name in folder.folders}
    deep = any(inner.folders for inner in folder.folders.values())
    return deep and TRAIN in splits and len(splits) > 1 and "" not in splits


def _all_named(splits: Sequence[tuple[str, Folder]]) -> list[tuple[str | None, Folder]] | None:
    if len({split for split, _ in splits}) < 2 and not _same_names_below([folder for _, folder in splits]):
        return None
    return list(splits)


def _with_others(
    splits: Sequence[tuple[str, Folder]], named: Sequence[Folder]
) -> list[tuple[str | None, Folder]] | None:
    """Parts with a third one beside them, which is flat, has no labels, or has the classes of the others."""
    classes = {name for folder in named for name in _class_names(folder)}
    parts: list[tuple[str | None, Folder]] = []
    for split, folder in splits:
        if split:
            parts.append((split, folder))
        elif not folder.folders or names_unlabelled(folder.name):
            parts.append((None, folder))
        elif len(named) > 1 and _share(_class_names(folder), classes):
            parts.append((TRAIN, folder))
        else:
            return None
    # One flat folder beside train/ only: without a name that says so, it may well be a class.
    if len(named) == 1 and any(
        split is None and not names_unlabelled(folder.name) for split, folder in parts
    ):
        return None
    return parts


def _class_names(folder: Folder) -> set[str]:
    """The names of the class folders in a part, past folders that only wrap them."""
    while len(folder.folders) == 1:
        only = next(iter(folder.folders.values()))
        if not only.folders:
            break
        folder = only
    return {name.strip().casefold() for name in folder.folders}


def _share(names: set[str], classes: set[str]) -> bool:
    return bool(names) and len(names & classes) >= 0.5 * len(names)


def _same_names_below(folders: Sequence[Folder]) -> bool:
    """Whether the same names lie below each of the folders, as classes do below parts."""
    sets = [_class_names(folder) for folder in folders]
    every = set.union(*sets)
    shared = set.intersection(*sets)
    return len(shared) >= 2 and len(shared) >= 0.5 * len(every) and not all(map(is_view, every))


def _fold_copies(folder: Folder, notes: Notes) -> None:
    """Joins a folder that holds its own siblings once more (data/cats, data/data/cats) with them."""
    _drop_twins(folder, notes)
    for inner in list(folder.folders.values()):
        others = {name.casefold() for name in folder.folders if name != inner.name}
        below = {name.casefold() for name in inner.folders}
        same = below & others
        if (len(same) < 2 and not (same and inner.name == folder.name)) or len(same) < 0.8 * len(below):
            continue
        if all(map(is_view, below)):
            continue
        del folder.folders[inner.name]
        known = {_identity(entry) for entry in folder.all_pictures()}
        new = [entry for entry in inner.all_pictures() if _identity(entry) not in known]
        count = sum(1 for _ in inner.all_pictures())
        if len(new) <= (1 - _SAME) * count:
            notes.skip(
                f"{inner.path}/",
                f"This folder holds the same pictures once more; {count:,} copies were left out.",
                count,
                undo=_BACK,
            )
        else:
            folder.absorb(inner)
            notes.repair(
                f"{inner.path}/",
                f"This folder has the same folders as the one around it "
                f"({listed(sorted(inner.folders))}); they were joined.",
                undo=_BACK,
            )


def _drop_twins(folder: Folder, notes: Notes) -> None:
    """Leaves out a folder that holds the same folders and pictures as the one beside it."""
    seen: dict[tuple[frozenset[str], frozenset[tuple[int, int]]], Folder] = {}
    for inner in list(folder.folders.values()):
        if not inner.folders:
            continue
        key = (frozenset(_class_names(inner)), frozenset(map(_identity, inner.all_pictures())))
        first = seen.setdefault(key, inner)
        if first is not inner:
            del folder.folders[inner.name]
            count = sum(1 for _ in inner.all_pictures())
            notes.skip(
                f"{inner.path}/",
                f"This folder holds the same pictures as {first.path}/; {count:,} copies were left out.",
                count,
                undo=_BACK,
            )


def _identity(entry: Entry) -> tuple[int, int]:
    return entry.info.CRC, entry.info.file_size
