"""Reads CSV, TSV and their relatives record by record, in bounded memory."""

import csv
import io
import re
from collections import Counter
from collections.abc import Iterator
from typing import Literal

from jobs.kinds.sentences.columns.names import is_known
from jobs.kinds.sentences.example import TABLE_EXAMPLE
from jobs.kinds.sentences.formats.contract import Meaning
from jobs.kinds.sentences.formats.encoding import Encoding, Opener, find_encoding
from jobs.kinds.sentences.options import TableOptions
from jobs.uploads.errors import UploadRefused
from jobs.uploads.findings import Notes
from training.ground.limits import Limits

_Quoting = Literal[0, 3]  # csv.QUOTE_MINIMAL, csv.QUOTE_NONE
_DELIMITERS = (",", "\t", ";", "|")
_SAMPLE_CHARS = 128 * 1024
_SAMPLE_ROWS = 300
_LONGEST_LINE = 8  # times the longest field
_EXCEL_HINT = re.compile(r'^"?sep=([,;|\t])"?\r?\n')


class CsvReader:
    """Records of a delimited text. `columns` is None: whether there is a header is for others to find out."""

    columns: list[str] | None = None
    meaning = Meaning()
    unit = "Row"

    def __init__(self, open_: Opener, options: TableOptions, limits: Limits, notes: Notes) -> None:
        self._open = open_
        self._limits = limits
        self._fed = 0
        self._encoding = find_encoding(open_, options.encoding)
        self.encoding = self._encoding.name
        sample = self._sample()
        hint = _EXCEL_HINT.match(sample)
        self._skip = 1 if hint else 0
        sample = sample[hint.end() :] if hint else sample
        self._delimiter, self._quoting = _find_dialect(
            sample, options.delimiter or (hint[1] if hint else None)
        )
        self.delimiter: str | None = self._delimiter
        _note(self._encoding, self._delimiter, notes)
        _allow_fields(limits.max_field_chars)

    def records(self) -> Iterator[tuple[int, list[str]]]:
        """(number of the row as a spreadsheet shows it, its cells)."""
        with self._text() as text:
            reader = csv.reader(self._lines(text), delimiter=self._delimiter, quoting=self._quoting)
            number, longest = 0, self._limits.max_field_chars
            try:
                for number, cells in enumerate(reader, start=1):
                    # Another table's larger limit may have raised that of the whole process.
                    if self._fed > longest and max(map(len, cells)) > longest:
                        raise _too_long(number, self._limits)
                    self._fed = 0
                    if number > self._skip:
                        yield number, cells
            except csv.Error as error:
                raise _too_long(number + 1, self._limits) from error

    def _lines(self, text: io.TextIOWrapper) -> Iterator[str]:
        most = _LONGEST_LINE * self._limits.max_field_chars
        number = 0
        while line := text.readline(most):
            number += 1
            # Quoted line ends make one record of many lines, so what counts is all since the last record.
            self._fed += len(line)
            if self._fed >= most:
                raise _too_long(number, self._limits, "Line")
            yield line

    def _text(self) -> io.TextIOWrapper:
        return io.TextIOWrapper(
            self._open(), encoding=self._encoding.codec, errors=self._encoding.errors, newline=""
        )

    def _sample(self) -> str:
        with self._text() as text:
            sample = text.read(_SAMPLE_CHARS)
        return sample if len(sample) < _SAMPLE_CHARS else sample[: sample.rfind("\n") + 1] or sample


def _find_dialect(sample: str, chosen: str | None) -> tuple[str, _Quoting]:
    """The delimiter under which the most rows have the same number of cells, two or more."""
    delimiter = chosen or max(_DELIMITERS, key=lambda one: _score(_parse(sample, one)))
    quoting: _Quoting = csv.QUOTE_MINIMAL
    if delimiter == "\t" and '"' in sample:
        plain, quoted = _parse(sample, delimiter, csv.QUOTE_NONE), _parse(sample, delimiter)
        # Many TSV files take quotes literally; then reading them as quotes swallows whole lines.
        if _score(plain) > _score(quoted) or (len(plain) > len(quoted) and _score(plain)[1] > 0.99):
            quoting = csv.QUOTE_NONE
    return delimiter, quoting


def _parse(sample: str, delimiter: str, quoting: _Quoting = csv.QUOTE_MINIMAL) -> list[list[str]]:
    rows: list[list[str]] = []
    try:
        for row in csv.reader(io.StringIO(sample, newline=""), delimiter=delimiter, quoting=quoting):
            if row:
                rows.append(row)
            if len(rows) >= _SAMPLE_ROWS:
                break
    except csv.Error:
        pass  # a field beyond the limit; whatever was read until then must do
    return rows


def _score(rows: list[list[str]]) -> tuple[bool, float, bool]:
    """(is the header known, share of rows with the commonest number of cells, are there two or more cells)."""
    if not rows:
        return False, 0.0, False
    cells, count = Counter(map(len, rows)).most_common(1)[0]
    if cells < 2:
        return False, 0.0, False
    known = len(rows[0]) > 1 and any(is_known(name) for name in rows[0])
    return known, count / len(rows), True


def _allow_fields(chars: int) -> None:
    """Python's limit holds for the whole process, so it is only ever raised; ours is checked apart from it."""
    if csv.field_size_limit() < chars:
        csv.field_size_limit(chars)


def _note(encoding: Encoding, delimiter: str, notes: Notes) -> None:
    if encoding.guessed:
        notes.repair(
            "Encoding",
            f"The file is not UTF-8; it was read as {encoding.name}. "
            "If letters look wrong below, choose another encoding.",
        )
    elif encoding.name != "utf-8":
        notes.repair("Encoding", f"The file was read as {encoding.name}.")
    names = {";": "semicolon", "\t": "tab", "|": "pipe"}
    if delimiter in names:
        notes.repair("Delimiter", f"The cells are separated by a {names[delimiter]}.")


def _too_long(number: int, limits: Limits, unit: str = "Row") -> UploadRefused:
    return UploadRefused(
        f"{unit} {number:,} has a field of more than {limits.max_field_chars:,} characters. Shorten it, or look for a "
        f'quotation mark (") that opens and is never closed. {TABLE_EXAMPLE}',
        status=413,
        code="field_too_long",
    )
