"""A table of sentences: what is in it (`inspect_table`), and its rows for the trainer (`write_table`)."""

import csv
import itertools
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from jobs.kinds.sentences.doubts import ask_about_the_whole
from jobs.kinds.sentences.findings import TableFindings
from jobs.kinds.sentences.formats.archives.opening import opened
from jobs.kinds.sentences.options import TableOptions
from jobs.kinds.sentences.rows import Table
from jobs.kinds.sentences.survey import Survey
from jobs.uploads.errors import MAX_NOTES, UploadRefused
from jobs.uploads.findings import Notes
from training.ground.limits import Limits

_ANYTHING = TableOptions()


def inspect_table(
    path: Path, filename: str, limits: Limits, *, options: TableOptions = _ANYTHING
) -> TableFindings:
    """What the table at `path` holds, after repairs; raises UploadRefused when it cannot be used.

    `filename` is what the user calls it; `options` overrule what would be found out.
    """
    notes = Notes()
    with _surveyed(path, filename, limits, options, notes) as (table, survey):
        layout = table.layout
        ask_about_the_whole(table, survey, options, notes)
        return TableFindings(
            classes=survey.classes,
            sample_count=sum(entry.count for entry in survey.classes),
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


def write_table(
    path: Path, filename: str, destination_csv: Path, limits: Limits, options: TableOptions = _ANYTHING
) -> None:
    """Writes the rows that `inspect_table` counts to `destination_csv`: UTF-8, header input,label.

    Where they are given, `split` ("train", "validation", "test" or nothing) and `group` (the source) come after.
    Raises UploadRefused; then there is no file.
    """
    unfinished = destination_csv.with_name(destination_csv.name + ".part")
    try:
        with (
            _surveyed(path, filename, limits, options, Notes()) as (table, survey),
            unfinished.open("w", encoding="utf-8", newline="") as file,
        ):
            writer = csv.writer(file)
            found = table.layout.found
            told = (True, True, found.split is not None, found.group is not None)
            writer.writerow(itertools.compress(("input", "label", "split", "group"), told))
            writer.writerows(itertools.compress(row, told) for row in survey.kept_rows())
        os.replace(unfinished, destination_csv)
    finally:
        unfinished.unlink(missing_ok=True)


@contextmanager
def _surveyed(
    path: Path, filename: str, limits: Limits, options: TableOptions, notes: Notes
) -> Iterator[tuple[Table, Survey]]:
    """The table, read once, while its file is open."""
    with opened(path, filename, options, limits, notes) as reader:
        table: Table | None = None
        try:
            table = Table(reader, options, limits, notes)
            survey = Survey(table, limits, notes)
        except UploadRefused as refusal:
            told: list[object] = [*notes.skipped, *notes.repairs]
            refusal.notes = refusal.notes or told[:MAX_NOTES]
            refusal.columns = table.choice() if table else None
            raise
        yield table, survey
