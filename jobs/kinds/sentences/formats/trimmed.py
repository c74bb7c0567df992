"""Rows of a table without what is no data: titles above the header, questions below it, headers again, totals."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice

from jobs.kinds.sentences.formats.blocks import Block, InBlocks
from jobs.kinds.sentences.formats.contract import Cells, Reader
from jobs.kinds.sentences.formats.headers import (
    header_at,
    is_header,
    is_number,
    meaning_of,
    past_comments,
    plain_cells,
    questions_below,
)
from jobs.kinds.sentences.formats.second_tables import Above, blocks_without_second, without_second
from jobs.kinds.sentences.options import KEEP, TableOptions
from jobs.uploads.errors import listed
from jobs.uploads.findings import Notes

_SAMPLE_ROWS = 1_000
# What takes back that rows were left out.
_BACK = {"other_rows": KEEP}
_TOTALS = frozenset((
    "total", "totals", "grand total", "sum", "subtotal", "count", "average", "summe", "gesamt", "gesamtsumme", "anzahl",
    "total général",
    "somme", "suma", "totale", "somma", "soma", "totaal", "итого", "всего", "合計", "合计", "总计", "總計", "합계",
))  # fmt: skip

Row = tuple[int, Cells]


class Trimmed:
    """A reader without columns of its own whose first record is the header, if there is one.

    Row numbers stay those of the file. What was left out becomes notes, once.
    """

    columns: list[str] | None = None

    def __init__(self, reader: Reader, notes: Notes, options: TableOptions) -> None:
        self._reader = reader
        self._notes = notes
        self.encoding, self.delimiter = reader.encoding, reader.delimiter
        self.unit, self.meaning = reader.unit, reader.meaning
        self.presumes = isinstance(reader, InBlocks) and reader.presumes
        chosen = options.header_row or 0
        records = (record for record in _filled(reader.records()) if record[0] >= chosen)
        sample = list(islice(records, _SAMPLE_ROWS))
        self._header: tuple[str, ...] = ()
        self._start: str | None = None  # the first cell of the header, as it is written
        self._first = 0  # number of the first row that counts
        self._questions: frozenset[int] = frozenset()
        self._short = False
        self._told = False
        self._above: Above | None = None
        self._keeps = options.other_rows == KEEP
        if sample and options.has_header is not False:
            self._look(sample, is_chosen=chosen > 0)

    def records(self) -> Iterator[Row]:
        """(number of the row, its cells), the header first."""
        header = self._header
        if not header:
            yield from self._from_first()
            return
        again: list[int] = []
        held: Row | None = None
        count = -1
        start = self._start
        rows = self._from_first()
        if self._above is not None:
            rows = without_second(rows, self._above, self._tell_of_second)
        for record in rows:
            cells = record[1]
            if cells and cells[0] == start and plain_cells(cells) == header:
                if count >= 0 and not self._keeps:
                    again.append(record[0])
                    continue
                if self._short:
                    record = (record[0], ["", *cells])
            count += 1
            if held is not None:
                yield held
            held = record
        total = held is not None and count > 0 and self._is_total(held[1], count - 1)
        if held is not None and not total:
            yield held
        self._tell(again, held[0] if held and total else 0)

    def blocks(self) -> Iterator[Block] | None:
        """See `InBlocks`."""
        blocks = self._reader.blocks() if isinstance(self._reader, InBlocks) else None
        if blocks is None or self._questions or self._short:
            return None
        return self._trimmed_blocks(blocks)

    def _trimmed_blocks(self, blocks: Iterator[Block]) -> Iterator[Block]:
        again: list[int] = []
        drops = bool(self._header) and not self._keeps
        held: Block | None = None
        count = -1
        if self._above is not None:
            blocks = blocks_without_second(blocks, self._above, self._tell_of_second)
        for block in blocks:
            if block.first < self._first:
                block = Block(self._first, block.rows[self._first - block.first :])
            if not block.rows:
                continue
            for part in self._without_headers(block, again, is_first=count < 0) if drops else (block,):
                count += len(part.rows)
                if held is not None:
                    yield held
                held = part
        if held is None:
            return
        number, last = held.first + len(held.rows) - 1, held.rows[-1]
        total = bool(self._header) and count > 0 and self._is_total(last, count - 1)
        held = Block(held.first, held.rows[:-1]) if total else held
        if held.rows:
            yield held
        self._tell(again, number if total else 0)

    def _without_headers(self, block: Block, again: list[int], *, is_first: bool) -> Iterator[Block]:
        """The block, in parts where rows between them repeat the header; `is_first`: the first row is the header."""
        firsts = block.columns[0] if block.columns else [row[0] if row else "" for row in block.rows]
        if not is_first and self._start not in firsts:
            yield block
            return
        start = 0
        for at, first in enumerate(firsts):
            if first != self._start or (is_first and at == 0) or plain_cells(block.rows[at]) != self._header:
                continue
            again.append(block.first + at)
            if at > start:
                yield Block(block.first + start, block.rows[start:at])
            start = at + 1
        if start < len(block.rows):
            yield Block(block.first + start, block.rows[start:])

    def _from_first(self) -> Iterable[Row]:
        first, questions = self._first, self._questions
        records = self._reader.records()
        if not first and not questions:
            return records
        return (record for record in records if record[0] >= first and record[0] not in questions)

    def _look(self, sample: Sequence[Row], *, is_chosen: bool) -> None:
        found = [cells for _, cells in sample]
        at = 0 if is_chosen or self._keeps else past_comments(found) or header_at(found)
        if sample[at][0] > 1:
            self._first = sample[at][0]  # what stands above may be empty rows, too
        if at:
            above = listed(
                [" ".join(filter(None, plain_cells(cells))).rstrip(":. ") for _, cells in sample[:at]], 3
            )
            self._notes.repair(
                _span(sample[0][0], sample[at - 1][0]),
                f"Left out above the table: {above}.",
                undo={"header_row": str(sample[0][0])},
            )
        names, below = plain_cells(sample[at][1]), sample[at + 1 :]
        questions = 0 if self._keeps else questions_below([cells for _, cells in below], len(names))
        if questions:
            left = [number for number, _ in below[:questions]]
            self._questions = frozenset(left)
            self.meaning = meaning_of(names, plain_cells(below[questions - 1][1])) or self.meaning
            self._notes.repair(
                _span(left[0], left[-1]),
                "Left out below the header: questions or types of the columns, not answers.",
                undo=_BACK,
            )
        data = [row for cells in below[questions:] if (row := plain_cells(cells[1])) != names]
        if at or is_chosen or questions or is_header(names, data):
            self._header, self._start = names, sample[at][1][0]
            self._short = self._is_short(names, data)
            if not (self._short or self._keeps):
                self._above = Above(self._header, below, is_number)

    def _is_short(self, names: Sequence[str], data: Sequence[Sequence[str]]) -> bool:
        """R writes names of rows, and none above them."""
        rows = [row for row in data if len(row) == len(names) + 1]
        if len(rows) < 2 or len(rows) * 10 < len(data) * 9 or len({row[0] for row in rows}) < len(rows):
            return False
        self._notes.repair(
            "Header", "It has one name less than the rows have cells; the first cell is the row's name."
        )
        return True

    def _is_total(self, cells: Cells, rows: int) -> bool:
        if self._keeps:
            return False
        filled = [cell for cell in plain_cells(cells) if cell]
        if len(filled) < 2 or filled[0].rstrip(":").casefold() not in _TOTALS:
            return False
        if not all(map(is_number, filled[1:])):
            return False
        return len(self._header) > 2 or filled[1] == str(rows)

    def _tell_of_second(self, rows: Sequence[Row]) -> None:
        if self._told:
            return
        names = listed([cell for cell in plain_cells(rows[0][1]) if cell], 4)
        where = f"{self.unit} {rows[0][0]:,}" if len(rows) == 1 else f"Rows {rows[0][0]:,} to {rows[-1][0]:,}"
        self._notes.repair(where, f"Left out: this is another table below the first ({names}).", undo=_BACK)

    def _tell(self, again: Sequence[int], total: int) -> None:
        if self._told:
            return
        self._told = True
        if again:
            rows = (
                f"{len(again):,} rows repeat the header" if len(again) > 1 else "this row repeats the header"
            )
            self._notes.repair(f"{self.unit} {again[0]:,}", f"Left out: {rows}.", undo=_BACK)
        if total:
            self._notes.repair(f"{self.unit} {total:,}", "Left out: this row holds totals.", undo=_BACK)


def _filled(records: Iterable[Row]) -> Iterator[Row]:
    return (record for record in records if any(cell is None or cell.strip() for cell in record[1]))


def _span(first: int, last: int) -> str:
    return f"Row {first:,}" if first == last else f"Rows {first:,} to {last:,}"
