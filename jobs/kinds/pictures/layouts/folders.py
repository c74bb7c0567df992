"""Layout: a folder for each class, under any parts of a dataset."""

from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace

from jobs.kinds.pictures.layouts.contract import Contents, Reading, Sample, skip_all
from jobs.kinds.pictures.layouts.parts import MANY_UNFILED, UNFILED, Found, find_class_folders, outer_folders
from jobs.kinds.pictures.layouts.split_names import are_numbered_parts, split_of
from jobs.kinds.pictures.layouts.tree import Folder, tree_of
from jobs.kinds.pictures.options import FOLDERS, KEEP, MERGE, NONE, OUTER_FOLDERS, SUBFOLDERS
from jobs.uploads.archive import Entry
from jobs.uploads.errors import listed
from jobs.uploads.findings import Notes

# Folders that say what kind of files are in them, not what is in the pictures.
_CONTAINERS = {
    "images", "image", "img", "imgs", "pictures", "photos", "pics", "jpegimages", "jpeg", "jpg", "png", "data",
    "dataset", "default", "raw", "files", "upload", "uploads", "all", "pngimages", "input", "inputs", "frames",
    "color", "rgb",
}  # fmt: skip


@dataclass(kw_only=True, slots=True)
class FolderReading(Reading):
    """`telling` is False where the names of the folders say nothing of classes; `flat` are parts without folders.

    `deeper` where the classes are the folders in those that could be classes, too.
    """

    telling: bool
    flat: list[tuple[str, Folder]]
    open: list[str]
    deeper: bool = False

    @property
    def words(self) -> str:
        return "the folders one level deeper" if self.deeper else "the folders"


def read_folders(contents: Contents, level: str | None = None, leave: Collection[int] = ()) -> FolderReading:
    """The pictures by their class folders; no samples where there are none.

    `level` is FOLDERS, SUBFOLDERS or OUTER_FOLDERS where it is known; pictures whose id is in `leave` are those
    of another reading.
    """
    notes = Notes()
    level = level or contents.options.labels_from
    pictures = [entry for entry in contents.pictures if id(entry) not in leave]
    fold = contents.options.copies != KEEP
    if level == OUTER_FOLDERS:
        return _by_outer_folders(pictures)
    found = find_class_folders(tree_of(pictures), notes, fold=fold)
    if found.joined and level == FOLDERS:
        notes = Notes()
        found = find_class_folders(tree_of(pictures), notes, join=False, fold=fold)
    samples = [
        sample for split, folder in found.classes for sample in _samples(split, folder, level == SUBFOLDERS)
    ]
    if not samples and level == FOLDERS:
        # Asked for: the folders are classes, even if they are called like parts of a dataset.
        samples = [Sample(entry, folder.name) for _, folder in found.flat for entry in folder.all_pictures()]
    samples = _with_sources(samples, found, notes)
    _note_parts(found, notes)
    _note_deeper(found, level == SUBFOLDERS, notes)
    return FolderReading(
        samples=samples,
        notes=notes,
        telling=_telling(samples),
        flat=found.flat,
        open=found.open,
        deeper=level == SUBFOLDERS,
    )


def _by_outer_folders(pictures: Sequence[Entry]) -> FolderReading:
    """Each of the outermost folders a class, with all that is in it."""
    notes = Notes()
    parent = outer_folders(tree_of(pictures))
    skip_all(notes, parent.pictures, UNFILED, MANY_UNFILED)
    samples = [
        Sample(entry, folder.name) for folder in parent.folders.values() for entry in folder.all_pictures()
    ]
    notes.repair(
        listed(list(parent.folders)),
        "These folders are the classes, as you chose, with all that is in them.",
        undo={"labels_from": ""},
    )
    return FolderReading(samples=samples, notes=notes, telling=True, flat=[], open=[])


def _samples(split: str, parent: Folder, subfolders: bool) -> Iterator[Sample]:
    for folder in parent.folders.values():
        inner = _inner_splits(folder)
        if subfolders and folder.folders and not inner:
            for entry in folder.pictures:
                yield Sample(entry, folder.name, split)
            for below in _past_wrappers(folder).folders.values():
                for entry in below.all_pictures():
                    yield Sample(entry, below.name, split)
            continue
        for entry in folder.pictures:
            yield Sample(entry, folder.name, split)
        for below in folder.folders.values():
            for entry in below.all_pictures():
                yield Sample(entry, folder.name, split or inner.get(below.name, ""))


def _with_sources(samples: list[Sample], found: Found, notes: Notes) -> list[Sample]:
    """The samples with the folder of a person or the like, which holds the class folders, as their source."""
    if not found.sources:
        return samples
    notes.repair(
        listed(found.sources),
        "Each of these folders counts as one source: its pictures stay together when a part is set aside.",
        undo={"sources": NONE},
    )
    return [
        replace(
            sample, group=next((path for path in found.sources if sample.entry.where.startswith(path)), "")
        )
        for sample in samples
    ]


def _past_wrappers(folder: Folder) -> Folder:
    while len(folder.folders) == 1 and next(iter(folder.folders.values())).folders:
        folder = next(iter(folder.folders.values()))
    return folder


def _inner_splits(folder: Folder) -> dict[str, str]:
    """cats/train/, cats/test/: the split of each folder below a class, if all of them are parts."""
    splits = {name: split_of(name) for name in folder.folders}
    return splits if len(splits) > 1 and all(splits.values()) else {}


def _telling(samples: list[Sample]) -> bool:
    labels = {sample.label for sample in samples}
    if len(labels) < 2:
        return False
    return not are_numbered_parts(labels) and any(label.lower() not in _CONTAINERS for label in labels)


def _note_parts(found: Found, notes: Notes) -> None:
    if found.joined:
        notes.repair(
            listed(found.joined),
            "These folders have the same class folders in them; they were joined.",
            undo={"labels_from": FOLDERS},
        )
    if found.classes and len({split for split, _ in found.classes}) > 1:
        notes.repair(
            listed(found.kept),
            "These are the parts of the dataset; they were kept as they are.",
            undo={"splits": MERGE},
        )
    if len(found.kept) > 1:
        notes.repair(
            listed(found.kept),
            "The names of these folders were taken for parts of a dataset, not for classes.",
            undo={"labels_from": OUTER_FOLDERS},
        )


def _note_deeper(found: Found, subfolders: bool, notes: Notes) -> None:
    parts = {
        name: None
        for _, parent in found.classes
        for folder in parent.folders.values()
        for name in _inner_splits(folder)
    }
    if parts:
        notes.repair(
            listed(list(parts)),
            "Folders of these names, in those of the classes, are the parts of the dataset; they were kept.",
            undo={"splits": MERGE},
        )
    if subfolders:
        return
    deeper: Counter[str] = Counter()
    for _, parent in found.classes:
        for folder in parent.folders.values():
            if _inner_splits(folder):
                continue
            deeper[folder.name] += sum(1 for below in folder.folders.values() for _ in below.all_pictures())
    for name, count in deeper.items():
        if count:
            notes.repair(
                name,
                f"{count:,} pictures in subfolders count as this class.",
                undo={"labels_from": SUBFOLDERS},
            )
