"""The name of a task that was given none: of its file, or of its classes where the file's name says nothing."""

from collections.abc import Mapping, Sequence
from pathlib import PurePath
from typing import Any

from jobs.models import Dataset
from modelstore.ground import naming
from training.kinds import kind_of

# What a page calls pasted rows and collected pictures, and what programs call a new file, in small letters.
_SAYS_NOTHING = {
    "pasted", "pictures", "images", "photos", "archive", "archiv", "data", "dataset", "train", "training", "table",
    "tabelle", "test", "file", "export", "download", "untitled", "unbenannt", "book1", "mappe1", "classeur1", "libro1",
    "sheet1", "document", "1",
}  # fmt: skip
_CLASSES_NAMED = 3


def proposed(dataset: Dataset) -> str:
    """What to call a training on it; always a name that `naming.problem` takes."""
    name = naming.from_file(PurePath(dataset.name).stem)
    if name and name.lower() not in _SAYS_NOTHING:
        return name
    kind = kind_of(dataset.task_type)
    return of_classes(dataset.classes) or name or kind.words.samples.capitalize()


def of_classes(classes: Sequence[Mapping[str, Any]]) -> str:
    """The commonest classes by name, such as “cat, dog and 2 more”; "" where they cannot be named in one line."""
    common = sorted(classes, key=lambda entry: -entry["count"])
    # Two of two, not one and "1 more".
    named = common if len(common) == _CLASSES_NAMED + 1 else common[:_CLASSES_NAMED]
    words = [naming.from_file(str(entry["label"])) for entry in named]
    if len(common) > len(named):
        words.append(f"{len(common) - len(named)} more")
    if len(words) < 2 or not all(words):
        return ""
    name = f"{', '.join(words[:-1])} and {words[-1]}"
    return name if naming.problem(name) is None else ""
