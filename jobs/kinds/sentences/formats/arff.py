"""ARFF, the tables of Weka: the names of the columns stand in @attribute, the rows below @data."""

import io
import re
from collections.abc import Iterator
from dataclasses import replace
from typing import BinaryIO

from jobs.kinds.sentences.formats.contract import Cells, Meaning, Source
from jobs.kinds.sentences.formats.delimited import CsvReader
from jobs.kinds.sentences.formats.encoding import Opener
from jobs.uploads.errors import UploadRefused

_HEAD = re.compile(rb"(?:\xef\xbb\xbf)?(?:[ \t]*%[^\n]*\n|[ \t]*\r?\n)*[ \t]*@relation\b", re.IGNORECASE)
_ATTRIBUTE = re.compile(r"""\s*@attribute\s+('(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"|\S+)""", re.IGNORECASE)
_DATA = re.compile(rb"\s*@data\b", re.IGNORECASE)
_MOST_LINES = 10_000
_LONGEST_LINE = 1_000_000


def recognises(head: bytes) -> bool:
    """Whether a file begins so."""
    return _HEAD.match(head) is not None


class ArffReader:
    """Its rows, counted from the first below @data."""

    unit = "Row"
    meaning = Meaning()

    def __init__(self, source: Source) -> None:
        with source.open() as file:
            self.columns: list[str] | None = _names(file)
        below = replace(source, options=replace(source.options, delimiter=source.options.delimiter or ","))
        self._rows = CsvReader(_below_data(source.open), below.options, source.limits, source.notes)
        self.encoding, self.delimiter = self._rows.encoding, self._rows.delimiter
        source.notes.repair("Format", "This is ARFF: the names of the columns were taken from @attribute.")

    def records(self) -> Iterator[tuple[int, Cells]]:
        """(number of the row, its cells); "?" stands for what is missing."""
        for number, cells in self._rows.records():
            if cells and not cells[0].startswith("%"):
                yield number, ["" if cell.strip() == "?" else cell.strip() for cell in cells]


def _names(file: BinaryIO) -> list[str]:
    """The names of the attributes; leaves the file below @data. Raises UploadRefused (422)."""
    names: list[str] = []
    for _ in range(_MOST_LINES):
        line = file.readline(_LONGEST_LINE)
        if not line:
            break
        if _DATA.match(line):
            return names
        if found := _ATTRIBUTE.match(line.decode("utf-8", "replace")):
            names.append(found[1].strip("'\"").replace("\\", ""))
    raise UploadRefused(
        "This is an ARFF file without @data, so it holds no rows. Save it again with its data, or as CSV.",
        status=422,
        code="no_usable_rows",
    )


def _below_data(open_: Opener) -> Opener:
    def opened() -> BinaryIO:
        file = io.BufferedReader(open_())  # type: ignore[type-var]
        _names(file)
        return file

    return opened
