"""What layouts get, and what they give."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from jobs.kinds.pictures.layouts.picture_index import PictureIndex
from jobs.kinds.pictures.options import PictureOptions
from jobs.uploads.archive import Archive, Entry
from jobs.uploads.findings import Notes
from training.ground.limits import Limits

_MOST_JSON = 40 * 1024**2


@dataclass(kw_only=True, slots=True)
class Contents:
    """What is in a zip: pictures, and files beside them (tables, annotations, strays). `notes` are about all of it."""

    archive: Archive
    pictures: Sequence[Entry]
    files: Sequence[Entry]
    options: PictureOptions
    limits: Limits
    notes: Notes
    index: PictureIndex = field(init=False)
    # The tables beside the pictures, with what their columns mean; None until they were read.
    tables: Any = None
    _documents: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.index = PictureIndex(self.pictures)

    def json(self, entry: Entry) -> Any:
        """What a JSON file holds, read once; None where it is damaged or larger than 40 MB."""
        if entry.where not in self._documents:
            self._documents[entry.where] = self._load(entry)
        return self._documents[entry.where]

    def _load(self, entry: Entry) -> Any:
        if entry.size > _MOST_JSON:
            return None
        try:
            return json.loads(self.archive.read(entry))
        except (ValueError, RecursionError):
            return None


@dataclass(frozen=True, slots=True)
class Sample:
    """A picture and what its zip says of it.

    `label` is as written; where pictures may have any number of labels, they are `labels`, and `label` says them all.
    `split` is "train", "validation", "test" or empty; pictures with the same `group` show the
    same thing, empty where that is unknown.
    """

    entry: Entry
    label: str
    split: str = ""
    group: str = ""
    labels: tuple[str, ...] | None = None


@dataclass(kw_only=True, slots=True)
class Reading:
    """A zip as one layout understands it. `used` are the paths of files beside the pictures that were read."""

    samples: list[Sample]
    notes: Notes
    used: set[str] = field(default_factory=set)

    @property
    def words(self) -> str:
        """Where the labels come from, in the middle of a sentence."""
        raise NotImplementedError


def take_over(notes: Notes, more: Notes) -> None:
    """Adds the notes of a reading that counts."""
    for note in more.repairs:
        notes.repair(note.where, note.message, undo=note.undo)
    for note in more.skipped:
        notes.skip(note.where, note.message, 0, undo=note.undo)
    notes.skipped_count += more.skipped_count
    for note in more.warnings:
        notes.warn(note.where, note.message, undo=note.undo)
    for question in more.questions:
        notes.ask(question)


def skip_all(notes: Notes, entries: Iterable[Entry], message: str, several: str, most: int = 5) -> None:
    """Leaves out pictures or files for one reason: a line each for a few, one line with the count for many.

    `several` is the message for many, with {count} in it.
    """
    found = list(entries)
    if len(found) <= most:
        for entry in found:
            notes.skip(entry.where, message)
    else:
        notes.skip(common_folder(found), several.format(count=f"{len(found):,}"), len(found))


def common_folder(entries: Sequence[Entry]) -> str:
    """The folder that holds all of `entries`, or the first of them where that is the whole zip."""
    shared = list(entries[0].parts[:-1])
    for entry in entries:
        while list(entry.parts[: len(shared)]) != shared:
            shared.pop()
    return "/".join(shared) + "/" if shared else f"{entries[0].where} and others"
