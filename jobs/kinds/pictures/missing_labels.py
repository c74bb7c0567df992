"""Labels and folders that say: no label."""

from collections import Counter
from collections.abc import Iterable

from jobs.uploads.findings import Question

LEAVE_OUT, KEEP = MISSING = ("leave_out", "keep")
# What programs write for a missing value, and what no class is called.
_SURELY = frozenset(("", "nan", "n/a", "#n/a", "\\n", "<na>", "nat", "nil"))
_UNLABELLED = frozenset((
    "unlabeled", "unlabelled", "unlabel", "unlabled", "untagged", "unsup", "not labeled", "not labelled", "no label",
))  # fmt: skip
# What may be a class of that name. "none" is a word of people: there is nothing of the kind in the picture.
_MAYBE = frozenset(("null", "NULL", "Null", "None", "NA", "-", "--", "undefined"))
_FEW = 0.05


def is_unlabelled(name: str) -> bool:
    """Whether a folder or label is called so where nobody gave a label."""
    return " ".join(name.casefold().replace("_", " ").replace("-", " ").split()) in _UNLABELLED


def missing_labels(counts: Counter[str], choice: str | None) -> tuple[frozenset[str], Question | None]:
    """The labels of a column that mean: none; and a question where that is open. `choice` is one of MISSING."""
    if choice == KEEP:
        return frozenset(("",)), None
    sure = frozenset(label for label in counts if label.casefold() in _SURELY or is_unlabelled(label))
    maybe = [label for label in counts if label in _MAYBE]
    if not maybe or choice == LEAVE_OUT:
        return sure | frozenset(maybe), None
    rows = sum(counts[label] for label in maybe)
    return sure | frozenset(maybe), _question(
        maybe, rows, counts.total()
    ) if rows > _FEW * counts.total() else None


def _question(labels: Iterable[str], rows: int, total: int) -> Question:
    names = ", ".join(f'"{label}"' for label in labels)
    return Question(
        field="missing",
        message=f"The label is {names} in {rows:,} of {total:,} rows. Does that mean that the label is missing there, "
        "or is it a class of its own?",
        guess=LEAVE_OUT,
        choices=MISSING,
    )
