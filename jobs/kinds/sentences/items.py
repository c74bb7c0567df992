"""The sentences of a table (CSV, TSV, JSON, Parquet) or of a text file with one a line."""

import io
import itertools
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import BinaryIO

from jobs.batches.child.items import Item, Source
from jobs.kinds.sentences.columns.layout import find_text
from jobs.kinds.sentences.columns.meaning import joined
from jobs.kinds.sentences.columns.names import is_known as is_column
from jobs.kinds.sentences.formats.archives.opening import opened
from jobs.kinds.sentences.formats.contract import Cells, Reader
from jobs.kinds.sentences.formats.encoding import Opener, find_encoding
from jobs.kinds.sentences.formats.registry import is_known
from jobs.kinds.sentences.options import TableOptions
from jobs.kinds.sentences.wrong_kind import refuse_pictures
from jobs.uploads.detection import HEAD_BYTES
from jobs.uploads.errors import UploadRefused
from jobs.uploads.findings import Notes
from training.ground.limits import Limits

_SAMPLE_ROWS = 500
# So many lines of a text file tell whether it is a table, where so many of them are alike.
_LOOKED_AT, _ALIKE = 200, 0.8
_DELIMITERS = "\t;|,"
_LONGEST_NAME = 40
_LONGEST_LINE = 8  # times the longest sentence


class Sentences(Source):
    """Sentences to predict, numbered like the rows of the file. Raises UploadRefused.

    The file is read once to count the rows, so that what is wrong with it shows before anything starts.
    """

    columns: tuple[str, ...] = ("row", "text")

    def __init__(
        self,
        path: Path,
        name: str,
        limits: Limits,
        input_column: str | None = None,
        learnt_columns: Sequence[str] = (),
    ) -> None:
        self._path = path
        self._name = name
        self._limits = limits
        self._options = TableOptions(input_column=input_column)
        self._learnt = tuple(learnt_columns)
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
                yield Item(
                    {"row": number, "text": ""},
                    error="This is not a sentence, but a list, an object or a damaged line.",
                )
            else:
                yield Item({"row": number, "text": text}, text)

    def own_cells(self) -> Iterator[Sequence[str]]:
        """Every row of the file as it is."""
        return (cells for _, _, cells in self._rows())

    def _rows(self) -> Iterator[tuple[int, str | None, Sequence[str]]]:
        """(number of the row, its text, all its cells); rows without anything are passed over."""
        if self._name.lower().endswith(".txt") and not self._is_format():
            self.own_columns = ("text",)
            for number, line in _lines(partial(_open, self._path), self._limits):
                yield number, line, [line or ""]
            return
        with opened(self._path, self._name, self._options, self._limits, Notes(), labelled=False) as reader:
            yield from self._cells(reader)

    def _is_format(self) -> bool:
        """Whether a text file is more than sentences, one a line."""
        with self._path.open("rb") as file:
            head = file.read(HEAD_BYTES)
        return is_known(head) or _is_table(head)

    def _cells(self, reader: Reader) -> Iterator[tuple[int, str | None, Sequence[str]]]:
        sample = [cells for _, cells in itertools.islice(_filled(reader.records()), _SAMPLE_ROWS)]
        columns, has_header, indices = find_text(reader, sample, self._options, self._learnt)
        refuse_pictures(sample, indices[0], columns[indices[0]])
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


def _is_table(head: bytes) -> bool:
    """Whether lines are cut into cells by as many tabs each, or begin with a header of known names."""
    utf16 = head.startswith((b"\xff\xfe", b"\xfe\xff"))
    text = head[: len(head) & ~1].decode("utf-16" if utf16 else "utf-8", "replace")
    lines = [line for line in text.splitlines()[:_LOOKED_AT] if line.strip()]
    if len(lines) < 2:
        return False
    tabs = Counter(line.count("\t") for line in lines)
    count, most = tabs.most_common(1)[0]
    if count and most >= _ALIKE * len(lines):
        return True
    for delimiter in _DELIMITERS:
        header = [cell.strip(" \"'") for cell in lines[0].split(delimiter)]
        if (
            len(header) > 1
            and any(map(is_column, header))
            and all(0 < len(cell) <= _LONGEST_NAME for cell in header)
        ):
            cells = [line.count(delimiter) + 1 for line in lines[1:]]
            return sum(number >= len(header) for number in cells) >= _ALIKE * len(cells)
    return False


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
