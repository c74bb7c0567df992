"""Several files of one table: the parts of a dataset, its shards, or one file per class."""

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import PurePosixPath
from urllib.parse import unquote

from jobs.kinds.sentences.columns.names import input_rank, is_known, label_rank, plain_name
from jobs.kinds.sentences.example import TABLE_EXAMPLE
from jobs.kinds.sentences.formats.contract import Cells, Meaning, Reader, Source
from jobs.kinds.sentences.formats.splits import split_named
from jobs.kinds.sentences.options import NOTHING
from jobs.uploads.errors import UploadRefused, listed
from jobs.uploads.findings import Notes

SPLIT, CLASS = "split", "class"
# Names that programs give to pieces of one table.
_SHARD = re.compile(
    r"(?i)(?:part|data|file|chunk|shard|block)?[-_]?[0-9a-f-]*\d+(?:-of-\d+)?(?:[-_][0-9a-f-]{8,})?(?:-c000)?|data|part"
)
_MOST_TOLD = 20


@dataclass(frozen=True, slots=True)
class Part:
    """A table of several; `refusal` where it cannot be read."""

    where: str
    reader: Reader | None
    notes: Notes
    refusal: UploadRefused | None = None

    @property
    def split(self) -> str:
        """The part of the dataset that its name or the folder around it says."""
        path = PurePosixPath(self.where)
        own = split_named(path.name.split(".")[0])
        return own or next((found for one in reversed(path.parts[:-1]) if (found := split_named(one))), "")

    @property
    def first(self) -> Cells:
        """The names of its columns, or its first row."""
        if self.reader is None:
            return ()
        if self.reader.columns is not None:
            return self.reader.columns
        return next((cells for _, cells in self.reader.records() if any(cells)), ())

    @property
    def named(self) -> bool:
        """Whether its first row looks like a header."""
        return self.reader is not None and (
            self.reader.columns is not None or any(is_known(cell or "") for cell in self.first)
        )


def join(parts: Sequence[Part], source: Source) -> Reader:
    """One reader of those parts that belong together; the others are told. Raises UploadRefused (422)."""
    readable = [part for part in parts if part.reader is not None]
    if not readable:
        raise next(part.refusal for part in parts if part.refusal)
    for part in parts:
        if part.refusal:
            source.notes.warn(part.where, f"This file was not used: {part.refusal.detail}")
    chosen = _choose(readable, source)
    others = [part.where for part in readable if part not in chosen]
    if others:
        source.notes.warn(listed(others), "Not used: the columns are not those of the other files.")
    for part in chosen[:1]:
        source.notes.repairs += part.notes.repairs
    if len(chosen) == 1:
        source.notes.repair(chosen[0].where, "This table was taken out of the zip.")
        return chosen[0].reader  # type: ignore[return-value]
    return Joined(chosen, source)


def _choose(parts: Sequence[Part], source: Source) -> Sequence[Part]:
    groups: defaultdict[tuple[object, ...], list[Part]] = defaultdict(list)
    for part in parts:
        key = tuple(plain_name(cell or "") for cell in part.first) if part.named else ("#", len(part.first))
        groups[key].append(part)
    if len(groups) == 1:
        return next(iter(groups.values()))
    labelled = [group for key, group in groups.items() if _has_both(key, group)]
    if not source.labelled:
        labelled = list(groups.values())
    if len(labelled) == 1:
        return labelled[0]
    training = [group for group in labelled if any(part.split == "train" for part in group)]
    if len(training) == 1 and source.labelled:
        return training[0]
    names = listed([part.where for part in parts])
    what = f"to learn from. {TABLE_EXAMPLE}" if source.labelled else "to predict."
    raise UploadRefused(
        f"The zip contains several tables with different columns ({names}). Send the one {what}",
        status=422,
        code="several_tables",
    )


def _has_both(key: tuple[object, ...], group: Sequence[Part]) -> bool:
    """Whether the columns hold a text and a label, as far as their names tell."""
    reader = group[0].reader
    if reader is not None and reader.meaning.inputs and reader.meaning.label:
        return True
    names = [str(name) for name in key]
    return any(label_rank(n) is not None for n in names) and any(input_rank(n) is not None for n in names)


class Joined:
    """The rows of several files, one after the other, with the part or the class that their names say."""

    unit = "Row"

    def __init__(self, parts: Sequence[Part], source: Source) -> None:
        self._parts = parts
        first: Reader = parts[0].reader  # type: ignore[assignment]
        self.encoding, self.delimiter = first.encoding, first.delimiter
        self._width = len(parts[0].first)
        self._headless = not parts[0].named and len({tuple(part.first) for part in parts}) > 1
        self.columns: list[str] | None = None if self._headless else [cell or "" for cell in parts[0].first]
        self._skip = 0 if first.columns is not None or self._headless else 1
        self.meaning: Meaning = first.meaning
        self._added = self._find_added(source)
        self._starts: list[tuple[int, str]] = []
        self._told = False
        self._source = source

    def records(self) -> Iterator[tuple[int, Cells]]:
        """(number of the row in all files together, its cells)."""
        start = 0
        for part, added in zip(self._parts, self._added, strict=True):
            if part.reader is None:
                continue
            number = 0
            rows = part.reader.records()
            for number, cells in islice(_filled(rows), self._skip, None) if self._skip else rows:
                yield start + number, self._with(cells, added)
            self._note(part, start, number)
            start += number

    def _with(self, cells: Cells, added: str | None) -> Cells:
        if added is None:
            return cells
        return [*cells, *[""] * (self._width - len(cells)), added]

    def _note(self, part: Part, start: int, count: int) -> None:
        """Tells once which rows are those of which file, and what was left out of it."""
        if any(where == part.where for _, where in self._starts):
            return
        self._starts.append((start, part.where))
        notes = self._source.notes
        if count and len(self._parts) <= _MOST_TOLD:
            notes.repair(part.where, f"Its rows are counted from {start + 1:,} to {start + count:,}.")
        for skipped in part.notes.skipped:
            notes.skip(f"{part.where}, {skipped.where}", skipped.message)

    def _find_added(self, source: Source) -> list[str | None]:
        splits = [part.split for part in self._parts]
        names = [part.where for part in self._parts]
        if len(set(splits)) > 1 and not self.meaning.split:
            source.notes.repair(
                "Files",
                f"{listed(names)} were joined, and their parts kept.",
                undo={"split_column": NOTHING},
            )
            self.meaning = replace(self.meaning, split=self._add(SPLIT))
            return list(splits)
        classes = self._classes()
        if classes is not None:
            name, where, found = classes
            source.notes.repair(
                "Files", f"{listed(names)} were read by class: the name of the {where} is the label."
            )
            self.meaning = replace(self.meaning, label=self._add(name))
            return list(found)
        source.notes.repair("Files", f"{listed(names)} have the same columns and were joined.")
        return [None] * len(self._parts)

    def _classes(self) -> tuple[str, str, list[str]] | None:
        """Name of a column with the class of each file, where that is told ("folder"), and the classes; None where the
        rows have it, or no name of a file tells it."""
        paths = [PurePosixPath(part.where) for part in self._parts]
        keys = [dict(one.split("=", 1) for one in path.parts[:-1] if "=" in one) for path in paths]
        for name in keys[0]:
            if all(name in some for some in keys) and label_rank(plain_name(name)) is not None:
                return name, "folder", [unquote(some[name]) for some in keys]
        if self._width > 1 or len(paths) < 2:
            return None
        stems = [path.name.split(".")[0] for path in paths]
        if not any(map(_SHARD.fullmatch, stems)):
            return CLASS, "file", stems
        folders = [path.parts[-2] if len(path.parts) > 1 else "" for path in paths]
        return (CLASS, "folder", folders) if all(folders) and len(set(folders)) > 1 else None

    def _add(self, name: str) -> str:
        """Adds a column under a name that is free."""
        if self.columns is None:
            return f"column {self._width + 1}"
        while name in self.columns:
            name = f"{name} of the file"
        self.columns.append(name)
        return name


def _filled(rows: object) -> Iterator[tuple[int, Cells]]:
    for number, cells in rows:  # type: ignore[attr-defined]
        if any(cells):
            yield number, cells
