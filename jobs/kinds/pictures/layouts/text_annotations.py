"""Annotations in texts: lists of CUB, lists of Pascal VOC for each class, KITTI (a text for each picture)."""

import re
from collections import defaultdict
from collections.abc import Iterator

from jobs.kinds.pictures.layouts.contract import Contents
from jobs.kinds.pictures.layouts.marks import Mark
from jobs.kinds.pictures.layouts.split_names import TEST, TRAIN, split_of
from jobs.uploads.archive import Entry

_LIST = re.compile(r"(?P<label>.+)_(?P<part>train|val|trainval|test)\.txt", re.IGNORECASE)
_MEMBER = re.compile(r"(?P<picture>\S.*?)\s+(?P<said>-1|0|1)")
_KITTI = re.compile(rb"(?P<label>[^\s]+)(?:\s+-?\d+(?:\.\d+)?(?:e-?\d+)?){14,15}", re.IGNORECASE)
_MOST_LIST, _MOST_KITTI = 20_000_000, 200_000
_LOOKED_AT = 20


class VocLists:
    """`ImageSets/Main/CLASS_train.txt`: each line a picture, and 1 where it shows the class, -1 where not."""

    name = "Pascal VOC lists"

    def read(self, contents: Contents) -> Iterator[tuple[Entry, Mark]]:
        """See `AnnotationFormat`."""
        found: dict[tuple[str, ...], list[tuple[Entry, str, str]]] = defaultdict(list)
        for entry in contents.files:
            match = _LIST.fullmatch(entry.parts[-1])
            if match and entry.size < _MOST_LIST:
                found[entry.parts[:-1]].append((entry, match["label"], split_of(match["part"])))
        for lists in found.values():
            if len({label for _, label, _ in lists}) < 2:
                continue
            read = [(entry, label, split, _members(contents, entry)) for entry, label, split in lists]
            if all(members is not None for *_, members in read):
                for entry, label, split, members in read:
                    for picture in members or ():
                        yield entry, Mark(picture, (label,), (), split)


def _members(contents: Contents, entry: Entry) -> list[str] | None:
    """The pictures that show the class; None where a line says something else."""
    lines = contents.archive.read(entry).decode("utf-8-sig", "replace").splitlines()
    matches = [_MEMBER.fullmatch(line.strip()) for line in lines if line.strip()]
    if None in matches:
        return None
    return [match["picture"] for match in matches if match and match["said"] == "1"]


class Kitti:
    """`label_2/NAME.txt`: a line for each box, with its class and fourteen or fifteen numbers."""

    name = "KITTI"

    def read(self, contents: Contents) -> Iterator[tuple[Entry, Mark]]:
        """See `AnnotationFormat`."""
        texts = [entry for entry in contents.files if entry.suffix == ".txt" and 0 < entry.size < _MOST_KITTI]
        found = [(entry, picture) for entry in texts if (picture := _picture_of(entry, contents)) is not None]
        if len(found) < 2 or not all(_is_boxes(contents, entry) for entry, _ in found[:_LOOKED_AT]):
            return
        for entry, picture in found:
            boxes = tuple(
                label
                for line in contents.archive.read(entry).splitlines()
                if (match := _KITTI.fullmatch(line.strip()))
                and (label := match["label"].decode("utf-8", "replace")) != "DontCare"
            )
            yield entry, Mark(contents.pictures[picture].where, (), boxes)


def _picture_of(entry: Entry, contents: Contents) -> int | None:
    *folders, name = entry.parts
    swapped = [re.sub(r"^label(?=_\d$)", "image", folder) for folder in folders]
    return contents.index.find(name.rpartition(".")[0], swapped)


def _is_boxes(contents: Contents, entry: Entry) -> bool:
    lines = [line for line in contents.archive.read(entry).splitlines() if line.strip()]
    return bool(lines) and all(_KITTI.fullmatch(line.strip()) for line in lines)


class Cub:
    """images.txt (number and path) beside image_class_labels.txt (number and class): CUB-200 and its like."""

    name = "CUB lists"

    def read(self, contents: Contents) -> Iterator[tuple[Entry, Mark]]:
        """See `AnnotationFormat`."""
        beside = {entry.parts: entry for entry in contents.files if entry.size < _MOST_LIST}
        for parts, entry in beside.items():
            labels = beside.get((*parts[:-1], "image_class_labels.txt"))
            if parts[-1] != "images.txt" or labels is None:
                continue
            files, classes = _numbered(contents, entry), _numbered(contents, labels)
            named, parted = (
                beside.get((*parts[:-1], name)) for name in ("classes.txt", "train_test_split.txt")
            )
            names, trained = _numbered(contents, named), _numbered(contents, parted)
            for used in filter(None, (labels, named, parted)):
                # They say nothing without the numbers, but were read.
                yield used, Mark(next(iter(files.values()), ""))
            for number, file in files.items():
                if number in classes:
                    label = names.get(classes[number], classes[number])
                    split = {"1": TRAIN, "0": TEST}.get(trained.get(number, ""), "")
                    yield entry, Mark(file, (label,), (), split)


def _numbered(contents: Contents, entry: Entry | None) -> dict[str, str]:
    if entry is None:
        return {}
    lines = contents.archive.read(entry).decode("utf-8-sig", "replace").splitlines()
    pairs = (line.strip().partition(" ") for line in lines)
    return {number: rest.strip() for number, _, rest in pairs if rest}


TEXT_FORMATS = (Cub(), VocLists(), Kitti())
