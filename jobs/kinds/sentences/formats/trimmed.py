"""Rows of a table without what is no data: titles above the header, questions below it, headers again, totals."""

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice

from jobs.kinds.sentences.columns.names import is_known
from jobs.kinds.sentences.formats.blocks import Block, InBlocks
from jobs.kinds.sentences.formats.contract import Cells, Meaning, Reader
from jobs.kinds.sentences.formats.second_tables import Above, blocks_without_second, without_second
from jobs.kinds.sentences.options import KEEP, TableOptions
from jobs.uploads.errors import listed
from jobs.uploads.findings import Notes

_SAMPLE_ROWS = 1_000
_COMMENTS = ("#", "//")
# What takes back that rows were left out.
_BACK = {"other_rows": KEEP}
_MOST_TITLES = 20
_MOST_QUESTIONS = 3
_LONGEST_NUMBER = 40
_IMPORT_ID = re.compile(r'\s*\{\s*"ImportId"\s*:\s*"([^"]*)"')
_QUESTION_ID = re.compile(r"QID\w+")
_NUMERIC = re.compile(r"\s*[-+(]?[\d.,:/T\sZ%$€£+-]*\d[\d.,:/T\sZ%$€£+)-]*\s*")
_TOTALS = frozenset((
    "total", "totals", "grand total", "sum", "subtotal", "count", "average", "summe", "gesamt", "gesamtsumme", "anzahl",
    "total général",
    "somme", "suma", "totale", "somma", "soma", "totaal", "итого", "всего", "合計", "合计", "总计", "總計", "합계",
))  # fmt: skip
_ANSWERS = frozenset(
    ("response", "open-ended response", "other (please specify)", "antwort", "réponse", "respuesta")
)

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
            if cells and cells[0] == start and _plain(cells) == header:
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
            if first != self._start or (is_first and at == 0) or _plain(block.rows[at]) != self._header:
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
        at = 0 if is_chosen or self._keeps else _past_comments(found) or _header_at(found)
        if sample[at][0] > 1:
            self._first = sample[at][0]  # what stands above may be empty rows, too
        if at:
            above = listed(
                [" ".join(filter(None, _plain(cells))).rstrip(":. ") for _, cells in sample[:at]], 3
            )
            self._notes.repair(
                _span(sample[0][0], sample[at - 1][0]),
                f"Left out above the table: {above}.",
                undo={"header_row": str(sample[0][0])},
            )
        names, below = _plain(sample[at][1]), sample[at + 1 :]
        questions = 0 if self._keeps else _questions([cells for _, cells in below], len(names))
        if questions:
            left = [number for number, _ in below[:questions]]
            self._questions = frozenset(left)
            self.meaning = _meaning(names, _plain(below[questions - 1][1])) or self.meaning
            self._notes.repair(
                _span(left[0], left[-1]),
                "Left out below the header: questions or types of the columns, not answers.",
                undo=_BACK,
            )
        data = [row for cells in below[questions:] if (row := _plain(cells[1])) != names]
        if at or is_chosen or questions or _is_header(names, data):
            self._header, self._start = names, sample[at][1][0]
            self._short = self._is_short(names, data)
            if not (self._short or self._keeps):
                self._above = Above(self._header, below, _is_number)

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
        filled = [cell for cell in _plain(cells) if cell]
        if len(filled) < 2 or filled[0].rstrip(":").casefold() not in _TOTALS:
            return False
        if not all(map(_is_number, filled[1:])):
            return False
        return len(self._header) > 2 or filled[1] == str(rows)

    def _tell_of_second(self, rows: Sequence[Row]) -> None:
        if self._told:
            return
        names = listed([cell for cell in _plain(rows[0][1]) if cell], 4)
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


def _past_comments(rows: Sequence[Cells]) -> int:
    """Index of the first row below lines that begin with # or //, where it is, or may be, the header."""
    count = 0
    while count < min(len(rows) - 1, _MOST_TITLES) and _bare(
        rows[count][0] if rows[count] else ""
    ).startswith(_COMMENTS):
        count += 1
    if not count:
        return 0
    names, data = _plain(rows[count]), [_plain(row) for row in rows[count + 1 :]]
    if any(map(is_known, filter(None, names))) or _is_header(names, data):
        return count
    return 0


def _header_at(rows: Sequence[Cells]) -> int:
    """Index of the header where titles stand above it; 0 where the first row is header or data."""
    fills = [sum(1 for cell in _plain(row) if cell) for row in rows[: 10 * _MOST_TITLES]]
    if len(fills) < 4:
        return 0
    most = max(fills)
    if most < 2 or fills[0] * 4 >= most * 3:
        return 0
    for at in range(1, min(len(rows), _MOST_TITLES)):
        if fills[at] >= 2 and fills[at] * 4 >= most * 3:
            names = [name for name in _plain(rows[at]) if name]
            alone = all(fill * 2 <= fills[at] for fill in fills[:at])
            words = not any(map(_is_number, names)) and len(set(names)) == len(names)
            known = any(map(is_known, names))
            return (
                at if alone and words and (known or len(rows) - at > 4) and max(map(len, names)) <= 100 else 0
            )
    return 0


def _questions(rows: Sequence[Cells], width: int) -> int:
    """How many rows below the header say more about the columns, as exports of surveys have them."""
    for count in range(min(_MOST_QUESTIONS, len(rows)), 0, -1):
        filled = [cell for cell in _plain(rows[count - 1]) if cell]
        if filled and all(map(_IMPORT_ID.match, filled)):
            return count
    if len(rows) < 4:
        return 0
    first, data = _plain(rows[0]), [_plain(row) for row in rows[1:]]
    filled = [cell.casefold() for cell in first if cell]
    if filled and len(filled) < width and set(filled) <= _ANSWERS:
        return 1
    if len(first) != width or width < 4:
        return 0
    columns = [[row[i] for row in data if i < len(row) and row[i]] for i in range(width)]
    numbers = [bool(column) and all(map(_is_number, column)) for column in columns]
    words = [bool(cell) and not _is_number(cell) for cell in first]
    odd = sum(1 for number, word in zip(numbers, words, strict=True) if number and word)
    return 1 if odd >= 2 and all(words) and len(set(first)) == len(first) else 0


def _meaning(names: Sequence[str], last: Sequence[str]) -> Meaning | None:
    """What Qualtrics says of its columns: answers in one's own words, and one question with answers to choose from."""
    ids = [match[1] if (match := _IMPORT_ID.match(cell)) else "" for cell in last]
    asked = [(name, one) for name, one in zip(names, ids, strict=False) if _QUESTION_ID.fullmatch(one)]
    texts = [name for name, one in asked if one.endswith("_TEXT")]
    choices = [name for name, one in asked if not one.endswith("_TEXT")]
    if len(texts) != 1 or len(choices) != 1:
        return None
    return Meaning(inputs=tuple(texts), label=choices[0])


def _is_header(names: Sequence[str], data: Sequence[Sequence[str]]) -> bool:
    """Whether the first row names the columns: its cells come nowhere below them, but with the whole row."""
    if not data or not any(names):
        return False
    below = [{row[i].casefold() for row in data if i < len(row)} for i in range(len(names))]
    fresh = [bool(name) and name.casefold() not in values for name, values in zip(names, below, strict=True)]
    if any(is_known(name) and new for name, new in zip(names, fresh, strict=True)):
        return True
    if not all(names) or any(map(_is_number, names)) or len(set(names)) < len(names) or not all(fresh):
        return False
    return max(map(len, names)) <= 40 and any(len(values) * 2 <= len(data) for values in below)


def _is_number(cell: str) -> bool:
    """A number, date, time, share or price."""
    return len(cell) <= _LONGEST_NUMBER and _NUMERIC.fullmatch(cell) is not None


def _filled(records: Iterable[Row]) -> Iterator[Row]:
    return (record for record in records if any(cell is None or cell.strip() for cell in record[1]))


def _bare(cell: str | None) -> str:
    return cell.strip() if cell else ""


def _plain(cells: Cells) -> tuple[str, ...]:
    return tuple(map(_bare, cells))


def _span(first: int, last: int) -> str:
    return f"Row {first:,}" if first == last else f"Rows {first:,} to {last:,}"
