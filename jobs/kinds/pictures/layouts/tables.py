"""Layout: a table beside the pictures whose ids are their names."""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from jobs.kinds.pictures.layouts.class_names import named_codes
from jobs.kinds.pictures.layouts.contract import Contents, Reading, Sample
from jobs.kinds.pictures.layouts.described import (
    DescribedTable,
    column_choice,
    described_tables,
    label_name,
    no_such_column,
)
from jobs.kinds.pictures.layouts.several_labels import as_set, refuse_several, separator_of
from jobs.kinds.pictures.layouts.split_names import split_of, words_of
from jobs.kinds.pictures.layouts.table_columns import is_missing, is_set
from jobs.kinds.pictures.layouts.table_files import Cell
from jobs.kinds.pictures.missing_labels import missing_labels
from jobs.kinds.pictures.options import EACH, KEEP, KEEP_SINGLE, NONE
from jobs.uploads.archive import Entry
from jobs.uploads.code_pages import NAMES, next_best
from jobs.uploads.errors import UploadRefused, listed, shown
from jobs.uploads.findings import Notes, Question

_NOT_TRUE = {"submission", "submissions", "predictions", "prediction", "preds"}
_FEW = 0.05
_WHOLE = re.compile(r"-?\d+(?:\.0+)?")


@dataclass(kw_only=True, slots=True)
class TableReading(Reading):
    """`refusal` is set where the table says what cannot be learnt; `where` names the table, `column` its labels.

    `sure` tells whether the column of labels has a name that says so, `open` names the others that it could be.
    """

    where: str
    column: str
    open: list[str]
    sure: bool
    refusal: UploadRefused | None = None

    @property
    def words(self) -> str:
        return f"the table {self.where}"


@dataclass(slots=True)
class _Labels:
    """What tables say of each picture (by its place)."""

    label: dict[int, str] = field(default_factory=dict)
    split: dict[int, str] = field(default_factory=dict)
    group: dict[int, str] = field(default_factory=dict)
    several: dict[int, tuple[str, ...]] = field(default_factory=dict)
    # Pictures of which columns of zeros and ones say that they have none of the labels.
    none: set[int] = field(default_factory=set)
    # Codes of classes with the names that another file gives them.
    names: dict[str, str] = field(default_factory=dict)
    question: Question | None = None
    unknown: int = 0
    missing: int = 0


def read_tables(contents: Contents) -> TableReading | None:
    """The pictures with the labels of the tables beside them; None where no table names pictures and labels."""
    options = contents.options
    every = described_tables(contents)
    found = [one for one in every if options.table in (None, one.table.where)]
    if options.table is None:
        found = [one for one in found if not _NOT_TRUE.intersection(words_of(one.table.entry.parts[-1]))]
    if not found:
        return None
    column = options.label_column
    if column is not None and all(column not in one.table.columns for one in found):
        raise no_such_column(column, found[0])
    main = max(found, key=lambda one: _rank(one, contents))
    alike = [one for one in found if _same_form(one, main)]
    labels = _Labels()
    for one in sorted(alike, key=lambda one: one is not main):
        _collect(one, contents, labels)
    notes = Notes()
    reading = TableReading(
        samples=[],
        notes=notes,
        used={one.table.where for one in alike},
        where=main.table.where,
        column=label_name(main),
        open=[main.table.columns[at] for at in main.roles.open],
        sure=not main.roles.open,
    )
    if contents.options.several_labels == EACH:
        reading.samples = _each(labels, main, contents, notes)
    elif labels.several:
        reading.refusal = _several(main, labels, contents)
        are_few = len(labels.several) <= _FEW * len(labels.label)
        if are_few or contents.options.several_labels == KEEP_SINGLE:
            _leave_out_several(labels, contents, notes)
            reading.refusal = None
    if not reading.samples:
        reading.samples = _samples(labels, main, contents, notes)
    _tell(alike, main, labels, notes)
    return reading if reading.samples or reading.refusal else None


def _rank(one: DescribedTable, contents: Contents) -> tuple[bool, bool, int]:
    chosen = contents.options.label_column in one.table.columns
    return chosen, not one.roles.open, len(one.table.rows)


def _same_form(one: DescribedTable, main: DescribedTable) -> bool:
    return (
        one.table.columns[one.roles.file] == main.table.columns[main.roles.file]
        and label_name(one) == label_name(main)
        and one.table.has_header == main.table.has_header
    )


def _collect(one: DescribedTable, contents: Contents, labels: _Labels) -> None:
    """Adds what the rows of a table say; a table that comes first is not overruled by a later one."""
    table, roles = one.table, one.roles
    read = _reader(one, contents)
    if isinstance(read, _OneColumn):
        labels.names.update(read.names)
        labels.question = labels.question or read.question
    earlier = set(labels.label) | set(labels.several)
    folder = table.entry.parts[:-1]
    for row in table.rows:
        name = row[roles.file]
        at = contents.index.find(name, folder, one.split) if isinstance(name, str) else None
        if at is None:
            labels.unknown += bool(name)
            continue
        if at in earlier:
            continue
        found = read(row)
        if not found:
            if isinstance(read, _Flags) and contents.options.several_labels == EACH:
                labels.none.add(at)
            else:
                labels.missing += 1
            continue
        before = labels.several.get(at) or ((labels.label[at],) if at in labels.label else ())
        every = tuple(dict.fromkeys((*before, *found)))
        if len(every) > 1:
            labels.several[at] = every
        labels.label[at] = every[0]
        split = split_of(str(row[roles.split])) if roles.split is not None else one.split
        if split:
            labels.split[at] = split
        if roles.group is not None and not is_missing(row[roles.group]):
            labels.group[at] = str(row[roles.group])


class _OneColumn:
    def __init__(self, one: DescribedTable, contents: Contents) -> None:
        assert one.roles.label is not None
        self._at = one.roles.label
        every = Counter(row[self._at] for row in one.table.rows)
        words = Counter({value: count for value, count in every.items() if isinstance(value, str)})
        self._missing, self.question = missing_labels(words, contents.options.missing)
        counts = Counter({value: count for value, count in every.items() if value not in self._missing})
        self._mark = separator_of(counts)
        texts = [value for value in counts if isinstance(value, str)]
        names = one.table.names.get(one.table.columns[self._at])
        if contents.options.codes == KEEP:
            self.names: Mapping[str, str] = {}
        else:
            self.names = named_codes(texts, names, contents) or _whole_numbers(texts)

    def __call__(self, row: Sequence[Cell]) -> tuple[str, ...]:
        cell = row[self._at]
        if cell in self._missing:
            return ()
        if isinstance(cell, tuple):
            return tuple(self.names.get(part, part) for part in cell)
        if self._mark is not None:
            return tuple(part for part in map(str.strip, cell.split(self._mark)) if part)
        return (self.names.get(cell, cell),)


def _whole_numbers(texts: Sequence[str]) -> Mapping[str, str]:
    """Whole numbers without the decimals that a program gave them, where all labels are numbers."""
    if not all(map(_WHOLE.fullmatch, texts)) or not any("." in text for text in texts):
        return {}
    return {text: text.partition(".")[0] for text in texts}


def _reader(one: DescribedTable, contents: Contents) -> "_OneColumn | _Flags":
    return _OneColumn(one, contents) if one.roles.label is not None else _Flags(one)


class _Flags:
    def __init__(self, one: DescribedTable) -> None:
        self._columns = [(at, one.table.columns[at]) for at in one.roles.flags]

    def __call__(self, row: Sequence[Cell]) -> tuple[str, ...]:
        return tuple(name for at, name in self._columns if is_set(row[at]))


def _each(labels: _Labels, main: DescribedTable, contents: Contents, notes: Notes) -> list[Sample]:
    """The pictures with all of their labels, where some have several or none."""
    if not (labels.several or labels.none):
        return []
    sets = {at: (label,) for at, label in labels.label.items()} | labels.several
    every = {at: as_set(sets.get(at, ())) for at in {*sets, *labels.none}}
    labels.label = {at: words for at, (words, _) in every.items()}
    count = len(labels.several)
    notes.repair(main.table.where, f"{count:,} pictures have several labels, each of which is learnt.")
    samples = _samples(labels, main, contents, notes)
    place = {id(entry): at for at, entry in enumerate(contents.pictures)}
    return [replace(sample, labels=every[place[id(sample.entry)]][1]) for sample in samples]


def _several(main: DescribedTable, labels: _Labels, contents: Contents) -> UploadRefused:
    at, found = next(iter(labels.several.items()))
    where = contents.pictures[at].where
    if main.roles.boxes:
        from jobs.kinds.pictures.layouts.marks import refuse_boxes

        return refuse_boxes(main.table.where, where, list(found))
    refusal = refuse_several(
        main.table.where, where, list(found), count=len(labels.several), column=label_name(main)
    )
    refusal.columns = column_choice(main)
    return refusal


def _leave_out_several(labels: _Labels, contents: Contents, notes: Notes) -> None:
    first = next(iter(labels.several))
    notes.skip(
        contents.pictures[first].where,
        f"{len(labels.several):,} pictures have several labels in the table, this one for example "
        f"({listed(list(labels.several[first]))}); they were left out.",
        len(labels.several),
        undo={"several_labels": EACH},
    )
    for at in labels.several:
        del labels.label[at]


def _samples(labels: _Labels, main: DescribedTable, contents: Contents, notes: Notes) -> list[Sample]:
    splits = _splits_of_folders(labels, contents)
    without = []
    samples = []
    for at, entry in enumerate(contents.pictures):
        label = labels.label.get(at)
        if label is None:
            if at not in labels.several:
                without.append(entry)
            continue
        split = labels.split.get(at) or splits.get(at, "")
        samples.append(Sample(entry, label, split, labels.group.get(at, "")))
    _skip_unnamed(without, main, notes)
    return samples


def _skip_unnamed(without: Sequence[Entry], main: DescribedTable, notes: Notes) -> None:
    folders: dict[tuple[str, ...], list[Entry]] = {}
    for entry in without:
        folders.setdefault(entry.parts[:-1], []).append(entry)
    for parts, entries in folders.items():
        where = "/".join(parts) + "/" if parts and len(entries) > 1 else entries[0].where
        table = shown(main.table.where, 60)
        message = (
            f"{len(entries):,} pictures have no label in {table}; they were left out."
            if len(entries) > 1
            else f"This has no label in {table}; it was left out."
        )
        notes.skip(where, message, len(entries))


def _splits_of_folders(labels: _Labels, contents: Contents) -> Mapping[int, str]:
    """The part that the folders around each labelled picture tell."""
    known: dict[tuple[str, ...], str] = {}
    splits = {}
    for at in labels.label:
        folders = contents.pictures[at].parts[:-1]
        if folders not in known:
            known[folders] = next((split for name in folders if (split := split_of(name))), "")
        splits[at] = known[folders]
    return splits


def _tell(alike: Sequence[DescribedTable], main: DescribedTable, labels: _Labels, notes: Notes) -> None:
    names = listed([one.table.where for one in alike])
    file = main.table.columns[main.roles.file]
    if main.roles.label is None:
        columns = listed([main.table.columns[at] for at in main.roles.flags])
        notes.repair(
            names,
            f'The labels were read from this table: files from "{shown(file, 40)}", classes from {columns}.',
        )
    else:
        notes.repair(
            names,
            f'The labels were read from this table: files from "{shown(file, 40)}", '
            f'labels from "{shown(label_name(main), 40)}".',
        )
    if labels.question is not None:
        notes.ask(labels.question)
    changed = [f"{code}: {name}" for code, name in labels.names.items() if code != name]
    if changed:
        notes.repair(
            names,
            f"The codes in the table were replaced by the names of their classes ({listed(changed, 3)}).",
            undo={"codes": KEEP},
        )
    if page := main.table.encoding:
        other = next_best(page, [])
        notes.repair(
            main.table.where,
            f"This table is not UTF-8; it was read as {NAMES.get(page, page)}. If letters look wrong, choose another "
            "encoding.",
            undo={"encoding": other} if other else None,
        )
    if main.roles.group is not None:
        column = shown(main.table.columns[main.roles.group], 40)
        notes.repair(
            main.table.where,
            f'Pictures with the same "{column}" count as one source.',
            undo={"sources": NONE},
        )
    if labels.unknown:
        notes.warn(
            names,
            f"{labels.unknown:,} rows name pictures that are not in the zip, or not surely one of them.",
        )
    if labels.missing:
        notes.warn(names, f"{labels.missing:,} rows have no label.", undo={"missing": "keep"})
