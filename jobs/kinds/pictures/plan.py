"""Which entries of a zip are pictures of which class: finds the class folders and repairs what is around them."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from jobs.kinds.pictures.example import PICTURES_EXAMPLE
from jobs.uploads.archive import Archive, Entry
from jobs.uploads.detection import other_kind, picture_format
from jobs.uploads.errors import UploadRefused, listed, shown
from jobs.uploads.findings import Notes
from jobs.uploads.names import clean_label, same_class
from jobs.uploads.right_form import choose_instead
from jobs.uploads.zip_contents import PICTURE_SUFFIXES, refuse_special, system_name
from training.ground.limits import Limits

# Pictures all the same, so that the reason given is about the format and not about a stray file.
_UNREADABLE = {
    ".gif",
    ".svg",
    ".eps",
    ".tif",
    ".tiff",
    ".heic",
    ".heif",
    ".avif",
    ".psd",
    ".jp2",
    ".ico",
    ".tga",
}
_STRAY = {
    ".txt",
    ".md",
    ".csv",
    ".tsv",
    ".json",
    ".jsonl",
    ".xml",
    ".html",
    ".htm",
    ".pdf",
    ".py",
    ".yaml",
    ".yml",
}
_TABLES = {".csv", ".tsv", ".jsonl", ".json", ".parquet", ".txt"}
_SPLITS = {"train", "training", "val", "valid", "validation", "dev", "test", "testing", "eval"}


@dataclass(frozen=True, slots=True)
class Planned:
    """A picture to look at: its entry, its class, and the path that people know it by."""

    entry: Entry
    label: str
    source: str


def plan_pictures(archive: Archive, limits: Limits, notes: Notes) -> list[Planned]:
    """The pictures of `archive` with their classes, in the order of the zip; raises UploadRefused."""
    refuse_special(archive)
    candidates = _candidates(archive, notes)
    if not candidates:
        raise _no_pictures(archive)
    if len(candidates) > limits.max_pictures:
        raise UploadRefused(
            f"The zip has {len(candidates):,} pictures; at most {limits.max_pictures:,} are allowed.",
            status=413,
            code="too_many_pictures",
        )
    found = _below_class_folders(candidates, notes)
    if not found:
        raise UploadRefused(
            "The pictures are not in folders, so their classes are unknown. "
            f"Put the pictures of each class into a folder of its own. {PICTURES_EXAMPLE}",
            status=422,
            code="no_class_folders",
        )
    return _labelled(found, limits, notes)


def _candidates(archive: Archive, notes: Notes) -> list[Entry]:
    found, system, stray = [], Counter[str](), []
    for entry in archive.entries:
        name = system_name(entry)
        if name is not None:
            system[name] += 1
        elif may_be_picture(archive, entry):
            found.append(entry)
        else:
            stray.append(entry)
    for name, count in system.items():
        notes.skip(
            name, f"{count:,} hidden or system {'file was' if count == 1 else 'files were'} left out.", count
        )
    for entry in stray:
        notes.skip(entry.where, "This is not a picture, so it was left out.")
    return found


def may_be_picture(archive: Archive, entry: Entry) -> bool:
    """Whether an entry is a picture by its name or its first bytes, readable here or not."""
    if entry.suffix in PICTURE_SUFFIXES or entry.suffix in _UNREADABLE:
        return True
    return entry.suffix not in _STRAY and picture_format(archive.head(entry, 64)) is not None


def _below_class_folders(candidates: Sequence[Entry], notes: Notes) -> list[tuple[tuple[str, ...], Entry]]:
    """(path from the class folder down, entry), without wrapping folders and with train/val/test merged."""
    left = [(entry.parts, entry) for entry in candidates if len(entry.parts) > 1]
    _skip_unfiled((entry for entry in candidates if len(entry.parts) == 1), notes)
    while left:
        tops = {parts[0] for parts, _ in left}
        if not any(len(parts) > 2 for parts, _ in left):
            break
        if len(tops) == 1:
            notes.repair(
                left[0][0][0], "The class folders are inside this folder; the folder itself was ignored."
            )
        elif {top.strip().lower() for top in tops} <= _SPLITS:
            names = listed([f"{top}/" for top in sorted(tops)])
            notes.repair(names, "These parts were combined: Flash sets aside its own part for validation.")
        else:
            break
        _skip_unfiled((entry for parts, entry in left if len(parts) == 2), notes)
        left = [(parts[1:], entry) for parts, entry in left if len(parts) > 2]
    return left


def _skip_unfiled(entries: Iterable[Entry], notes: Notes) -> None:
    for entry in entries:
        notes.skip(
            entry.where,
            "This is next to the class folders, not in one, so its class is unknown; it was left out.",
        )


def _labelled(found: Sequence[tuple[tuple[str, ...], Entry]], limits: Limits, notes: Notes) -> list[Planned]:
    folders = Counter(parts[0] for parts, _ in found)
    cleaned = {
        folder: clean_label(folder, f"Folder {shown(folder)}", limits.max_label_chars) for folder in folders
    }
    label_of = _merge_spellings(folders, cleaned, notes)
    if len(set(label_of.values())) > limits.max_classes:
        raise UploadRefused(
            f"There are {len(set(label_of.values())):,} class folders; at most {limits.max_classes:,} are allowed. "
            f"Does each picture have a folder of its own? {PICTURES_EXAMPLE}",
            status=422,
            code="too_many_classes",
        )
    _note_deeper_folders(found, notes)
    _warn_of_split_names(set(label_of.values()), notes)
    return [
        Planned(entry, label_of[parts[0]], shown(entry.where, 300))
        for parts, entry in found
        if label_of[parts[0]]
    ]


def _merge_spellings(folders: Counter[str], cleaned: dict[str, str], notes: Notes) -> dict[str, str]:
    """Folder to label: the most frequent spelling stands for all spellings of a class."""
    spellings: dict[str, list[str]] = defaultdict(list)
    for folder in folders:
        spellings[same_class(cleaned[folder])].append(folder)
    label_of = {}
    for same in spellings.values():
        best = cleaned[max(same, key=lambda folder: folders[folder])]
        label_of.update(dict.fromkeys(same, best))
        if not best:
            notes.skip(
                shown(same[0]) or "a folder", "The name of this folder has no visible characters.", len(same)
            )
        elif len(same) > 1:
            notes.repair(
                best, f"Folders whose names differ only in case or spaces were combined: {listed(same)}."
            )
        elif same[0] != best:
            notes.repair(best, "Spaces or invisible characters were removed from the name of the folder.")
    return label_of


def _note_deeper_folders(found: Sequence[tuple[tuple[str, ...], Entry]], notes: Notes) -> None:
    deeper = Counter(parts[0] for parts, _ in found if len(parts) > 2)
    for folder, count in deeper.items():
        notes.repair(folder, f"{count:,} pictures in subfolders count as this class.")


def _warn_of_split_names(labels: set[str], notes: Notes) -> None:
    if labels and {label.lower() for label in labels} <= _SPLITS:
        notes.warn(
            listed(sorted(labels)),
            "The folders are named like parts of a dataset. Are these really the classes?",
        )


def _no_pictures(archive: Archive) -> UploadRefused:
    files = [entry for entry in archive.entries if system_name(entry) is None]
    for entry in files[:20]:
        head = archive.head(entry)
        kind = ("another zip", "") if head.startswith(b"PK\x03\x04") else other_kind(head)
        if kind is not None:
            return UploadRefused(
                f'The zip contains "{shown(entry.where)}", {kind[0]}, and no pictures. '
                f"Unpack what is inside and zip the folders of pictures. {PICTURES_EXAMPLE}",
                status=415,
                code="wrong_kind",
            )
    tables = [entry for entry in files if entry.suffix in _TABLES]
    advice = ""
    if tables:
        advice = f' It contains the table "{shown(tables[0].where)}".{choose_instead(".csv", archive.kind)}'
    return UploadRefused(
        f"There are no pictures in the zip.{advice} {PICTURES_EXAMPLE}", status=422, code="no_pictures"
    )
