"""What all the labels of a column mean, together."""

from collections import Counter

from jobs.kinds.sentences.labels.missing import missing_labels
from jobs.kinds.sentences.labels.spellings import joined
from jobs.kinds.sentences.labels.wrapping import unwrapped
from jobs.kinds.sentences.options import AS_WRITTEN
from jobs.uploads.errors import listed
from jobs.uploads.findings import Notes


def read_labels(
    counts: Counter[str], missing: str | None, notes: Notes, spellings: str | None = None
) -> dict[str, str | None]:
    """Each label of a column with the class that it stands for, None where it stands for none.

    `counts`: rows of each label; `missing` and `spellings`: the options of these names. What was done becomes notes.
    """
    as_written = spellings == AS_WRITTEN
    bare = {label: label for label in counts} if as_written else unwrapped(counts, notes)
    inner: Counter[str] = Counter()
    for label, count in counts.items():
        inner[bare[label]] += count
    none, question = missing_labels(inner, missing)
    if none:
        rows = sum(inner[name] for name in none)
        notes.skip("Labels", f"Left out: rows without a label, {rows:,} in all ({listed(none)}).", rows)
    if question is not None:
        notes.ask(question)
    for name in none:
        del inner[name]
    classes = {label: label for label in inner} if as_written else joined(inner, notes)
    return {label: classes.get(name) for label, name in bare.items()}
