"""Lists of pictures that tell the part of the dataset (train.txt, meta/test.txt), beside any layout."""

from collections.abc import Sequence
from dataclasses import replace

from jobs.kinds.pictures.layouts.contract import Contents, Sample
from jobs.kinds.pictures.layouts.split_names import split_of
from jobs.uploads.errors import listed
from jobs.uploads.findings import Notes

_MOST_BYTES = 20_000_000
_KNOWN = 0.9


def with_listed_splits(
    samples: Sequence[Sample], contents: Contents, notes: Notes, used: set[str]
) -> list[Sample]:
    """The samples in the parts that such lists name, where nothing else told them; `used` gets the lists."""
    if any(sample.split for sample in samples):
        return list(samples)
    splits: dict[int, str] = {}
    found: list[str] = []
    for entry in contents.files:
        split = split_of(entry.parts[-1].rpartition(".")[0])
        if entry.suffix not in (".txt", ".csv", ".lst") or not split or entry.size > _MOST_BYTES:
            continue
        lines = contents.archive.read(entry).decode("utf-8-sig", "replace").split("\n")
        names = [line.strip() for line in lines if line.strip()]
        places = [at for name in names if (at := contents.index.find(name, entry.parts[:-1])) is not None]
        if names and len(places) >= _KNOWN * len(names):
            splits |= dict.fromkeys(places, split)
            found.append(entry.where)
    if len(set(splits.values())) < 2:
        return list(samples)
    used.update(found)
    notes.repair(listed(found), "These lists tell the parts of the dataset; they were kept.")
    by_id = {id(contents.pictures[at]): split for at, split in splits.items()}
    return [replace(sample, split=by_id.get(id(sample.entry), "")) for sample in samples]
