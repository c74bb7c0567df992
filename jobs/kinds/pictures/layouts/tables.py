"""Layout: a table beside the pictures whose ids are their names."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from jobs.kinds.pictures.layouts.class_names import named_codes
from jobs.kinds.pictures.layouts.contract import Contents, Reading, Sample
from jobs.kinds.pictures.layouts.several_labels import refuse_several, separator_of
from jobs.kinds.pictures.layouts.split_names import split_of, words_of
from jobs.kinds.pictures.layouts.table_columns import Roles, file_column, is_missing, is_set, roles_of
from jobs.kinds.pictures.layouts.table_files import SUFFIXES, Cell, PictureTable, read_table, without_header
from jobs.uploads.archive import Entry
from jobs.uploads.errors import UploadRefused, listed, shown
from jobs.uploads.findings import Notes

_NOT_TRUE = {"submission", "submissions", "predictions", "prediction", "preds"}
_FEW = 0.05
_MOST_TABLES = 100


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


@dataclass(slots=True)
class _Labels:
    """What tables say of each picture (by its place)."""

    label: dict[int, str] = field(default_factory=dict)
    split: dict[int, str] = field(default_factory=dict)
    group: dict[int, str] = field(default_factory=dict)
    several: dict[int, tuple[str, ...]] = field(default_factory=dict)
    unknown: int = 0
    missing: int = 0


@dataclass(slots=True)
class _Described:
    """A table, the meaning of its columns, and the part of the dataset that its name tells."""

    table: PictureTable
    roles: Roles
    split: str


def read_tables(contents: Contents) -> TableReading | None:
    """The pictures with the labels of the tables beside them; None where no table names pictures and labels."""
    found = list(_described(contents))
    if not found:
        return None
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
        column=_label_name(main),
        open=[main.table.columns[at] for at in main.roles.open],
        sure=not main.roles.open,
    )
    if labels.several:
        reading.refusal = _several(main, labels, contents)
        if len(labels.several) <= _FEW * len(labels.label):
            _leave_out_several(labels, contents, notes)
            reading.refusal = None
    reading.samples = _samples(labels, main, contents, notes)
    _tell(alike, main, labels, notes)
    return reading if reading.samples or reading.refusal else None


def table_files(contents: Contents) -> Iterator[Entry]:
    """The files that may be tables with labels."""
    wanted = contents.options.table
    for entry in contents.files:
        if entry.suffix not in SUFFIXES:
            continue
        if wanted is not None and entry.where != wanted:
            continue
        if wanted is None and _NOT_TRUE.intersection(words_of(entry.parts[-1])):
            continue
        yield entry


def _described(contents: Contents) -> Iterator[_Described]:
    # A text called like a picture is an annotation of it, not a table.
    entries = [
        entry
        for entry in table_files(contents)
        if entry.suffix not in (".txt", ".json")
        or contents.index.find(entry.parts[-1].rpartition(".")[0]) is None
    ]
    for entry in sorted(entries, key=lambda entry: len(entry.parts))[:_MOST_TABLES]:
        table = read_table(contents, entry)
        if table is None or not table.rows:
            continue
        split = split_of(entry.parts[-1].rpartition(".")[0])
        if any(contents.index.find(str(name), entry.parts[:-1], split) is not None for name in table.head):
            table = without_header(table)
        file = file_column(table, contents.index, split)
        if file is None or len(table.columns) < 2:
            continue
        roles = roles_of(table, file, contents.options.label_column)
        if roles.label is not None or roles.flags:
            yield _Described(table, roles, split)


def _rank(one: _Described, contents: Contents) -> tuple[bool, bool, int]:
    chosen = contents.options.label_column in one.table.columns
    return chosen, not one.roles.open, len(one.table.rows)


def _same_form(one: _Described, main: _Described) -> bool:
    return (
        one.table.columns[one.roles.file] == main.table.columns[main.roles.file]
        and _label_name(one) == _label_name(main)
        and one.table.has_header == main.table.has_header
    )


def _label_name(one: _Described) -> str:
    return "" if one.roles.label is None else one.table.columns[one.roles.label]


def _collect(one: _Described, contents: Contents, labels: _Labels) -> None:
    """Adds what the rows of a table say; a table that comes first is not overruled by a later one."""
    table, roles = one.table, one.roles
    read = _reader(one, contents)
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
    def __init__(self, one: _Described, contents: Contents) -> None:
        assert one.roles.label is not None
        self._at = one.roles.label
        counts = Counter(row[self._at] for row in one.table.rows if not is_missing(row[self._at]))
        self._mark = separator_of(counts)
        texts = [value for value in counts if isinstance(value, str)]
        names = one.table.names.get(one.table.columns[self._at])
        self._names = named_codes(texts, names, contents)

    def __call__(self, row: Sequence[Cell]) -> tuple[str, ...]:
        cell = row[self._at]
        if is_missing(cell):
            return ()
        if isinstance(cell, tuple):
            return tuple(self._names.get(part, part) for part in cell)
        if self._mark is not None:
            return tuple(part for part in map(str.strip, cell.split(self._mark)) if part)
        return (self._names.get(cell, cell),)


def _reader(one: _Described, contents: Contents) -> "_OneColumn | _Flags":
    return _OneColumn(one, contents) if one.roles.label is not None else _Flags(one)


class _Flags:
    def __init__(self, one: _Described) -> None:
        self._columns = [(at, one.table.columns[at]) for at in one.roles.flags]

    def __call__(self, row: Sequence[Cell]) -> tuple[str, ...]:
        return tuple(name for at, name in self._columns if is_set(row[at]))


def _several(main: _Described, labels: _Labels, contents: Contents) -> UploadRefused:
    at, found = next(iter(labels.several.items()))
    where = contents.pictures[at].where
    if main.roles.boxes:
        from jobs.kinds.pictures.layouts.marks import refuse_boxes

        return refuse_boxes(main.table.where, where, list(found))
    return refuse_several(
        main.table.where, where, list(found), count=len(labels.several), column=_label_name(main)
    )


def _leave_out_several(labels: _Labels, contents: Contents, notes: Notes) -> None:
    first = next(iter(labels.several))
    notes.skip(
        contents.pictures[first].where,
        f"{len(labels.several):,} pictures have several labels in the table, this one for example "
        f"({listed(list(labels.several[first]))}); they were left out.",
        len(labels.several),
    )
    for at in labels.several:
        del labels.label[at]


def _samples(labels: _Labels, main: _Described, contents: Contents, notes: Notes) -> list[Sample]:
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


def _skip_unnamed(without: Sequence[Entry], main: _Described, notes: Notes) -> None:
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


def _tell(alike: Sequence[_Described], main: _Described, labels: _Labels, notes: Notes) -> None:
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
            f'labels from "{shown(_label_name(main), 40)}".',
        )
    if main.roles.group is not None:
        column = shown(main.table.columns[main.roles.group], 40)
        notes.repair(main.table.where, f'Pictures with the same "{column}" count as one source.')
    if labels.unknown:
        notes.warn(
            names,
            f"{labels.unknown:,} rows name pictures that are not in the zip, or not surely one of them.",
        )
    if labels.missing:
        notes.warn(names, f"{labels.missing:,} rows have no label.")
