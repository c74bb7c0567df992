"""The tables beside the pictures that name them, and what one may choose of these."""

from collections.abc import Iterator
from dataclasses import dataclass

from jobs.kinds.pictures.layouts.contract import Contents
from jobs.kinds.pictures.layouts.split_names import PARTS, is_partition, split_of
from jobs.kinds.pictures.layouts.table_columns import Roles, file_column, roles_of
from jobs.kinds.pictures.layouts.table_files import SUFFIXES, PictureTable, read_table, without_header
from jobs.kinds.pictures.options import table_choice
from jobs.uploads.errors import ColumnChoice, UploadRefused, listed, shown

_MOST_TABLES = 100
_MOST_OFFERED = 100
_GLANCE = 5


@dataclass(slots=True)
class DescribedTable:
    """A table, the meaning of its columns, and the part of the dataset that its name tells."""

    table: PictureTable
    roles: Roles
    split: str


def described_tables(contents: Contents) -> list[DescribedTable]:
    """The tables that name pictures and may hold their labels, read once."""
    if contents.tables is None:
        contents.tables = list(_described(contents))
    found: list[DescribedTable] = contents.tables
    return found


def offer_tables(contents: Contents) -> None:
    """What one may choose instead of what was found: the tables, and the columns of that which is read."""
    found = described_tables(contents)[:_MOST_OFFERED]
    if not found:
        return
    contents.notes.offer("labels_from", [table_choice(one.table.where) for one in found])
    chosen = [one for one in found if one.table.where == contents.options.table] or found
    columns = [name for at, name in enumerate(chosen[0].table.columns) if at != chosen[0].roles.file]
    contents.notes.offer("label_column", columns[:_MOST_OFFERED])


def column_choice(one: DescribedTable) -> ColumnChoice:
    """What a person needs to choose another column of a table; its input is the column of the files."""
    rows = [[shown(cell, 40) for cell in row] for row in one.table.rows[:_GLANCE]]
    columns = one.table.columns
    return ColumnChoice(names=columns, input=columns[one.roles.file], label=label_name(one), rows=rows)


def no_such_column(column: str, one: DescribedTable) -> UploadRefused:
    return UploadRefused(
        f'There is no column "{shown(column, 40)}" in {shown(one.table.where, 60)}. '
        f"Its columns are {listed(one.table.columns, 20)}.",
        status=422,
        code="column_unknown",
        fields={"label_column": [f"Choose one of {listed(one.table.columns, 20)}."]},
    )


def _described(contents: Contents) -> Iterator[DescribedTable]:
    # A text called like a picture is an annotation of it, not a table.
    entries = [
        entry
        for entry in contents.files
        if entry.suffix in SUFFIXES - {".txt", ".json"}
        or (entry.suffix in SUFFIXES and contents.index.find(entry.parts[-1].rpartition(".")[0]) is None)
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
        if is_partition(entry.parts[-1]) and _are_parts(table, roles):
            continue
        if roles.label is not None or roles.flags:
            yield DescribedTable(table, roles, split)


def _are_parts(table: PictureTable, roles: Roles) -> bool:
    """Whether the only labels are the numbers of parts: 0 to train, 1 to validate, 2 to test."""
    return roles.label is not None and {row[roles.label] for row in table.rows} <= set(PARTS)


def label_name(one: DescribedTable) -> str:
    return "" if one.roles.label is None else one.table.columns[one.roles.label]
