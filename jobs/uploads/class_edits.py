"""Classes renamed, joined or left out by the user."""

import json
from collections.abc import Mapping
from typing import Any

from jobs.uploads.errors import listed
from jobs.uploads.findings import Notes
from jobs.uploads.names import clean_label

_MOST_EDITS = 10_000
_LONGEST = 200
_LONGEST_PATH = 1_000


def read_class_edits(value: Any) -> dict[str, str]:
    """{"old name": "new name"}, or its JSON; "" leaves a class out. Raises ValueError with a sentence."""
    return _read(value, '{"old name": "new name", "left out": ""}', _LONGEST)


def read_sample_edits(value: Any) -> dict[str, str]:
    """{"path of a sample": "its class"}, or its JSON; "" leaves it out. Raises ValueError with a sentence."""
    return _read(value, '{"cats/1.jpg": "dogs", "cats/2.jpg": ""}', _LONGEST_PATH)


def _read(value: Any, example: str, longest: int) -> dict[str, str]:
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except (ValueError, RecursionError):
            value = None
    if not isinstance(value, dict) or len(value) > _MOST_EDITS:
        raise ValueError(f"Give an object such as {example}, of at most {_MOST_EDITS:,} names.")
    if not all(isinstance(old, str) and len(old) <= longest for old in value):
        raise ValueError(f"Use names of at most {longest:,} characters.")
    if not all(isinstance(new, str) and len(new) <= _LONGEST for new in value.values()):
        raise ValueError(f"Give names of classes, at most {_LONGEST} characters each.")
    return dict(value)


def edited_classes(
    names: Mapping[str, str | None], edits: Mapping[str, str], most: int, notes: Notes
) -> dict[str, str | None]:
    """`names` (a label as written, and its class) after the edits; None where a class is left out.

    Raises UploadRefused (422) for a new name that no class can have: longer than `most`, or deceiving.
    """
    new = {old: clean_label(name, "The new name", most) or None for old, name in edits.items()}
    known = {name for name in names.values() if name}
    _tell(known, new, notes)
    return {label: new.get(name, name) if name else None for label, name in names.items()}


def _tell(known: set[str], new: Mapping[str, str | None], notes: Notes) -> None:
    left_out = [old for old, name in new.items() if name is None and old in known]
    if left_out:
        notes.repair("Classes", f"Left out, as you chose: {listed(left_out)}.", undo={"classes": ""})
    renamed = [f"{old} → {name}" for old, name in new.items() if name and name != old and old in known]
    if renamed:
        notes.repair("Classes", f"Renamed, as you chose: {listed(renamed)}.", undo={"classes": ""})
    # An earlier new name that was changed once more came of a class that is known, and goes the same way.
    done = {name for old, name in new.items() if old in known}
    unknown = [old for old, name in new.items() if old not in known and name not in done]
    if unknown:
        notes.warn(
            "Classes", f"There are no classes of these names, so nothing was changed: {listed(unknown)}."
        )
