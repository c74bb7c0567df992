"""Reads CSV, TSV and their relatives record by record, in bounded memory."""

import csv
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from itertools import islice

from jobs.kinds.sentences.formats.blocks import MOST_ROWS, Block, NotPlain
from jobs.kinds.sentences.formats.contract import Meaning, Source
from jobs.kinds.sentences.formats.dialects import (
    OVERLONG,
    UNCLOSED,
    USUAL,
    Dialect,
    Fit,
    measure,
    parse,
    quotings,
    unusual,
)
from jobs.kinds.sentences.formats.encoding import Encoding, Opener, find_encoding
from jobs.kinds.sentences.formats.lines import Signs, opened, text_lines
from jobs.kinds.sentences.formats.twice import once
from jobs.kinds.sentences.options import NO_QUOTES, QUOTES, TableOptions
from jobs.uploads.findings import MOST_NOTES, Notes
from training.ground.limits import Limits

_SAMPLE_CHARS = 128 * 1024
_SAMPLE_ROWS = 300
# Of a large text so much is parsed in each of the ways that are compared.
_COMPARED_ROWS, _COMPARED_CHARS = 300_000, 16 * 1024 * 1024
_LONGEST_LINE = 8  # times the longest field
_SURE = 0.98
# Fewer rows than this share that look like several cells are chance: so the text may well be one column.
_CHANCE = 0.1
_EXCEL_HINT = re.compile(r'^"?sep=([,;|\t])"?\s*$')
_NAMES = {",": "a comma", ";": "a semicolon", "\t": "a tab", "|": "a bar (|)", " ": "a blank"}


class CsvReader:
    """Records of a delimited text. `columns` is None: whether there is a header is for others to find out."""

    columns: list[str] | None = None
    meaning = Meaning()
    unit = "Row"

    def __init__(
        self, open_: Opener, options: TableOptions, limits: Limits, notes: Notes, *, hasty: bool = False
    ) -> None:
        self._open = open_
        self._most_chars = limits.max_field_chars
        _allow_fields(limits.max_field_chars)
        self._encoding = find_encoding(open_, options.encoding)
        self.encoding = self._encoding.name
        self._signs = Signs.count(open_, self._encoding)
        self._ends = self._signs.ends[0]
        sample, whole = self._sample(self._ends)
        hint = _EXCEL_HINT.match(sample[0]) if sample else None
        self._skip = 1 if hint else 0
        chosen = options.delimiter or (hint[1] if hint else None)
        self._plain = self._told = self.presumes = False
        self._hasty = hasty
        self._notes = notes
        self._quoting = options.quoting
        best = _best(_on_sample(sample[self._skip :], chosen, self._quoting, self._most_chars))
        if not (whole and len(self._signs.ends) == 1):
            best = self._on_the_whole(best, chosen)
        self._dialect = best
        self.delimiter: str | None = best.delimiter
        _note(self._encoding, best, options, notes)

    def records(self) -> Iterator[tuple[int, list[str]]]:
        """(number of the row as a spreadsheet shows it, its cells)."""
        if self._plain:
            for block in self._plain_blocks():
                yield from block.records()
            return
        with self._lines(self._ends) as lines:
            broken: list[tuple[int, str, int]] = []
            for number, (cells, taken, wrong) in enumerate(
                parse(lines, self._dialect, self._most_chars), start=1
            ):
                if wrong:
                    broken.append((number, wrong, taken))
                if number > self._skip:
                    yield number, cells
        self._tell_of_broken(broken)

    def blocks(self) -> Iterator[Block] | None:
        """See `InBlocks`."""
        return self._plain_blocks() if self._plain else None

    def _plain_blocks(self) -> Iterator[Block]:
        widths: Counter[int] = Counter()
        count, skip = 0, self._skip
        at_once = MOST_ROWS if self._signs.short_lines else 1 + MOST_ROWS // 32  # some megabytes at most
        with opened(self._open, self._encoding, self._ends) as text:
            reader = csv.reader(text, strict=True, **self._dialect.csv_format)
            try:
                while rows := list(islice(reader, at_once)):
                    count += len(rows)
                    if self.presumes:
                        widths.update(map(len, rows))
                        if reader.line_num != count:
                            raise NotPlain
                    yield Block(count - len(rows) + skip + 1, rows[skip:])
                    skip = 0
            except csv.Error as error:
                raise NotPlain from error
        if self.presumes and not Fit(widths=widths).is_clean:
            raise NotPlain

    def _tell_of_broken(self, rows: list[tuple[int, str, int]]) -> None:
        if self._told:
            return
        self._told = True
        for row, wrong, lines in rows[:MOST_NOTES]:
            where = f"Row {row:,}"
            if wrong == OVERLONG:
                self._notes.skip(
                    where,
                    f"Left out: the text in quotation marks that begins here is too long; it has {lines:,} lines.",
                )
            elif wrong == UNCLOSED:
                self._notes.warn(
                    where,
                    "The quotation mark that opens here is never closed, or only far below, so it was read as part of "
                    "the text, and each line below as a row of its own. Close it if the text goes on.",
                )
            else:
                self._notes.repair(
                    where, "A quotation mark is out of place here, so it was read as part of the text."
                )

    @contextmanager
    def _lines(self, ends: str) -> Iterator[Iterator[str]]:
        with opened(self._open, self._encoding, ends) as text:
            lines = text_lines(text, ends, self._most_chars, strays=ends != "" and len(self._signs.ends) > 1)
            lines = map(once, lines) if self._encoding.twice else lines
            yield (line.replace("\ufeff", "") for line in lines) if self._encoding.marks else lines

    def _sample(self, ends: str) -> tuple[list[str], bool]:
        """The first lines, and whether they are all."""
        sample, chars = [], 0
        with self._lines(ends) as lines:
            for line in lines:
                sample.append(line)
                chars += len(line)
                if chars >= _SAMPLE_CHARS:
                    return sample, False
        return sample, True

    def _on_the_whole(self, best: Dialect, chosen: str | None) -> Dialect:
        """The dialect that fits the whole text best; the others are tried only where that of the sample does not."""
        self._plain = self._is_plain(best)
        if self._plain:
            return best
        fit = self._fit(self._ends, best, None)
        for ends in self._signs.ends[1:]:
            other = self._fit(ends, best, None)
            more, fitter = other.good > 1.1 * fit.good, other.value > fit.value + 0.01
            if other.value > 0.9 and (more or (fitter and other.good >= fit.good)):
                self._ends, fit = ends, other
        if fit.is_clean or (not self._signs.quotes and fit.value > _SURE):
            return best
        fits = [(best, self._fit(self._ends, best))]
        others = quotings(best.delimiter, None, self._quoting)
        fits += [(other, self._fit(self._ends, other)) for other in others if other != best]
        if chosen is None and self._quoting in (None, QUOTES):
            plain = [Dialect(delimiter=one) for one in USUAL if one != best.delimiter]
            fits += [(other, self._fit(self._ends, other)) for other in plain]
        return _best(fits)

    def _is_plain(self, dialect: Dialect) -> bool:
        """Whether the whole text is as `csv` wants it, a row in each line: then it is read at full speed."""
        odd = self._encoding.twice or self._encoding.marks or dialect.prepared() is not None
        if len(self._signs.ends) > 1 or self._signs.long_lines or odd:
            return False
        if self._hasty:
            self.presumes = True
            return True
        with opened(self._open, self._encoding, self._ends) as text:
            reader = csv.reader(text, strict=True, **dialect.csv_format)
            try:
                widths = Counter(map(len, reader))
            except csv.Error:
                return False
            rows = widths.total()
        return reader.line_num == rows and Fit(widths=widths).is_clean

    def _fit(self, ends: str, dialect: Dialect, most_rows: int | None = _COMPARED_ROWS) -> Fit:
        with self._lines(ends) as lines:
            some: Iterator[str] = islice(lines, self._skip, None)
            if most_rows is not None:
                some = _of_chars(some, _COMPARED_CHARS)
            return measure(some, dialect, self._most_chars, most_rows)


def delimited(source: Source) -> CsvReader:
    """The reader of a delimited text; raises UploadRefused."""
    return CsvReader(source.open, source.options, source.limits, source.notes, hasty=source.hasty)


def _on_sample(
    sample: list[str], chosen: str | None, quoting: str | None, most_chars: int
) -> list[tuple[Dialect, Fit]]:
    text = "".join(sample)

    def fits(dialects: Iterable[Dialect]) -> list[tuple[Dialect, Fit]]:
        return [(dialect, measure(sample, dialect, most_chars, _SAMPLE_ROWS)) for dialect in dialects]

    if chosen is not None:
        return fits(quotings(chosen, text, quoting))
    usual = [fit for delimiter in USUAL for fit in fits(quotings(delimiter, text, quoting))]
    rows = len(sample)
    quoted = sum(line.startswith('"') and '" "' in line for line in sample) * 10 > 8 * rows
    rare = [one for one in unusual(text, quoting) if one.delimiter != " " or quoted]
    # All rows but one: the header of R has a cell less than the others.
    found = [one for one in fits(rare) if (1 - one[1].value) * rows < 1.5 + rows * (1 - _SURE) and rows > 2]
    # A usual name in the header speaks for a usual delimiter all the same.
    return found or usual if not any(_rank(one)[0] for one in usual) else usual + found


def _of_chars(lines: Iterable[str], chars: int) -> Iterator[str]:
    """The first lines that together have so many characters."""
    for line in lines:
        yield line
        chars -= len(line)
        if chars <= 0:
            return


def _best(fits: list[tuple[Dialect, Fit]]) -> Dialect:
    """The dialect under which the most rows are equal; of equals the first."""
    return max(fits, key=_rank)[0]


def _rank(found: tuple[Dialect, Fit]) -> tuple[bool, float, bool]:
    dialect, fit = found
    if dialect.wrapped and fit.value < _SURE:
        return False, 0.0, False
    # Commas may well come in texts as often in each line; tabs do not.
    tabs = dialect.delimiter == "\t" and fit.value > 0
    value = round(fit.value, 3) if fit.value > _CHANCE else 0.0
    # A line under the header says what the bars are.
    return fit.known and fit.value > 0.5, value + 0.01 * dialect.ruled, tabs


def _allow_fields(chars: int) -> None:
    """Python's limit holds for the whole process, so it is only ever raised; ours is checked apart from it."""
    if csv.field_size_limit() <= _LONGEST_LINE * chars:
        csv.field_size_limit(_LONGEST_LINE * chars + 1)


def _note(encoding: Encoding, dialect: Dialect, options: TableOptions, notes: Notes) -> None:
    if encoding.guessed:
        notes.repair(
            "Encoding",
            f"The file is not UTF-8; it was read as {encoding.name}. "
            "If letters look wrong below, choose another encoding.",
            undo={"encoding": encoding.instead} if encoding.instead else None,
        )
    elif encoding.name != "utf-8":
        notes.repair("Encoding", f"The file was read as {encoding.name}.")
    if encoding.twice:
        notes.repair(
            "Encoding",
            "Some lines were made UTF-8 twice (\u00c3\u00a9 for \u00e9); they were read as they were meant.",
            undo={"encoding": "utf-8"},
        )
    if encoding.mixed:
        mixed = encoding.mixed
        notes.repair(
            f"Line {mixed.spans}" if mixed.lines == 1 else f"Lines {mixed.spans}",
            f"{mixed.lines:,} lines are not UTF-8 like the others; they were read as {mixed.name}.",
            undo={"encoding": mixed.name},
        )
    if dialect.delimiter != "," and not dialect.ruled:
        name = _NAMES.get(
            dialect.delimiter,
            f'"{dialect.delimiter}"' if dialect.delimiter.isprintable() else "a control character",
        )
        notes.repair("Delimiter", f"The cells are separated by {name}.")
    for said in _quoting(dialect):
        notes.repair(
            "Quotes",
            said,
            undo={"quoting": "" if options.quoting else NO_QUOTES if dialect.curly else QUOTES},
        )


def _quoting(dialect: Dialect) -> Iterator[str]:
    if dialect.ruled:
        yield "The table is drawn with bars and a line below the header, as in Markdown; only the cells were read."
    elif dialect.quote is None and dialect.delimiter != "\t":
        yield "Quotation marks do not enclose cells in this file, so they were read as part of the text."
    if dialect.wrapped:
        yield "Each line stood in quotation marks as a whole; it was read as several cells."
    if dialect.backslash:
        yield "Backslashes escape quotation marks and separators in this file; they were taken away."
    if dialect.curly:
        yield "Cells are enclosed in curly quotation marks, which were taken away."
    if dialect.quote == "'":
        yield "Cells are enclosed in single quotation marks (')."
