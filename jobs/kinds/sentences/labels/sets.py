"""Rows with any number of labels: what each set of labels, as it was written, stands for."""

import json
from collections import Counter
from collections.abc import Callable, Collection, Mapping

from jobs.kinds.sentences.columns.several import SeveralLabels, labels_in
from jobs.uploads.names import clean_label

# Of the labels of a column the classes; None for what is no class.
ClassesOf = Callable[[Counter[str]], Mapping[str, str | None]]


class LabelSets:
    """The labels in `counts`, as written and with their rows, each a set of the labels that `several` tells of."""

    def __init__(
        self, counts: Mapping[str, int], several: SeveralLabels, classes_of: ClassesOf, most_chars: int
    ) -> None:
        parts = {
            label: [_plain(clean_label(part, "", most_chars)) for part in labels_in(label, several)]
            for label in counts
        }
        tally: Counter[str] = Counter()
        for label, names in parts.items():
            tally.update(dict.fromkeys(filter(None, names), counts[label]))
        classes = classes_of(tally)
        self._classes = {label: [classes.get(name) for name in names] for label, names in parts.items()}

    def names(self, label: str) -> list[str]:
        """The classes of the rows with this label."""
        return list(dict.fromkeys(name for name in self._classes[label] if name))

    def keep(self, classes: Collection[str]) -> None:
        """Only these classes; the others are left out."""
        for names in self._classes.values():
            names[:] = [name if name in classes else None for name in names]

    def written(self) -> dict[str, str | None]:
        """Each label with a JSON list of its classes; None where it has some, and all of them are left out."""
        return {
            label: json.dumps(kept, ensure_ascii=False) if (kept := self.names(label)) or not names else None
            for label, names in self._classes.items()
        }


def said(classes: str) -> str:
    """A JSON list of classes as people read it."""
    return " | ".join(json.loads(classes))


def _plain(part: str) -> str:
    """Without the mark that stands between labels where people read them."""
    return part.replace("|", "/")
