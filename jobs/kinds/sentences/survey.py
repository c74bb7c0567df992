"""Reads a whole table once: counts, copies, contradictions, spellings of labels, a few rows to show."""

from array import array
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from itertools import repeat
from operator import contains

from jobs.kinds.sentences.columns.several import NO_LABEL, SeveralLabels, each_label, find_several
from jobs.kinds.sentences.columns.splits import TEST, TRAIN, VALIDATION
from jobs.kinds.sentences.copies import Copies
from jobs.kinds.sentences.example import TABLE_EXAMPLE
from jobs.kinds.sentences.labels.odd import warn_of_odd_labels
from jobs.kinds.sentences.labels.reading import read_labels
from jobs.kinds.sentences.labels.sets import LabelSets, said
from jobs.kinds.sentences.options import AS_IS, EACH, KEEP_SINGLE
from jobs.kinds.sentences.rows import Table
from jobs.kinds.sentences.usable import UsableRows
from jobs.uploads.class_counts import checked_classes
from jobs.uploads.class_edits import edited_classes
from jobs.uploads.errors import UploadRefused, listed, shown
from jobs.uploads.findings import ClassCount, Notes
from training.ground.limits import Limits

LENGTHS = (0, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000)
_SHOWN_ROWS = 10
_SHOWN_CHARS = 300
# Of rows with several labels each, so many different sets of labels.
_MOST_SETS = 50_000
# So many times more rows without a label than with one.
_FAR_MORE = 5
_NEWLINES_OF_A_LOST_QUOTE = 30


class Survey:
    """What one pass over a table tells. `label_of` maps a label in the file to its class, or to None if dropped.

    Where a row may have any number of labels (`is_many`), what it maps to is a JSON list of classes.
    `take` is given the usable rows on the way, with the labels of the file; then only what decides on them is found
    out: no copies, no lengths.
    """

    def __init__(
        self,
        table: Table,
        limits: Limits,
        notes: Notes,
        take: Callable[[UsableRows], object] | None = None,
    ) -> None:
        self._table = table
        self._limits = limits
        self._notes = notes
        self._index: dict[str, int] = {}
        self._labels = array("i")
        self._hashes = array("q")
        self._numbers = array("q")
        self._shown: dict[str, list[tuple[str, str]]] = defaultdict(list)
        self._splits: Counter[tuple[str, str]] = Counter()
        self.is_many = False
        self._most_labels = 2 * limits.max_classes
        self._read(take)
        tally = Counter(self._labels)
        counts = Counter({label: tally[number] for label, number in self._index.items()})
        if not counts:
            raise self._no_rows()
        self.label_of: dict[str, str | None] = self._named(counts)
        self.classes = self._classes(counts)
        kept = {label: count for label, count in counts.items() if self.label_of[label] is not None}
        self.used = sum(kept.values())
        self.unlabelled = sum(count for label, count in kept.items() if self.label_of[label] == NO_LABEL)
        if take is None:
            classes = {label: name for label, name in self.label_of.items() if name}
            final = [classes.get(label) for label in self._index]
            Copies(self._hashes, self._numbers, self._labels, final).report(table.where, self._said, notes)

    @property
    def rows(self) -> list[tuple[str, str]]:
        """A few rows to show, of as many classes as possible."""
        kept = [rows for label, rows in self._shown.items() if self.label_of[label]]
        picked = [rows[i] for i in range(_SHOWN_ROWS) for rows in kept if i < len(rows)][:_SHOWN_ROWS]
        return [(text, self._said(self.label_of[label] or "")) for text, label in picked]

    @property
    def length_histogram(self) -> list[dict[str, int | None]]:
        ends = [*LENGTHS[1:], None]
        return [
            {"from": start, "to": end, "count": count}
            for start, end, count in zip(LENGTHS, ends, self._lengths, strict=True)
        ]

    @property
    def splits(self) -> dict[str, int]:
        """How many of the rows that are used belong to each given part; empty where none is given."""
        counts: Counter[str] = Counter()
        for (label, split), count in self._splits.items():
            if split and self.label_of[label]:
                counts[split] += count
        return {part: counts[part] for part in (TRAIN, VALIDATION, TEST) if counts[part]}

    def kept_rows(self) -> Iterator[UsableRows]:
        """The rows that are used, with their classes as labels; reads the table again."""
        for rows in self._table.rows():
            names = list(map(self.label_of.get, rows.labels))
            yield rows.labelled(names)

    @property
    def keeps_all(self) -> bool:
        """Whether every usable row is used, under the label that it has."""
        return not self.is_many and all(label == name for label, name in self.label_of.items())

    def _read(self, take: Callable[[UsableRows], object] | None) -> None:
        index, has_room = self._index, set[str]()
        lengths = array("q")
        for rows in self._table.rows():
            labels = dict.fromkeys(rows.labels)
            for label in labels:
                if label not in index and self._new_label(label) <= 4 * _SHOWN_ROWS:
                    has_room.add(label)
            self._labels.extend(map(index.__getitem__, rows.labels))
            if take is None:
                self._hashes.extend(map(hash, rows.texts))
                self._numbers.extend(rows.numbers)
                lengths.extend(map(len, rows.texts))
            if rows.splits is not None:
                self._splits.update(zip(rows.labels, rows.splits, strict=True))
            if not has_room.isdisjoint(labels):
                self._show(rows, has_room)
            if any(map(contains, rows.texts, repeat("\n"))):
                self._warn_of_lost_quotes(rows)
            if take is not None:
                take(rows)
        self._lengths = _histogram(lengths)

    def _show(self, rows: UsableRows, has_room: set[str]) -> None:
        for text, label in zip(rows.texts, rows.labels, strict=True):
            if label in has_room:
                examples = self._shown[label]
                examples.append((shown(text, _SHOWN_CHARS), label))
                if len(examples) >= _SHOWN_ROWS:
                    has_room.remove(label)

    def _warn_of_lost_quotes(self, rows: UsableRows) -> None:
        for number, text in zip(rows.numbers, rows.texts, strict=True):
            if "\n" in text and text.count("\n") > _NEWLINES_OF_A_LOST_QUOTE:
                self._notes.warn(
                    self._table.where(number),
                    f"This text spans {text.count(chr(10)) + 1:,} lines. Was a quotation mark never closed?",
                )

    def _named(self, counts: Counter[str]) -> dict[str, str | None]:
        """Each label with the name of its class, after the user's own edits; None for rows that are left out.

        Rows with several labels have a list of names, or are left out.
        """
        layout, choice = self._table.layout, self._table.options.several_labels
        of_flags = layout.found.flags is not None
        several = None
        if choice == EACH:
            several = each_label(counts, of_flags=of_flags)
        elif choice != AS_IS:
            several = find_several(counts, of_flags=of_flags)
        self.is_many = choice == EACH or (several is not None and self._is_learnt(several))
        if several is not None and self.is_many:
            several.learn_each(layout.label_name, self._notes, asked=choice == EACH)
            self._sets = LabelSets(counts, several, self._classes_of, self._limits.max_label_chars)
            return self._sets.written()
        left_out = dict(several.parts) if several else {}
        if several:
            several.leave_out(layout.label_name, self._notes)
        single = Counter({label: count for label, count in counts.items() if label not in left_out})
        return {**self._classes_of(single), **dict.fromkeys(left_out)}

    def _is_learnt(self, several: SeveralLabels) -> bool:
        """Whether each label is learnt where nobody has chosen."""
        flags = self._table.layout.found.flags
        is_flags = flags is not None and not flags.is_exclusive
        return self._table.options.several_labels != KEEP_SINGLE and (is_flags or not several.are_few)

    def _classes_of(self, counts: Counter[str]) -> dict[str, str | None]:
        """Each label, none of them several, with its class."""
        options = self._table.options
        named = read_labels(counts, self._table.missing, self._notes, options.spellings)
        if not options.classes:
            return named
        return edited_classes(named, options.classes, self._limits.max_label_chars, self._notes)

    def _said(self, name: str) -> str:
        """A class as people read it, or the classes of a row."""
        return said(name) if self.is_many and name else name

    def _new_label(self, label: str) -> int:
        place = self._index[label] = len(self._index)
        if place >= self._most_labels:
            if self._most_labels >= _MOST_SETS or not self._may_be_sets():
                raise self._too_many_classes(place + 1)
            self._most_labels = _MOST_SETS
        return place

    def _may_be_sets(self) -> bool:
        """Whether the labels so far are sets of labels, of which there may be far more than classes."""
        choice, flags = self._table.options.several_labels, self._table.layout.found.flags
        if choice in (AS_IS, KEEP_SINGLE):
            return False
        return choice == EACH or flags is not None or find_several(dict.fromkeys(self._index, 1)) is not None

    def _no_rows(self) -> UploadRefused:
        return UploadRefused(
            f"No row has both a text and a label. {self._columns_hint()} {TABLE_EXAMPLE}",
            status=422,
            code="no_usable_rows",
            notes=self._notes.skipped,
        )

    def _refuse_one_label_per_row(self, counts: Counter[str]) -> None:
        rows, most = counts.total(), max(counts.values())
        all_rows = self._table.count - self._table.blank_count
        if rows * _FAR_MORE < all_rows and self._labels_are_missing():
            raise UploadRefused(
                f'Only {rows:,} of {all_rows:,} rows have a label in "{shown(self._table.layout.label_name, 40)}". '
                "If a label counts for the rows below it, too (merged cells), write it into each of them. "
                f"{self._columns_hint()}",
                status=422,
                code="no_usable_rows",
                notes=self._notes.skipped,
            )
        if len(counts) < 3 or len(counts) * 2 <= rows or most > max(1, rows // 20):
            return
        raise UploadRefused(
            f"Nearly every row has a label of its own ({len(counts):,} labels in {rows:,} rows, such as "
            f"{listed(list(counts), 2)}). {self._columns_hint()} {TABLE_EXAMPLE}",
            status=422,
            code="label_per_row",
            notes=self._notes.skipped,
        )

    def _labels_are_missing(self) -> bool:
        """Whether that is why most of the other rows are left out."""
        skipped = self._notes.skipped
        return sum(note.message == "Left out: the label is empty." for note in skipped) * 2 > len(skipped)

    def _classes(self, counts: Counter[str]) -> list[ClassCount]:
        merged: Counter[str] = Counter()
        for label, count in counts.items():
            for name in self._names(label):
                merged[name] += count
        if not merged:
            raise self._no_rows()
        if not self.is_many:
            self._refuse_one_label_per_row(merged)
        if len(merged) > self._limits.max_classes:
            raise self._too_many_classes(len(merged))
        classes = checked_classes(merged, self._limits, self._notes, things="rows", example=TABLE_EXAMPLE)
        kept = {entry.label for entry in classes}
        if self.is_many:
            self._sets.keep(kept)
            self.label_of = self._sets.written()
            self._tell_lost(counts)
        else:
            self.label_of = {label: name if name in kept else None for label, name in self.label_of.items()}
        warn_of_odd_labels(merged, self._notes)
        return classes

    def _names(self, label: str) -> list[str]:
        """The classes of a label in the file."""
        if self.is_many:
            return self._sets.names(label)
        name = self.label_of[label]
        return [name] if name else []

    def _tell_lost(self, counts: Counter[str]) -> None:
        lost = sum(count for label, count in counts.items() if self.label_of[label] is None)
        if lost:
            self._notes.skip("Labels", "Left out: rows whose labels are all left out.", lost)

    def _too_many_classes(self, count: int) -> UploadRefused:
        return UploadRefused(
            f"There are {count:,} different labels or more; at most {self._limits.max_classes:,} are allowed. "
            f"{self._columns_hint()} {TABLE_EXAMPLE}",
            status=422,
            code="too_many_classes",
        )

    def _columns_hint(self) -> str:
        layout = self._table.layout
        text, label = " and ".join(layout.input_names), layout.label_name
        others = [name for i, name in enumerate(layout.columns) if i not in (layout.input, layout.label)]
        # Few different texts are what labels look like.
        swapped = len(set(self._hashes)) * 2 <= len(self._hashes) > 0
        ask = ": are they swapped?" if swapped else "."
        hint = f'"{shown(text, 40)}" was read as the text and "{shown(label, 40)}" as the label{ask}'
        return f"{hint} Other columns: {listed(others)}." if others else hint


def _histogram(lengths: "array[int]") -> list[int]:
    """How many lengths there are from each of LENGTHS to the next."""
    # Here, because it takes a fifth of a second that a web process has no use for otherwise.
    import numpy as np

    places = np.searchsorted(LENGTHS, np.frombuffer(lengths, dtype=np.int64), side="right") - 1
    return [int(count) for count in np.bincount(places, minlength=len(LENGTHS))]
