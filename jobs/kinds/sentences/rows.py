"""Opens a table, whatever its format, and yields the rows that can be used."""

import itertools
from collections.abc import Iterable, Iterator
from itertools import repeat
from operator import contains

from jobs.kinds.sentences.columns.layout import Layout, find_layout, glance
from jobs.kinds.sentences.columns.several import NO_LABEL
from jobs.kinds.sentences.formats.blocks import Block, InBlocks
from jobs.kinds.sentences.formats.contract import Cells, Reader
from jobs.kinds.sentences.formats.encoding import LOST
from jobs.kinds.sentences.labels.cells import had_marks, read_label
from jobs.kinds.sentences.labels.missing import SURELY_MISSING
from jobs.kinds.sentences.mending import MENDED, Mending
from jobs.kinds.sentences.options import AS_IS, KEEP_SINGLE, QUOTES, TableOptions
from jobs.kinds.sentences.tally import Tally
from jobs.kinds.sentences.usable import Row, UsableRows, gathered
from jobs.kinds.sentences.wrong_kind import refuse_pictures
from jobs.uploads.errors import ColumnChoice, shown
from jobs.uploads.findings import Notes
from training.ground.limits import Limits

_SAMPLE_ROWS = 2_000
_SAMPLE_CHARS = 4 * 1024 * 1024
_MOST_SPELLINGS = 50_000
_EARLY = 2_000


class Table:
    """A table that was understood; `rows` may be read several times. Raises UploadRefused."""

    def __init__(self, reader: Reader, options: TableOptions, limits: Limits, notes: Notes) -> None:
        self._reader = reader
        self._limits = limits
        self._notes = notes
        self.options = options
        self._from_row = options.header_row or 0
        sample = list(_first_rows(self._records()))
        self.layout: Layout = find_layout(reader, sample, options, limits, notes)
        self.encoding, self.delimiter = reader.encoding, reader.delimiter
        refuse_pictures(sample, self.layout.input, self.layout.columns[self.layout.input])
        self.missing = options.missing
        flags = self.layout.found.flags
        # In columns of zeros and ones a row of zeros says that none of them is meant; without ticks nothing is said.
        self._says_none = (
            flags is not None and flags.tells_none and options.several_labels not in (KEEP_SINGLE, AS_IS)
        )
        self._mending = None
        if options.quoting is None and self.layout.found.is_plain:
            self._mending = Mending.of(self.layout, sample, reader.delimiter)
        self._labels: dict[str, str] = {}
        self._faults: dict[str, str] = {}
        # Rows without anything in them are no loss.
        self.blank_count = self.count = 0
        first = 1 if self.layout.has_header and reader.columns is None else 0
        self._glance = glance(sample[first:], len(self.layout.columns))

    def choice(self) -> ColumnChoice:
        """What a person needs to choose other columns."""
        names = self.layout.columns
        return ColumnChoice(
            names=names,
            input=names[self.layout.input],
            label=names[self.layout.label],
            rows=self._glance,
        )

    def where(self, number: int) -> str:
        """A row as the user finds it in the file."""
        return f"{self._reader.unit} {number:,}"

    def rows(self) -> Iterator[UsableRows]:
        """Every usable row, some at a time; the others become notes."""
        tally = Tally(self._limits, len(self.layout.columns))
        blocks = self._blocks()
        if blocks is None:
            yield from gathered(self._usable(self.data(), tally), is_plain=self.layout.found.is_plain)
        else:
            for block in blocks:
                rows = self._clean(block, tally) if isinstance(block, Block) else None
                if rows is not None:
                    yield rows
                else:
                    records = block.records() if isinstance(block, Block) else block
                    yield from gathered(self._usable(records, tally), is_plain=True)
        self.count, self.blank_count = tally.rows, tally.blank
        tally.check(self._notes)

    def _blocks(self) -> Iterator[Block | Iterable[tuple[int, Cells]]] | None:
        """Rows of data in blocks, or as records where the header is among them; None: only one by one."""
        if not self.layout.found.is_plain or not isinstance(self._reader, InBlocks):
            return None
        blocks = self._reader.blocks()
        return None if blocks is None else self._without_header(blocks)

    def _without_header(self, blocks: Iterator[Block]) -> Iterator[Block | Iterable[tuple[int, Cells]]]:
        has_header = self.layout.has_header
        for block in blocks:
            if not has_header and block.first >= self._from_row:
                yield block
                continue
            records = [record for record in block.records() if record[0] >= self._from_row]
            if has_header:
                # Empty rows above the header are no data either.
                records = list(itertools.dropwhile(_is_blank, records))
                has_header, records = not records, records[1:]
            yield records

    def _clean(self, block: Block, tally: Tally) -> UsableRows | None:
        """The rows of a block where all are usable and nothing is to be told of any; else None."""
        columns, count = block.columns, len(block.rows)
        if columns is None or not self.layout.least <= len(columns) <= len(self.layout.columns):
            return None
        raws = columns[self.layout.label]
        known = {raw: self._labels.get(raw) or self._read_label(raw) for raw in dict.fromkeys(raws)}
        texts = list(map(str.strip, columns[self.layout.input]))
        if (
            tally.rows + count > self._limits.max_rows
            or not all(known.values())
            or not all(texts)
            or not SURELY_MISSING.isdisjoint(texts)
            or len(max(texts, key=len)) > self._limits.max_field_chars
            or any(map(contains, texts, repeat(LOST)))
        ):
            return None
        tally.rows += count
        return UsableRows(range(block.first, block.first + count), texts, list(map(known.__getitem__, raws)))

    def _usable(self, records: Iterable[tuple[int, Cells]], tally: Tally) -> Iterator[Row]:
        found, width, least = self.layout.found, len(self.layout.columns), self.layout.least
        text_at, label_at, is_plain = self.layout.input, self.layout.label, found.is_plain
        limits, labels = self._limits, self._labels
        most_rows, most_chars = limits.max_rows, limits.max_field_chars
        split = group = ""
        for number, cells in records:
            tally.rows += 1
            if tally.rows > most_rows:
                raise tally.too_many()
            if not least <= len(cells) <= width and not self._fits(cells, least, width):
                whole = self._mending.whole(cells) if self._mending else None
                if whole is None:
                    self._skip_misfit(number, cells, tally)
                    continue
                self._notes.repair(self.where(number), MENDED, undo={"quoting": QUOTES})
                cells = whole
            if is_plain:
                text, raw = cells[text_at], cells[label_at]
            else:
                text, raw = found.text_in(cells), found.label_in(cells)
                split, group = found.split_in(cells), found.group_in(cells)
            if text is None or raw is None:
                self._notes.skip(
                    self.where(number), "Left out: text or label is a list or an object, not a single value."
                )
                continue
            label = labels.get(raw)
            if label is None:
                label = self._read_label(raw)
            if not raw and self._says_none:
                label = NO_LABEL
            text = text.strip()
            if not text or not label or text in SURELY_MISSING:
                tally.blank += not (text or label)
                self._skip_incomplete(number, text, raw, label, tally)
                continue
            if len(text) > most_chars:
                tally.too_long += 1
                self._skip_long(number)
                continue
            if LOST in text:
                self._notes.repair(self.where(number), "A letter could not be read; it is shown as \ufffd.")
            yield number, text, label, split, group

    def _skip_misfit(self, number: int, cells: Cells, tally: Tally) -> None:
        if any(cell is None or cell.strip() for cell in cells):
            tally.ragged += 1
            self._skip_ragged(number, cells, tally)
            return
        tally.blank += 1
        if cells:  # more than a bare line end
            self._notes.skip(self.where(number), "Left out: the row is empty.")

    def _records(self) -> Iterator[tuple[int, Cells]]:
        records = iter(self._reader.records())
        if not self._from_row or self._reader.columns is not None:
            return records
        return itertools.dropwhile(lambda record: record[0] < self._from_row, records)

    def data(self) -> Iterator[tuple[int, Cells]]:
        """The records below the header, usable or not."""
        records = self._records()
        if not self.layout.has_header or self._reader.columns is not None:
            return records
        # Empty rows above the header are no data either.
        return itertools.islice(itertools.dropwhile(_is_blank, records), 1, None)

    @staticmethod
    def _fits(cells: Cells, least: int, width: int) -> bool:
        """Too many cells do no harm when the rest is empty: `text,label,,`."""
        return len(cells) >= least and not any(cells[width:])

    def _read_label(self, raw: str) -> str:
        label, fault = read_label(raw, self._limits.max_label_chars)
        if len(self._labels) > _MOST_SPELLINGS:
            self._labels.clear()
            self._faults.clear()
        self._labels[raw] = label
        if fault:
            self._faults[raw] = fault
        elif had_marks(raw):
            self._notes.repair(
                label, "Marks of direction around this label were taken away; they do not show."
            )
        return label

    def _skip_incomplete(self, number: int, text: str, raw: str, label: str, tally: Tally) -> None:
        fault = self._faults.get(raw)
        if text and fault:
            tally.faults += 1
            tally.fault = tally.fault or f"{self.where(number)}: {fault}"
            end = "" if fault.endswith("?") else "."
            self._notes.skip(self.where(number), f"Left out: {fault}{end}")
            return
        if text in SURELY_MISSING:
            text = ""
        missing = "the label is" if text else "the text is" if label else "text and label are"
        self._notes.skip(self.where(number), f"Left out: {missing} empty.")

    def _skip_long(self, number: int) -> None:
        self._notes.skip(
            self.where(number),
            f"Left out: the text is longer than {self._limits.max_field_chars:,} characters.",
        )

    def _skip_ragged(self, number: int, cells: Cells, tally: Tally) -> None:
        self._notes.skip(self.where(number), f"Left out: it has {self._difference(cells)}.")
        if tally.rows >= _EARLY:
            tally.check_ragged(self._notes)

    def _difference(self, cells: Cells) -> str:
        return (
            f"{len(cells):,} cells instead of {len(self.layout.columns)} "
            f"({shown(' | '.join(cell or '' for cell in cells[:5]), 60)})"
        )


def _first_rows(records: Iterable[tuple[int, Cells]]) -> Iterator[Cells]:
    """The first rows that are not empty, as many as a look needs."""
    chars = 0
    filled = (record for record in records if not _is_blank(record))
    for _, cells in itertools.islice(filled, _SAMPLE_ROWS):
        yield cells
        chars += sum(len(cell or "") for cell in cells)
        if chars > _SAMPLE_CHARS:
            return


def _is_blank(record: tuple[int, Cells]) -> bool:
    return not any(cell is None or cell.strip() for cell in record[1])
