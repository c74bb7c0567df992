"""Lists of pictures that tell the part of the dataset (train.txt, meta/test.txt), beside any layout."""

import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace

from jobs.kinds.pictures.layouts.contract import Contents, Sample
from jobs.kinds.pictures.layouts.split_names import PARTS, is_partition, split_of
from jobs.uploads.archive import Entry
from jobs.uploads.errors import listed
from jobs.uploads.findings import Notes

_MOST_BYTES = 20_000_000
_KNOWN = 0.9
_NUMBERED = re.compile(r"\D(\d{1,3})$")


def with_listed_splits(
    samples: Sequence[Sample], contents: Contents, notes: Notes, used: set[str]
) -> list[Sample]:
    """The samples in the parts that such lists name, where nothing else told them; `used` gets the lists."""
    if any(sample.split for sample in samples):
        return list(samples)
    folds: dict[int, dict[str, dict[int, str]]] = defaultdict(dict)
    for entry in contents.files:
        places = _listed(entry, contents)
        if places:
            folds[_fold(entry)][entry.where] = places
    for number in sorted(folds):
        splits = {at: split for places in folds[number].values() for at, split in places.items()}
        if len(set(splits.values())) > 1:
            break
    else:
        return list(samples)
    files = list(folds[number])
    used.update(where for lists in folds.values() for where in lists)
    several = "" if len(folds) == 1 else f" Of {len(folds):,} ways to part it, this is the first."
    notes.repair(
        listed(files),
        f"These lists tell the parts of the dataset; they were kept.{several}",
        undo={"splits": "merge"},
    )
    by_id = {id(contents.pictures[at]): split for at, split in splits.items()}
    return [replace(sample, split=by_id.get(id(sample.entry), "")) for sample in samples]


def _listed(entry: Entry, contents: Contents) -> dict[int, str]:
    """Place of a picture to its part, by a list of one part or of all pictures; empty for other files."""
    name = entry.parts[-1].rpartition(".")[0]
    if entry.suffix not in (".txt", ".csv", ".lst") or entry.size > _MOST_BYTES:
        return {}
    split = split_of(name)
    if not split and not is_partition(name):
        return {}
    text = contents.archive.read(entry).decode("utf-8-sig", "replace")
    lines = [line.strip() for line in text.split("\n") if line.strip()]
    if split:
        pairs = [(line, split) for line in lines]
    else:
        words = [re.split(r"[\s,;]+", line) for line in lines]
        pairs = [(row[0], PARTS[row[-1]]) for row in words if row[-1] in PARTS]
    found = {
        at: part for name, part in pairs if (at := contents.index.find(name, entry.parts[:-1])) is not None
    }
    return found if lines and len(found) >= _KNOWN * len(lines) else {}


def _fold(entry: Entry) -> int:
    """The number behind the name of the part (train1.txt, test1.txt), 0 where there is none."""
    match = _NUMBERED.search(entry.parts[-1].rpartition(".")[0])
    return int(match[1]) if match else 0
