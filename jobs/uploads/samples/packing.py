"""Samples packed into two files: contents one after another, and columns of what is known of each."""

from array import array
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import IO

from jobs.uploads.errors import UploadRefused
from jobs.uploads.samples.columns_file import Columns, write_columns
from jobs.uploads.samples.sample import Sample

CONTENTS, FACTS = "contents", "facts"
COLUMNS = ("ids", "ends", "labels", "splits", "groups", "name_ends", "names", "times")
ID_BYTES = 32
NO_TIME = -(2**63)
# Where samples lie close together, as much as that is read at once.
_AT_ONCE = 1024**2


def pack(samples: Iterable[Sample], columns: Sequence[str], folder: Path) -> int:
    """Writes `contents` and `facts` into `folder`; answers how many samples there are.

    Columns: `ids` (32 bytes each), `ends` (of contents, i8), `labels`, `splits`, `groups` (i4: places in words of the
    facts), `name_ends` (i8) and `names` (UTF-8), and where any has one `times` (i8, microseconds).
    """
    rows = _Rows()
    with (folder / CONTENTS).open("wb") as file:
        for sample in samples:
            file.write(sample.content)
            rows.add(sample)
    rows.write(folder / FACTS, columns)
    return len(rows.labels)


class _Words:
    """Each word once, and which each sample has."""

    def __init__(self) -> None:
        self.places: dict[str, int] = {}
        self.codes = array("i")

    def add(self, word: str) -> None:
        self.codes.append(self.places.setdefault(word, len(self.places)))

    def __len__(self) -> int:
        return len(self.codes)


class _Rows:
    def __init__(self) -> None:
        self.ids, self.names = bytearray(), bytearray()
        self.ends, self.name_ends, self.times = array("q"), array("q"), array("q")
        self.labels, self.splits, self.groups = _Words(), _Words(), _Words()
        self._at, self._has_times = 0, False

    def add(self, sample: Sample) -> None:
        self.ids += sample.id
        self._at += len(sample.content)
        self.ends.append(self._at)
        self.names += sample.name.encode("utf-8", "surrogatepass")
        self.name_ends.append(len(self.names))
        self.labels.add(sample.label)
        self.splits.add(sample.split)
        self.groups.add(sample.group)
        self._has_times = self._has_times or sample.time is not None
        self.times.append(NO_TIME if sample.time is None else sample.time)

    def write(self, path: Path, columns: Sequence[str]) -> None:
        words = {"labels": self.labels, "splits": self.splits, "groups": self.groups}
        # A column of one word says nothing by its codes.
        told = {name: column.codes for name, column in words.items() if len(column.places) > 1}
        write_columns(
            path,
            {"ids": self.ids, "ends": self.ends, "name_ends": self.name_ends, "names": self.names}
            | told
            | ({"times": self.times} if self._has_times else {}),
            {
                "count": len(self.labels),
                "columns": list(columns),
                "words": {name: list(column.places) for name, column in words.items()},
            },
        )


class Facts:
    """What is known of the samples of a pack, by their places in it."""

    def __init__(self, columns: Columns) -> None:
        self._columns = columns
        self.count = int(columns.facts["count"])
        self.columns: list[str] = columns.facts["columns"]
        self.words: dict[str, list[str]] = columns.facts["words"]
        self._ids = columns["ids"]
        self._ends, self._name_ends = columns["ends"].cast("q"), columns["name_ends"].cast("q")
        self._names = columns["names"]
        self._codes = {name: columns[name].cast("i") for name in self.words if name in columns}
        self._times = columns["times"].cast("q") if "times" in columns else None

    def id(self, place: int) -> bytes:
        return bytes(self._ids[place * ID_BYTES : (place + 1) * ID_BYTES])

    def span(self, place: int) -> tuple[int, int]:
        """Where its content begins and ends."""
        return (self._ends[place - 1] if place else 0), self._ends[place]

    def name_span(self, place: int) -> tuple[int, int]:
        """Where its name begins and ends in the column of names."""
        return (self._name_ends[place - 1] if place else 0), self._name_ends[place]

    def name(self, place: int) -> str:
        start, end = self.name_span(place)
        return bytes(self._names[start:end]).decode("utf-8", "surrogatepass")

    def word(self, column: str, place: int) -> str:
        """Its first label, given part or source: `column` is labels, splits or groups."""
        codes, words = self._codes.get(column), self.words[column]
        return words[codes[place]] if codes is not None else words[0]

    def time(self, place: int) -> int | None:
        time = NO_TIME if self._times is None else self._times[place]
        return None if time == NO_TIME else time


def unpacked(
    facts: Facts, contents: IO[bytes], places: Sequence[int], labels: Iterable[str], prefix: str = ""
) -> Iterator[Sample]:
    """The samples at `places`, which rise, under these labels; `prefix` stands before their sources.

    Raises UploadRefused where a content is not what came in.
    """
    reader = _Reader(contents)
    for place, label in zip(places, labels, strict=True):
        group = facts.word("groups", place)
        sample = Sample(
            reader.read(*facts.span(place)),
            label,
            facts.name(place),
            facts.word("splits", place),
            f"{prefix}{group}" if group else "",
            facts.time(place),
        )
        if sample.id != facts.id(place):
            raise UploadRefused("The stored samples were damaged. Put the files back from a backup.")
        yield sample


class _Reader:
    """Reads forward, much at once."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self._start, self._held = 0, b""

    def read(self, start: int, end: int) -> bytes:
        if end > self._start + len(self._held):
            self._file.seek(start)
            self._start, self._held = start, self._file.read(max(_AT_ONCE, end - start))
        return self._held[start - self._start : end - self._start]
