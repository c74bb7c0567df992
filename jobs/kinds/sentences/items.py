"""The sentences of a table (CSV, TSV, JSON, Parquet) or of a text file with one a line."""

import io
import itertools
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from typing import BinaryIO

from jobs.batches.child.items import Item, Source
from jobs.kinds.sentences.columns.layout import find_text
from jobs.kinds.sentences.columns.meaning import joined
from jobs.kinds.sentences.formats.contract import Cells, Reader
from jobs.kinds.sentences.formats.contract import Source as TableSource
from jobs.kinds.sentences.formats.encoding import Opener, find_encoding
from jobs.kinds.sentences.formats.in_zip import only_table
from jobs.kinds.sentences.formats.registry import open_reader
from jobs.kinds.sentences.options import TableOptions
from jobs.kinds.sentences.rows import guarded
from jobs.uploads.archive import Archive
from jobs.uploads.detection import detect
from jobs.uploads.errors import UploadRefused
from jobs.uploads.findings import Notes
from training.ground.limits import Limits
from training.kinds.sentences import KIND

_SAMPLE_ROWS = 500
_LONGEST_LINE = 8  # times the longest sentence


class Sentences(Source):
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
        for _ in self._rows():  # which finds `own_columns`, too
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
        for number, text, _ in itertools.islice(self._rows(), start, None):
            if text is None:
                yield Item({"row": number, "text": ""}, error="This is a list or an object, not a sentence.")
            else:
                yield Item({"row": number, "text": text}, text)

    def own_cells(self) -> Iterator[Sequence[str]]:
        """Every row of the file as it is."""
        return (cells for _, _, cells in self._rows())

    def _rows(self) -> Iterator[tuple[int, str | None, Sequence[str]]]:
        """(number of the row, its text, all its cells); rows without anything are passed over."""
        with self._opener() as opener:
            if self._name.lower().endswith(".txt"):
                self.own_columns = ("text",)
                for number, line in _lines(opener, self._limits):
                    yield number, line, [line or ""]
                return
            reader: Reader = open_reader(
                TableSource(
                    path=self._path, open=opener, options=self._options, limits=self._limits, notes=Notes()
                )
            )
            yield from self._cells(reader)

    def _cells(self, reader: Reader) -> Iterator[tuple[int, str | None, Sequence[str]]]:
        sample = [cells for _, cells in itertools.islice(_filled(reader.records()), _SAMPLE_ROWS)]
        columns, has_header, indices = find_text(reader.columns, sample, self._options)
        self.own_columns = tuple(columns)
        rows = _filled(reader.records())
        for number, cells in itertools.islice(rows, 1 if has_header and reader.columns is None else 0, None):
            if len(columns) == 1 and len(cells) > 1 and reader.delimiter:
                # One column: what separates elsewhere is part of the sentence here.
                cells = [reader.delimiter.join(cell or "" for cell in cells)]
            own = [cell or "" for cell in cells[: len(columns)]]
            own += [""] * (len(columns) - len(own))
            texts = [cells[index] for index in indices if index < len(cells)]
            yield number, joined(texts) if len(texts) > 1 else texts[0] if texts else "", own

    @contextmanager
    def _opener(self) -> Iterator[Opener]:
        with ExitStack() as stack:
            zipped = detect(self._path, self._name, KIND) == "zip"
            opener: Opener = partial(_open, self._path)
            if zipped:
                archive = stack.enter_context(Archive.open(self._path, self._limits, KIND))
                opener = partial(archive.stream, only_table(archive, Notes()))
            stack.enter_context(guarded(self._name, zipped))
            yield opener


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
