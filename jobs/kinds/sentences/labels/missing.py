"""Labels that say: no label."""

from collections import Counter
from collections.abc import Collection

from jobs.uploads.findings import Question

# What programs write for a missing value, and what no class is called.
SURELY_MISSING = frozenset((
    "nan", "NaN", "NAN", "-nan", "-NaN", "+nan", "nan.0", "1.#QNAN", "1.#IND", "-1.#IND", "<NA>", "<na>", "NaT", "\\N",
    "#N/A", "#N/A N/A", "#NA", "#NULL!", "#REF!", "#VALUE!", "#NAME?", "#DIV/0!", "#NUM!", "#N/V", "#NV", "N/A", "n/a",
    "[]", "{}", "()", "[None]", "[null]", "[nan]", "['']", '[""]', "[NULL]", "(null)", "<null>", "[NaN]",
))  # fmt: skip
# What datasets call the rows that nobody labelled.
_UNLABELLED = frozenset(("unsup", "unlabeled", "unlabelled", "unlabled", "not labeled", "not labelled"))
_DASHES = frozenset(("-", "--", "\u2013", "\u2014"))
# What may be a missing value or a class of that name; as a program writes them, and as people do.
_NULLS = ("null", "NULL", "Null", "nil", "None", "NA", "none", "undefined", "NONE")
_OF_PROGRAMS = frozenset((
    "undefined", "boolean", "bool", "string", "str", "number", "int", "integer", "float", "double", "object", "array",
    "list", "function", "void", "char", "symbol", "bigint", "dict", "date", "nil", "true", "false", "type", "pointer",
))  # fmt: skip
_OF_DEGREES = frozenset((
    "some", "all", "many", "few", "any", "both", "either", "one", "low", "medium", "high", "mild", "moderate", "severe",
    "minor", "major", "partial", "full", "complete", "weak", "strong", "slight", "light", "heavy", "critical", "other",
    "little", "several", "positive", "negative", "neutral", "mixed", "unknown",
))  # fmt: skip
_FEW = 0.05  # of the rows: so few are told, not asked about
_NUMBER_MARKS = frozenset("0123456789.,+-eE")


def missing_labels(counts: Counter[str], choice: str | None) -> tuple[list[str], Question | None]:
    """The labels that mean: none; and a question where that is open.

    `choice` is the option "missing": "leave_out", "keep" (all of them are classes), or None to find out.
    """
    if choice == "keep":
        return [label for label in counts if label in ("[]", "{}", "()")], None
    sure = [label for label in counts if label in SURELY_MISSING or label.casefold() in _UNLABELLED]
    sure += _dashes(counts)
    maybe = [label for label in counts if label in _NULLS]
    if not maybe:
        return sure, None
    if choice == "leave_out":
        return sure + maybe, None
    others = [label for label in counts if label not in maybe and label not in sure]
    written = [label for label in maybe if _by_a_program(label, others)]
    unsure = [label for label in maybe if label not in written and _is_open(label, others)]
    found = [*sure, *written, *unsure]
    few = sum(counts[label] for label in unsure) <= _FEW * counts.total()
    return found, _question(unsure, counts) if unsure and not few else None


def _dashes(labels: Collection[str]) -> list[str]:
    """A dash for an empty cell, where all other labels are words."""
    dashes = [label for label in labels if label in _DASHES]
    return dashes if all(any(map(str.isalpha, label)) for label in labels if label not in _DASHES) else []


def _by_a_program(label: str, others: Collection[str]) -> bool:
    """Numbers, or truth values, and no word beside them: then a word that says nothing is no class."""
    truths = {"true", "false", "yes", "no", "t", "f", "y", "n"}
    return bool(others) and all(set(other) <= _NUMBER_MARKS or other.casefold() in truths for other in others)


def _is_open(label: str, others: Collection[str]) -> bool:
    """Not where the words beside it show that it is one of them."""
    words = {other.casefold() for other in others if len(other) <= 20}
    if label in ("none", "NONE") or (label == "None" and all(other[:1].isupper() for other in others)):
        # A word of people; a program would write None among words that begin small.
        return False
    if words & _OF_PROGRAMS:
        return False
    if label == "NA":
        return not all(other.isupper() and len(other) <= 3 for other in others)
    if label == "undefined":
        return False
    return not (label == "None" and words & _OF_DEGREES)


def _question(labels: list[str], counts: Counter[str]) -> Question:
    names = ", ".join(f'"{label}"' for label in labels)
    rows = sum(counts[label] for label in labels)
    return Question(
        field="missing",
        message=(
            f"The label is {names} in {rows:,} of {counts.total():,} rows. Does that mean that the label is missing "
            "there (leave_out), or is it a class of its own (keep)?"
        ),
        guess="leave_out",
        choices=("leave_out", "keep"),
    )
