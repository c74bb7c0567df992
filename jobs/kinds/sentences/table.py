"""A table of sentences: what is in it (`inspect_table`), and its rows for the trainer (`write_table`)."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

from jobs.kinds.sentences.doubts import ask_about_the_whole
from jobs.kinds.sentences.findings import TableFindings
from jobs.kinds.sentences.formats.archives.opening import opened
from jobs.kinds.sentences.formats.blocks import InBlocks, NotPlain
from jobs.kinds.sentences.options import TableOptions
from jobs.kinds.sentences.rows import Table
from jobs.kinds.sentences.survey import Survey
from jobs.kinds.sentences.training_csv import TrainingCsv
from jobs.uploads.class_order import found_order
from jobs.uploads.errors import MAX_NOTES, ColumnChoice, UploadRefused
from jobs.uploads.findings import Notes
from training.ground.limits import Limits
from training.kinds import MANY_LABELS, ONE_LABEL

_ANYTHING = TableOptions()
_Result = TypeVar("_Result")


def inspect_table(
    path: Path, filename: str, limits: Limits, *, options: TableOptions = _ANYTHING
) -> TableFindings:
    """What the table at `path` holds, after repairs; raises UploadRefused when it cannot be used.

    `filename` is what the user calls it; `options` overrule what would be found out.
    """
    return _at_best_hastily(lambda hasty: _inspect(path, filename, limits, options, hasty=hasty))


def write_table(
    path: Path, filename: str, destination_csv: Path, limits: Limits, options: TableOptions = _ANYTHING
) -> None:
    """Writes the rows that `inspect_table` counts to `destination_csv`: UTF-8, header input,label.

    Where they are given, `split` ("train", "validation", "test" or nothing) and `group` (the source) come after.
    Raises UploadRefused; then there is no file.
    """
    unfinished = destination_csv.with_name(destination_csv.name + ".part")
    try:
        _at_best_hastily(lambda hasty: _write(path, filename, unfinished, limits, options, hasty=hasty))
        os.replace(unfinished, destination_csv)
    finally:
        unfinished.unlink(missing_ok=True)


def _inspect(
    path: Path, filename: str, limits: Limits, options: TableOptions, *, hasty: bool
) -> TableFindings:
    notes = Notes()
    with opened_table(path, filename, limits, options, notes, hasty=hasty) as table:
        survey = Survey(table, limits, notes)
        layout = table.layout
        ask_about_the_whole(table, survey, options, notes)
        order = [] if survey.is_many else found_order(survey.classes, options.order, notes)
        return TableFindings(
            classes=survey.classes,
            sample_count=survey.used,
            target=MANY_LABELS if survey.is_many else ONE_LABEL,
            unlabelled=survey.unlabelled,
            order=order,
            repairs=notes.repairs,
            skipped=notes.skipped,
            skipped_count=notes.skipped_count,
            warnings=notes.warnings,
            questions=notes.questions,
            offered=notes.offered,
            columns=layout.columns,
            splits=survey.splits,
            input_column=layout.columns[layout.input],
            input_columns=layout.input_names,
            label_column=layout.label_name,
            split_column=layout.name_of(layout.found.split),
            group_column=layout.name_of(layout.found.group),
            rows=survey.rows,
            glance=table.choice().rows,
            encoding=table.encoding,
            delimiter=table.delimiter,
            has_header=layout.has_header,
            length_histogram=survey.length_histogram,
        )


def _write(
    path: Path, filename: str, destination: Path, limits: Limits, options: TableOptions, *, hasty: bool
) -> None:
    """Writes the rows as they are read; where classes were edited or left out, then again."""
    with (
        opened_table(path, filename, limits, options, Notes(), hasty=hasty) as table,
        destination.open("w", encoding="utf-8", newline="") as file,
    ):
        found = table.layout.found
        target = TrainingCsv(file, has_split=found.split is not None, has_group=found.group is not None)
        survey = Survey(table, limits, Notes(), take=target.write)
        if not survey.keeps_all:
            target.start_again(many=survey.is_many)
            for rows in survey.kept_rows():
                target.write(rows)


def _at_best_hastily(read: Callable[[bool], _Result]) -> _Result:
    """Reads a text as if it were plain, which saves a pass over it, and again with care where it was not."""
    try:
        return read(True)
    except NotPlain:
        return read(False)


@contextmanager
def opened_table(
    path: Path, filename: str, limits: Limits, options: TableOptions, notes: Notes, *, hasty: bool = False
) -> Iterator[Table]:
    """The table while its file is open; refusals take along what was noted. Raises NotPlain only if `hasty`."""
    table: Table | None = None
    presumes = False
    try:
        with opened(path, filename, options, limits, notes, hasty=hasty) as reader:
            presumes = isinstance(reader, InBlocks) and reader.presumes
            table = Table(reader, options, limits, notes)
            yield table
    except UploadRefused as refusal:
        if presumes:
            raise NotPlain from refusal  # the reason may be the haste
        told: list[object] = [*notes.skipped, *notes.repairs]
        refusal.notes = refusal.notes or told[:MAX_NOTES]
        columns = table.choice() if table else refusal.columns or ColumnChoice()
        refusal.columns = replace(columns, offered=notes.offered)
        raise
