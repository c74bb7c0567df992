"""What each column of a table means: text, label, given part, source."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from jobs.kinds.sentences.columns.choice import (
    doubtful_labels,
    doubtful_texts,
    names_of_codes,
    ranked_labels,
    ranked_texts,
)
from jobs.kinds.sentences.columns.flags import Flags, find_flags
from jobs.kinds.sentences.columns.names import is_unnamed, label_rank, label_word_rank, plain_name
from jobs.kinds.sentences.columns.profile import Column, Role, profiles
from jobs.kinds.sentences.columns.splits import is_split, part_of
from jobs.kinds.sentences.formats.contract import Cells, Meaning
from jobs.kinds.sentences.options import NOTHING, TableOptions
from jobs.uploads.errors import UploadRefused, listed, shown
from jobs.uploads.findings import Notes, Question

_JOINT = "\n"
# Between the names of columns that are chosen together.
_TOGETHER = " + "


@dataclass(frozen=True, kw_only=True, slots=True)
class Found:
    """Places of the columns: the text, in several parts perhaps; the label, or `flags` in its stead."""

    inputs: tuple[int, ...]
    label: int
    flags: Flags | None = None
    split: int | None = None
    group: int | None = None

    @property
    def is_plain(self) -> bool:
        """Whether text and label are one cell each, and nothing else is told."""
        return len(self.inputs) == 1 and not self.flags and self.split is None and self.group is None

    def split_in(self, cells: Cells) -> str:
        """The part that a row belongs to: "train", "validation", "test" or ""."""
        return "" if self.split is None else part_of(_cell(cells, self.split))

    def group_in(self, cells: Cells) -> str:
        """The source of a row; "" where it is not told."""
        return "" if self.group is None else _cell(cells, self.group).strip()

    def text_in(self, cells: Cells) -> str | None:
        """The text of a row; None where it is no single value."""
        if len(self.inputs) == 1:
            return cells[self.inputs[0]]
        return joined([cells[index] for index in self.inputs])

    def label_in(self, cells: Cells) -> str | None:
        """The label of a row; None where it is no single value."""
        return self.flags.label_in(cells) if self.flags else cells[self.label]


def joined(parts: Sequence[str | None]) -> str | None:
    """One text of several, each on a line of its own; None where all are no single values."""
    if all(part is None for part in parts):
        return None
    return _JOINT.join(text for part in parts if part and (text := part.strip()))


def named_column(name: str, columns: Sequence[str], field: str) -> int:
    """The place of the column of this name; raises UploadRefused (422) where there is none."""
    for same in (str, plain_name):
        for index, column in enumerate(columns):
            if same(column) == same(name):
                return index
    message = f'There is no column "{shown(name, 40)}"; there are {listed(columns, 10)}.'
    raise UploadRefused(message, status=422, code="column_unknown", fields={field: [message]})


def named_columns(name: str, columns: Sequence[str], field: str) -> list[int]:
    """As `named_column`, and the places of several whose names stand together: "Subject + Body"."""
    names = name.split(_TOGETHER)
    known = {plain_name(column) for column in columns}
    if len(names) > 1 and name not in columns and all(plain_name(one) in known for one in names):
        return [named_column(one, columns, field) for one in names]
    return [named_column(name, columns, field)]


def find_meaning(
    names: Sequence[str], data: Sequence[Cells], options: TableOptions, meaning: Meaning, notes: Notes
) -> Found:
    """What the columns mean, from the first rows; what is open is asked. Raises UploadRefused (422)."""
    return _Search(names, data, options, meaning, notes).find()


class _Search:
    def __init__(
        self,
        names: Sequence[str],
        data: Sequence[Cells],
        options: TableOptions,
        meaning: Meaning,
        notes: Notes,
    ) -> None:
        self._names = names
        self._data = data
        self._options = options
        self._meaning = meaning
        self._notes = notes
        self._columns = profiles(names, data)

    def find(self) -> Found:
        inputs, label = self._chosen_inputs(), self._chosen(self._options.label_column, "label_column")
        if label is None and self._meaning.label:
            label = self._chosen(self._meaning.label, "label_column")
        group = self._chosen(self._options.group_column or self._meaning.group, "group_column")
        taken = {*inputs, label, group}
        split = self._split(taken)
        self._refuse_same(inputs, label)
        free = [column for column in self._columns if column.index not in taken | {split}]
        flags = self._flags(free) if label is None else None
        if label is None and not flags:
            label = self._label(free, inputs)
        if not inputs:
            inputs = self._text([column for column in free if column.index != label], flags)
        first = flags.columns[0] if flags else label or 0
        found = Found(inputs=inputs, label=first, flags=flags, split=split, group=group)
        self._note(found)
        return found

    def _chosen_inputs(self) -> tuple[int, ...]:
        wanted = self._options.inputs or self._meaning.inputs
        field = "input_columns" if self._options.input_columns else "input_column"
        return tuple(
            dict.fromkeys(index for name in wanted for index in named_columns(name, self._names, field))
        )

    def _chosen(self, name: str | None, field: str) -> int | None:
        return named_column(name, self._names, field) if name and name != NOTHING else None

    def _refuse_same(self, inputs: tuple[int, ...], label: int | None) -> None:
        if label is not None and label in inputs:
            message = "Text and label cannot be the same column."
            raise UploadRefused(
                message, status=422, code="column_invalid", fields={"label_column": [message]}
            )

    def _split(self, taken: set[int | None]) -> int | None:
        wanted = self._options.split_column
        if wanted:
            return self._chosen(wanted, "split_column")
        if self._meaning.split:
            return self._chosen(self._meaning.split, "split_column")
        if len(self._columns) < 3:
            return None
        named = [column.index for column in self._columns if label_rank(column.name) is not None]
        for column in self._columns:
            is_label = set(named) <= {column.index} and label_rank(column.name) is not None
            if column.index not in taken and is_split(column.name, column.values, is_label=is_label):
                self._notes.repair(
                    "Columns",
                    f'"{shown(column.name, 40)}" tells which rows are for training, validation and test: the given '
                    "split is kept.",
                    undo={"split_column": NOTHING},
                )
                return column.index
        return None

    def _flags(self, free: Sequence[Column]) -> Flags | None:
        """Columns of zeros and ones, where no other column is called the label."""
        flags = find_flags(free, self._data)
        if flags is None:
            return None
        others = [column for column in free if column.index not in flags.columns]
        if others and ranked_labels(others)[0].fit < 2:
            return None
        if flags.is_exclusive:
            self._notes.repair(
                "Columns",
                f"{len(flags.columns)} columns of {flags.marks} were read as one label ({listed(flags.classes)}): "
                "in each row exactly one of them is set.",
                undo={"label_column": self._names[flags.columns[0]]},
            )
        return flags

    def _label(self, free: Sequence[Column], inputs: tuple[int, ...]) -> int:
        candidates = [column for column in free if column.index not in inputs]
        if not inputs and len(candidates) > 1:
            # The only column of sentences is not the label.
            text = ranked_texts(candidates)[0]
            named = label_rank(text.column.name) is not None or label_word_rank(text.column.name) is not None
            if not named:
                candidates = [column for column in candidates if column is not text.column]
        ranked = ranked_labels(candidates)
        best = ranked[0].column
        if names := names_of_codes(best, candidates, self._data):
            self._notes.repair(
                "Columns",
                f'"{shown(names.name, 40)}" has the names of the classes whose numbers are in '
                f'"{shown(best.name, 40)}", so the names are learnt.',
                undo={"label_column": best.name},
            )
            return names.index
        self._ask_for_label(best, doubtful_labels(ranked), [one.column for one in ranked])
        return best.index

    def _ask_for_label(self, best: Column, equal: Sequence[Column], ranked: Sequence[Column]) -> None:
        others = [column.name for column in ranked if column is not best]
        if best.role is Role.MEASURE:
            message = (
                f'The numbers in "{shown(best.name, 40)}" look like measurements, not classes: each different number '
                "would be a class of its own. Which column holds the class?"
            )
        elif len(equal) == 1:
            message = (
                f'Which column holds the class? No name tells it; "{shown(best.name, 40)}" was taken, which may be '
                "something else."
            )
        elif equal:
            message = f"Which column holds the class? It may be {listed([f'“{one.name}”' for one in equal])}."
        elif twins := _twins(best, ranked):
            equal = twins
            several = f'There are {len(twins) + 1} columns called "{shown(best.name, 40)}"'
            message = f"{several}. Which of them holds the class?"
        else:
            return
        choices = tuple(dict.fromkeys([best.name, *(one.name for one in equal), *others]))
        self._notes.ask(Question(field="label_column", message=message, guess=best.name, choices=choices))

    def _text(self, free: Sequence[Column], flags: Flags | None) -> tuple[int, ...]:
        candidates = [column for column in free if not flags or column.index not in flags.columns]
        if not candidates:
            message = "No column is left for the text. Choose the columns with the text and the label."
            raise UploadRefused(
                message, status=422, code="column_invalid", fields={"input_column": [message]}
            )
        ranked = [one.column for one in ranked_texts(candidates)]
        equal = doubtful_texts(ranked_texts(candidates))
        if not equal and (twins := _twins(ranked[0], ranked)):
            equal = [ranked[0], *twins]
        if not equal:
            return (ranked[0].index,)
        equal.sort(key=lambda column: column.index)
        # Two halves of a pair, such as question1 and question2, belong together.
        stems = {column.name.rstrip("0123456789 _") for column in equal}
        is_pair = len(stems) == 1 and not any(is_unnamed(column.name) for column in equal)
        self._ask_for_text(equal, ranked, is_pair=is_pair)
        return tuple(column.index for column in equal) if is_pair else (ranked[0].index,)

    def _ask_for_text(self, equal: Sequence[Column], ranked: Sequence[Column], *, is_pair: bool) -> None:
        names = [column.name for column in equal]
        together = _TOGETHER.join(names)
        others = [column.name for column in ranked if column not in equal]
        self._notes.ask(
            Question(
                field="input_column",
                message=(
                    f"Which column holds the text? It may be {listed([f'“{name}”' for name in names])}, or all of "
                    "them together."
                ),
                guess=together if is_pair else ranked[0].name,
                choices=(*names, together, *others),
            )
        )

    def _note(self, found: Found) -> None:
        """Says what was read as what, unless the names say it themselves."""
        texts = [self._names[index] for index in found.inputs]
        used = {*found.inputs, found.split, found.group}
        used |= set(found.flags.columns) if found.flags else {found.label}
        others = [name for index, name in enumerate(self._names) if index not in used]
        label = "" if found.flags else self._names[found.label]
        if (texts, label) == (["input"], "label") and not others:
            return
        quoted = " and ".join(f'"{shown(name, 40)}"' for name in texts)
        said = f"{quoted} {'is' if len(texts) == 1 else 'are joined and'} read as the text"
        if label:
            said = f'{said} and "{shown(label, 40)}" as the label'
        more = " A prediction takes one text: put the parts on lines of their own." if len(texts) > 1 else ""
        rest = f" Not used: {listed(others)}." if others else ""
        self._notes.repair("Columns", f"{said}.{more}{rest}")


def _twins(best: Column, columns: Sequence[Column]) -> list[Column]:
    """The other columns of the same name that are filled, and say something else."""
    name = re.compile(re.escape(best.name) + r" \(\d+\)")
    return [
        column
        for column in columns
        if name.fullmatch(column.name) and column.filled * 2 >= best.filled and column.values != best.values
    ]


def _cell(cells: Cells, index: int) -> str:
    return (cells[index] or "") if index < len(cells) else ""
