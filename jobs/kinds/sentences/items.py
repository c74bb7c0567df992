"""The sentences of a table (CSV, TSV, JSON, Parquet) or of a text file with one a line."""

import io
import itertools
from collections.abc import Iterable, Iterator
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO

from jobs.batches.child.items import Item
from jobs.kinds.sentences.columns.layout import find_text
from jobs.kinds.sentences.formats.archives.opening import opened
from jobs.kinds.sentences.formats.contract import Cells, Reader
from jobs.kinds.sentences.formats.encoding import Opener, find_encoding
from jobs.kinds.sentences.formats.registry import is_known
from jobs.kinds.sentences.options import TableOptions
from jobs.kinds.sentences.rows import refuse_pictures
from jobs.uploads.detection import HEAD_BYTES
from jobs.uploads.errors import UploadRefused
from jobs.uploads.findings import Notes
from training.ground.limits import Limits

_SAMPLE_ROWS = 500
_LONGEST_LINE = 8  # times the longest sentence


class Sentences:
    """Sentences to predict, numbered like the rows of the file. Raises UploadRefused.

    The file is read once to count the rows, so that what is wrong with it shows before anything starts.
    """

    columns: tuple[str, ...] = ("row", "text")

    def __init__(self, path: Path, name: str, limits: Limits, input_column: str | None = None) -> None:
        self._path = path
        self._name = name
        self._limits = limits
        self._options = TableOptions(input_column=input_column)
        self.total = 0
        for _ in self._rows():
            self.total += 1
            if self.total > limits.max_rows:
                raise UploadRefused(
                    f"The table has more than {limits.max_rows:,} rows. Send fewer at a time.",
                    status=413,
                    code="too_many_rows",
                )
        if not self.total:
            raise UploadRefused("There are no sentences in the file.", code="upload_empty")

    def items(self, start: int) -> Iterator[Item]:
        """The sentences from number `start` on."""
        for number, text in itertools.islice(self._rows(), start, None):
            if text is None:
                yield Item(
                    {"row": number, "text": ""},
                    error="This is not a sentence, but a list, an object or a damaged line.",
                )
            else:
                yield Item({"row": number, "text": text}, text)

    def summary(self, results: Path) -> dict[str, Any]:
        """Nothing: the counts say it all."""
        return {}

    def _rows(self) -> Iterator[tuple[int, str | None]]:
        """(number of the row, its text); rows without anything are passed over."""
        if self._name.lower().endswith(".txt") and not self._is_format():
            yield from _lines(partial(_open, self._path), self._limits)
            return
        with opened(self._path, self._name, self._options, self._limits, Notes(), labelled=False) as reader:
            yield from _cells(reader, self._options)

    def _is_format(self) -> bool:
        """Whether a text file is more than sentences, one a line."""
        with self._path.open("rb") as file:
            return is_known(file.read(HEAD_BYTES))


def _cells(reader: Reader, options: TableOptions) -> Iterator[tuple[int, str | None]]:
    sample = [cells for _, cells in itertools.islice(_filled(reader.records()), _SAMPLE_ROWS)]
    columns, has_header, index = find_text(reader, sample, options)
    refuse_pictures(sample, index, columns[index])
    rows = _filled(reader.records())
    for number, cells in itertools.islice(rows, 1 if has_header and reader.columns is None else 0, None):
        if len(columns) == 1 and len(cells) > 1 and reader.delimiter:
            # One column: what separates elsewhere is part of the sentence here.
            yield number, reader.delimiter.join(cell or "" for cell in cells)
        else:
            yield number, cells[index] if index < len(cells) else ""


def _filled(records: Iterable[tuple[int, Cells]]) -> Iterator[tuple[int, Cells]]:
    return (record for record in records if any(cell is None or cell.strip() for cell in record[1]))


def _lines(opener: Opener, limits: Limits) -> Iterator[tuple[int, str | None]]:
    encoding = find_encoding(opener, None)
    most = _LONGEST_LINE * limits.max_sentence_chars
    with io.TextIOWrapper(opener(), encoding=encoding.codec, errors=encoding.errors) as text:
        number = 0
        while line := text.readline(most):
            number += 1
            if len(line) >= most:
                raise UploadRefused(
                    f"Line {number:,} is longer than {most:,} characters. Write one sentence per line.",
                    status=413,
                    code="field_too_long",
                )
            if line.strip():
                yield number, line.rstrip("\n")


def _open(path: Path) -> BinaryIO:
    return path.open("rb")
