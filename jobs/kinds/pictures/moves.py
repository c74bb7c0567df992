"""Single pictures that the user gave another class, or left out."""

from collections.abc import Sequence
from dataclasses import replace

from jobs.kinds.pictures.layouts.contract import Contents, Sample
from jobs.uploads.archive import Entry
from jobs.uploads.errors import listed, shown


def moved_pictures(samples: Sequence[Sample], contents: Contents) -> list[Sample]:
    """The samples after the edits of single pictures; one that had no class may get one by them."""
    edits = contents.options.pictures
    if not edits:
        return list(samples)
    notes = contents.notes
    known = {id(sample.entry) for sample in samples}
    every = [*samples, *(Sample(entry, "") for entry in contents.pictures if id(entry) not in known)]
    kept: list[Sample] = []
    found: set[str] = set()
    moved: list[str] = []
    gone: list[str] = []
    for sample in every:
        name = next((name for name in names_of(sample.entry) if name in edits), None)
        if name is None:
            kept += [sample] if sample.label else []
            continue
        found.add(name)
        label = edits[name].strip()
        (moved if label else gone).append(name)
        if label:
            kept.append(replace(sample, label=label, labels=None if sample.labels is None else (label,)))
    undo = {"pictures": ""}
    if gone:
        notes.skip(gone[0], f"Left out, as you chose: {listed(gone)}.", len(gone), undo=undo)
    if moved:
        notes.repair("Pictures", f"Moved to another class, as you chose: {listed(moved)}.", undo=undo)
    unknown = [name for name in edits if name not in found]
    if unknown:
        notes.warn(
            "Pictures",
            f"There are no pictures of these names in the zip, so nothing was changed: {listed(unknown)}.",
        )
    return kept


def names_of(entry: Entry) -> tuple[str, str]:
    """What a picture may be called: its path, and what of it is shown where that is long."""
    return entry.where, shown(entry.where, 300)
