"""What was found in an upload: classes, samples, and notes on what was repaired, skipped or looks odd."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from jobs.uploads.errors import MAX_NOTES, shown
from training.kinds import ONE_LABEL

# Pages and API show the first MAX_NOTES of each kind; the CSV file holds as many as this.
MOST_NOTES = 10_000
_MAX_MESSAGE = 500
_SAME = 3  # so many more than one become one line
_EXAMPLES = re.compile(
    r'\([^()]*(?:\([^()]*\)[^()]*)*\)|"[^"]*"|[\d,.]*\d'
)  # what differs in notes that say the same


@dataclass(frozen=True, slots=True)
class Note:
    """One finding: `where` is a file or a row, `message` what was done and what one can do.

    `undo` are the options that take it back, where it was a guess.
    """

    where: str
    message: str
    undo: Mapping[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        return f"{self.where}: {self.message}" if self.where else self.message

    def to_json(self) -> dict[str, Any]:
        undo = {"undo": dict(self.undo)} if self.undo else {}
        return {"where": self.where, "message": self.message, **undo}


@dataclass(frozen=True, slots=True)
class ClassCount:
    """A class and how many samples of it can be used."""

    label: str
    count: int

    def to_json(self) -> dict[str, Any]:
        return {"label": self.label, "count": self.count}


@dataclass(frozen=True, kw_only=True, slots=True)
class Question:
    """What is really open, so that nothing is learnt before it was answered.

    `field` is the option that answers it, `guess` the value of `choices` that was taken for now.
    """

    field: str
    message: str
    guess: str
    choices: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        return {
            "field": self.field,
            "message": self.message,
            "guess": self.guess,
            "choices": list(self.choices),
        }


@dataclass(slots=True)
class Notes:
    """Notes while reading: the first MOST_NOTES of each kind are kept, all skipped samples are counted."""

    repairs: list[Note] = field(default_factory=list)
    skipped: list[Note] = field(default_factory=list)
    warnings: list[Note] = field(default_factory=list)
    questions: list[Question] = field(default_factory=list)
    offered: dict[str, list[str]] = field(default_factory=dict)
    found: dict[str, str] = field(default_factory=dict)
    skipped_count: int = 0

    def offer(self, option: str, values: Iterable[str]) -> None:
        """Values that an option may have with this file, such as the names of its sheets."""
        self.offered[option] = list(values)

    def find(self, option: str, words: str) -> None:
        """What was taken where nobody chose a value of this option, in words that follow "As found:"."""
        self.found[option] = shown(words)

    def repair(self, where: str, message: str, *, undo: Mapping[str, str] | None = None) -> None:
        """What was done; of a guess, `undo` are the options that take it back."""
        _add(self.repairs, where, message, undo)

    def skip(
        self, where: str, message: str, count: int = 1, *, undo: Mapping[str, str] | None = None
    ) -> None:
        self.skipped_count += count
        _add(self.skipped, where, message, undo)

    def warn(self, where: str, message: str, *, undo: Mapping[str, str] | None = None) -> None:
        _add(self.warnings, where, message, undo)

    def ask(self, question: Question) -> None:
        """Asks once for each field."""
        if all(asked.field != question.field for asked in self.questions):
            self.questions.append(question)


@dataclass(frozen=True, kw_only=True, slots=True)
class Findings:
    """What the uploads of all kinds have in common. `classes` are in alphabetical order.

    `splits` counts the samples of each given part ("train", "validation", "test"); empty where none is given. `offered`
    are the values that an option may have with this file; `found` says in words what was taken for one left open.
    `target` is what can be learnt from a sample, MANY_LABELS where it may have any number of them; then `unlabelled`
    samples have none. `order` are the classes, the lowest first, where they are in an order.
    """

    classes: list[ClassCount]
    sample_count: int
    repairs: list[Note]
    skipped: list[Note]
    skipped_count: int
    warnings: list[Note]
    questions: list[Question] = field(default_factory=list)
    splits: dict[str, int] = field(default_factory=dict)
    offered: dict[str, list[str]] = field(default_factory=dict)
    found: dict[str, str] = field(default_factory=dict)
    target: str = ONE_LABEL
    unlabelled: int = 0
    order: list[str] = field(default_factory=list)

    def to_json(self) -> dict[str, Any]:
        return {
            "classes": _as_json(self.classes),
            "sample_count": self.sample_count,
            "repairs": _as_json(grouped(self.repairs)[:MAX_NOTES]),
            "skipped": _as_json(grouped(self.skipped)[:MAX_NOTES]),
            "skipped_count": self.skipped_count,
            "skipped_lines": len(self.skipped),
            "warnings": _as_json(grouped(self.warnings)[:MAX_NOTES]),
            "questions": _as_json(self.questions),
            "splits": self.splits,
            "offered": self.offered,
            "found": self.found,
            "target": self.target,
            "unlabelled": self.unlabelled,
            "order": self.order,
        }


def grouped(notes: Sequence[Note]) -> list[Note]:
    """Notes that say the same of many rows or files made one: that of the first, with how many more there are."""
    alike: dict[str, list[Note]] = {}
    for note in notes:
        alike.setdefault(_EXAMPLES.sub("", note.message), []).append(note)
    lines: list[Note] = []
    for same in alike.values():
        first, more = same[0], len(same) - 1
        if more < _SAME or any(note.undo != first.undo for note in same):
            lines += same
        else:
            least = "at least " if len(notes) >= MOST_NOTES else ""
            lines.append(replace(first, where=f"{first.where} and {least}{more:,} more"))
    return lines


def _add(notes: list[Note], where: str, message: str, undo: Mapping[str, str] | None = None) -> None:
    if len(notes) < MOST_NOTES:
        notes.append(Note(shown(where, 200), message[:_MAX_MESSAGE], undo or {}))


def _as_json(entries: Iterable[Note | ClassCount | Question]) -> list[dict[str, Any]]:
    return [entry.to_json() for entry in entries]
