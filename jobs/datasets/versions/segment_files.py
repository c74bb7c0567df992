"""Samples of an upload on their way into a dataset: packed, divided into those that are known and the new ones."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jobs.datasets.versions import manifests, version_files
from jobs.datasets.versions.changes import Labels
from jobs.models import VersionedDataset
from jobs.uploads.samples.columns_file import Columns, open_columns, write_columns
from jobs.uploads.samples.packing import COLUMNS, CONTENTS, FACTS, ID_BYTES, NO_TIME, Facts

if TYPE_CHECKING:
    import numpy as np

    from jobs.datasets.versions.changes import Integers

_CHUNK = 1024**2


@dataclass(frozen=True, slots=True)
class Packed:
    """Two files on this disk, see `jobs.uploads.samples.packing`, and the label of each sample in them."""

    facts: Path
    contents: Path
    count: int
    columns: list[str]
    labels: "Integers"
    words: list[str]

    @classmethod
    def read(cls, folder: Path) -> "Packed":
        """What `jobs.datasets.reading.pack` wrote into `folder`."""
        import numpy as np

        found = open_columns(folder / FACTS)
        count, words = int(found.facts["count"]), found.facts["words"]["labels"]
        codes = _codes(found, "labels", count) if count else np.empty(0, dtype=np.int32)
        return cls(folder / FACTS, folder / CONTENTS, count, found.facts["columns"], codes, words)

    def numbers(self, first: int) -> "Integers":
        """Their numbers in a dataset, of which `first` is the first."""
        import numpy as np

        return np.arange(first, first + self.count, dtype=np.int32)

    def timed(self, times: Mapping[str, datetime], folder: Path) -> "Packed":
        """With event times by hex ids or names; the facts are written anew."""
        import numpy as np

        columns = open_columns(self.facts)
        facts, found = Facts(columns), np.full(self.count, NO_TIME, dtype=np.int64)
        for place in range(self.count):
            time = times.get(facts.id(place).hex()) or times.get(facts.name(place))
            if time is not None:
                found[place] = manifests.microseconds(time)
        names = [name for name in COLUMNS if name in columns and name != "times"]
        path = folder / "timed"
        write_columns(path, {**{name: columns[name] for name in names}, "times": found}, columns.facts)
        return Packed(path, self.contents, self.count, self.columns, self.labels, self.words)

    def divided(self, dataset: VersionedDataset, labels: Labels) -> tuple[dict[int, str], "np.ndarray"]:
        """Numbers of samples of the dataset whose content is here, with the label from here; and which are new.

        Where the same content is here twice, the last label counts. A copy that is not in the dataset any more comes
        back under its old number.
        """
        import numpy as np

        mine = np.frombuffer(open_columns(self.facts)["ids"], dtype=np.uint8).reshape(-1, ID_BYTES)
        found = _numbers_of(dataset, mine)
        if not found:
            return {}, np.ones(self.count, dtype=bool)
        known: dict[int, str] = {}
        new = np.ones(self.count, dtype=bool)
        keys = np.flatnonzero(np.isin(_starts(mine), np.array([_start(id) for id in found], dtype=np.uint64)))
        for place in keys.tolist():
            numbers = found.get(mine[place].tobytes())
            if numbers is None:
                continue
            new[place] = False
            there = [number for number in numbers if labels.codes[number] >= 0] or numbers[:1]
            known.update(dict.fromkeys(there, self.words[self.labels[place]]))
        return known, new

    def only(self, kept: "np.ndarray", folder: Path) -> "Packed":
        """The samples that are marked, in files of their own."""
        if kept.all():
            return self
        import numpy as np

        columns = open_columns(self.facts)
        facts, places = Facts(columns), np.flatnonzero(kept)
        arrays: dict[str, Any] = {
            name: _codes(columns, name, self.count)[places] for name in facts.words if name in columns
        }
        ids = np.frombuffer(columns["ids"], dtype=np.uint8).reshape(-1, ID_BYTES)
        arrays["ids"] = np.ascontiguousarray(ids[places])
        if "times" in columns:
            arrays["times"] = version_files.integers(columns, "times", "<i8")[places]
        arrays["names"] = b"".join(
            facts.name(place).encode("utf-8", "surrogatepass") for place in places.tolist()
        )
        arrays["ends"] = _ends(version_files.integers(columns, "ends", "<i8"), places)
        arrays["name_ends"] = _ends(version_files.integers(columns, "name_ends", "<i8"), places)
        target, contents = folder / "new_facts", folder / "new_contents"
        write_columns(target, arrays, columns.facts | {"count": len(places)})
        with self.contents.open("rb") as source, contents.open("wb") as file:
            for place in places.tolist():
                start, end = facts.span(place)
                source.seek(start)
                file.write(source.read(end - start))
        return Packed(target, contents, len(places), self.columns, self.labels[places], self.words)


def _codes(columns: Columns, name: str, count: int) -> "Integers":
    """A column of words; one of a single word is not stored."""
    import numpy as np

    if name in columns:
        return version_files.integers(columns, name)
    return np.zeros(count, dtype=np.int32)


def _ends(ends: "np.ndarray", places: "np.ndarray") -> "np.ndarray":
    import numpy as np

    starts = np.concatenate([[0], ends[:-1]])
    return np.cumsum((ends - starts)[places])


def numbers_by_id(dataset: VersionedDataset, ids: "list[bytes]") -> dict[bytes, list[int]]:
    """The numbers of the samples with these contents, present or not; contents that never came in are left out."""
    import numpy as np

    return _numbers_of(dataset, np.frombuffer(b"".join(ids), dtype=np.uint8).reshape(-1, ID_BYTES))


def _numbers_of(dataset: VersionedDataset, ids: "np.ndarray") -> dict[bytes, list[int]]:
    import numpy as np

    found: dict[bytes, list[int]] = {}
    wanted, starts = {row.tobytes() for row in ids}, _starts(ids)
    for segment in dataset.segments.order_by("position"):
        columns = version_files.read_facts(segment)
        theirs = np.frombuffer(columns["ids"], dtype=np.uint8).reshape(-1, ID_BYTES)
        for place in np.flatnonzero(np.isin(_starts(theirs), starts)).tolist():
            if (id := theirs[place].tobytes()) in wanted:
                found.setdefault(id, []).append(segment.first + place)
    return found


def _starts(ids: "np.ndarray") -> "np.ndarray":
    """The first eight bytes of each, as a number."""
    import numpy as np

    return np.ascontiguousarray(ids[:, :8]).view("<u8").reshape(-1)


def _start(id: bytes) -> int:
    return int.from_bytes(id[:8], "little")
