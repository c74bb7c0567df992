"""Writes the rows that a trainer reads: CSV, UTF-8, the columns input and label, and where given split and group.

Where a row may have any number of labels, the column is `labels` and holds JSON lists.
"""

import csv
from itertools import chain, compress, repeat
from operator import contains
from typing import TextIO

from jobs.kinds.sentences.usable import UsableRows

COLUMNS = ("input", "label", "split", "group")
# In place of `label`, where a row may have any number of them.
MANY = "labels"


class TrainingCsv:
    """A file open for writing (newline=""), with the columns that it gets."""

    def __init__(self, file: TextIO, *, has_split: bool, has_group: bool) -> None:
        self._file = file
        self._told = (True, True, has_split, has_group)
        self._writer = csv.writer(file)
        self._ends = _Ends()
        self._write_header()

    def write(self, rows: UsableRows) -> None:
        """The rows, below those that are there."""
        if any(self._told[2:]):
            nothing = repeat("", len(rows.texts))
            cells = (rows.texts, rows.labels, rows.splits or nothing, rows.groups or nothing)
            self._writer.writerows(zip(*compress(cells, self._told), strict=True))
            return
        # As `csv.writer` would, but with each cell in quotes and much faster.
        texts = rows.texts
        if any(map(contains, texts, repeat('"'))):
            texts = [text.replace('"', '""') for text in texts]
        ends = map(self._ends.__getitem__, rows.labels)
        self._file.write("".join(chain.from_iterable(zip(repeat('"'), texts, ends, strict=False))))

    def start_again(self, *, many: bool = False) -> None:
        """Takes back all rows; `many` says that the next ones have lists of labels."""
        self._file.seek(0)
        self._file.truncate()
        self._write_header(many=many)

    def _write_header(self, *, many: bool = False) -> None:
        names = [MANY if many and name == "label" else name for name in COLUMNS]
        self._writer.writerow(compress(names, self._told))


class _Ends(dict[str, str]):
    """How a row ends after its text, for each label."""

    def __missing__(self, label: str) -> str:
        quoted = label.replace('"', '""')
        end = self[label] = f'","{quoted}"\r\n'
        return end
