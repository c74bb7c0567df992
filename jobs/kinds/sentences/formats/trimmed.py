"""Rows of a table without what is no data: titles above the header, questions below it, headers again, totals."""

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice

from jobs.kinds.sentences.columns.names import is_known
from jobs.kinds.sentences.formats.contract import Cells, Meaning, Reader
from jobs.uploads.errors import listed
from jobs.uploads.findings import Notes

_SAMPLE_ROWS = 1_000
_MOST_TITLES = 20
_MOST_QUESTIONS = 3
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

    def __init__(self, reader: Reader, notes: Notes, *, has_header: bool | None) -> None:
        self._reader = reader
        self._notes = notes
        self.encoding, self.delimiter = reader.encoding, reader.delimiter
        self.unit, self.meaning = reader.unit, reader.meaning
        sample = list(islice(_filled(reader.records()), _SAMPLE_ROWS))
        self._header: tuple[str, ...] = ()
        self._first = 0  # number of the first row that counts
        self._questions: frozenset[int] = frozenset()
        self._short = False
        self._told = False
        if sample and has_header is not False:
            self._look(sample)

    def records(self) -> Iterator[Row]:
        """(number of the row, its cells), the header first."""
        again: list[int] = []
        held: Row | None = None
        count = 0
        for record in self._body(again):
            if held is not None:
                count += 1
                yield held
            held = record
        total = held is not None and bool(self._header) and self._is_total(held[1], count - 1)
        if held is not None and not total:
            yield held
        self._tell(again, held[0] if held and total else 0)

    def _body(self, again: list[int]) -> Iterator[Row]:
        header, questions, first = self._header, self._questions, self._first
        if not header and not first:
            yield from self._reader.records()
            return
        start, is_first = header[0] if header else None, True
        for number, cells in self._reader.records():
            if number < first or number in questions:
                continue
            if header and cells and _bare(cells[0]) == start and _plain(cells) == header:
                if not is_first:
                    again.append(number)
                    continue
                is_first = False
                yield number, ["", *cells] if self._short else cells
            else:
                yield number, cells

    def _look(self, sample: Sequence[Row]) -> None:
        at = _header_at([cells for _, cells in sample])
        if at:
            self._first = sample[at][0]
            above = listed([" ".join(filter(None, _plain(cells))) for _, cells in sample[:at]], 3)
            self._notes.repair(_span(sample[0][0], sample[at - 1][0]), f"Left out above the table: {above}.")
        names, below = _plain(sample[at][1]), sample[at + 1 :]
        questions = _questions([cells for _, cells in below], len(names))
        if questions:
            left = [number for number, _ in below[:questions]]
            self._questions = frozenset(left)
            self.meaning = _meaning(names, _plain(below[questions - 1][1])) or self.meaning
            self._notes.repair(
                _span(left[0], left[-1]),
                "Left out below the header: questions or types of the columns, not answers.",
            )
        data = [row for cells in below[questions:] if (row := _plain(cells[1])) != names]
        if at or questions or _is_header(names, data):
            self._header = names
            self._short = self._is_short(names, data)

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
        filled = [cell for cell in _plain(cells) if cell]
        if len(filled) < 2 or filled[0].rstrip(":").casefold() not in _TOTALS:
            return False
        if not all(map(_NUMERIC.fullmatch, filled[1:])):
            return False
        return len(self._header) > 2 or filled[1] == str(rows)

    def _tell(self, again: Sequence[int], total: int) -> None:
        if self._told:
            return
        self._told = True
        if again:
            rows = (
                f"{len(again):,} rows repeat the header" if len(again) > 1 else "this row repeats the header"
            )
            self._notes.repair(f"{self.unit} {again[0]:,}", f"Left out: {rows}.")
        if total:
            self._notes.repair(f"{self.unit} {total:,}", "Left out: this row holds totals.")


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
            words = not any(map(_NUMERIC.fullmatch, names)) and len(set(names)) == len(names)
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
    numbers = [bool(column) and all(map(_NUMERIC.fullmatch, column)) for column in columns]
    words = [bool(cell) and not _NUMERIC.fullmatch(cell) for cell in first]
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
    if (
        not all(names)
        or any(map(_NUMERIC.fullmatch, names))
        or len(set(names)) < len(names)
        or not all(fresh)
    ):
        return False
    return max(map(len, names)) <= 40 and any(len(values) * 2 <= len(data) for values in below)


def _filled(records: Iterable[Row]) -> Iterator[Row]:
    return (record for record in records if any(cell is None or cell.strip() for cell in record[1]))


def _bare(cell: str | None) -> str:
    return cell.strip() if cell else ""


def _plain(cells: Cells) -> tuple[str, ...]:
    return tuple(map(_bare, cells))


def _span(first: int, last: int) -> str:
    return f"Row {first:,}" if first == last else f"Rows {first:,} to {last:,}"
