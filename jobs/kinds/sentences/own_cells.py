"""All columns of a labelled table, for the rows that are used of it."""

from array import array
from collections.abc import Iterator, Sequence
from pathlib import Path

from jobs.kinds.sentences.options import TableOptions
from jobs.kinds.sentences.survey import Survey
from jobs.kinds.sentences.table import opened_table
from jobs.uploads.findings import Notes
from training.ground.limits import Limits


class OwnCells:
    """The rows that `write_table` writes as they stand in the user's file, in the same order; may be read repeatedly.

    `columns` are the names of all its columns. Raises UploadRefused as `write_table` does.
    """

    def __init__(self, path: Path, name: str, limits: Limits, options: TableOptions) -> None:
        self._path, self._name, self._limits, self._options = path, name, limits, options
        self._numbers = array("q")
        with opened_table(path, name, limits, options, Notes()) as table:
            survey = Survey(table, limits, Notes(), take=_nothing)
            for rows in survey.kept_rows():
                self._numbers.extend(rows.numbers)
            self.columns = tuple(table.layout.columns)

    @property
    def count(self) -> int:
        """How many rows there are; 0 where rows of several files have the same numbers and cannot be told apart."""
        rising = all(one < other for one, other in zip(self._numbers, self._numbers[1:], strict=False))
        return len(self._numbers) if rising else 0

    def __iter__(self) -> Iterator[Sequence[str]]:
        wanted = iter(self._numbers)
        number, width = next(wanted, None), len(self.columns)
        with opened_table(self._path, self._name, self._limits, self._options, Notes()) as table:
            for found, cells in table.data():
                if found == number:
                    yield [*(cell or "" for cell in cells[:width]), *[""] * (width - len(cells))]
                    number = next(wanted, None)


def _nothing(rows: object) -> None:
    """Rows are asked for again later."""
