"""Labels that can be learnt, but are hardly what was meant: measurements, names of rows, bare numbers."""

import re
from collections import Counter

from jobs.uploads.errors import listed
from jobs.uploads.findings import Notes

_WHOLE = re.compile(r"[-+]?[0-9]{1,18}")
_MEASURE = re.compile(r"[-+]?\d*[.,]\d+(?:[eE][-+]?\d+)?")


def warn_of_odd_labels(counts: Counter[str], notes: Notes) -> None:
    """Warns of the first of these that holds; `counts` are rows by label."""
    rows = counts.total()
    numbers = sum(1 for label in counts if _MEASURE.fullmatch(label))
    if len(counts) > 20 and numbers * 2 > len(counts):
        notes.warn(
            "Labels", "The labels look like measurements. Each different number is a class of its own."
        )
    elif len(counts) >= 20 and len(counts) * 5 > rows:
        notes.warn(
            "Labels",
            f"There are {len(counts):,} labels for {rows:,} rows. Are they names or numbers of the rows?",
        )
    elif all(_WHOLE.fullmatch(label) for label in counts):
        ordered = sorted(counts, key=int)
        notes.warn(
            "Labels",
            f"The labels are numbers ({listed(ordered, 3)}): the model will answer with them, without "
            "knowing that 2 lies between 1 and 3. If they stand for names, write the names.",
        )
