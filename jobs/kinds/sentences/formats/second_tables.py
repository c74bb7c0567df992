"""A small table below the one that is meant: counts of the classes, a legend, behind an empty row."""

from collections.abc import Callable, Iterable, Iterator, Sequence

from jobs.kinds.sentences.columns.names import is_known
from jobs.kinds.sentences.formats.blocks import Block

Row = tuple[int, Sequence[str | None]]

MOST_ROWS = 60
_LONGEST_NAME = 40
_MOST_VALUES = 200


class Above:
    """What is in the columns of a table, by its first rows; tells whether rows behind an empty one are of another."""

    def __init__(self, header: Sequence[str], rows: Sequence[Row], is_number: Callable[[str], bool]) -> None:
        self._header = header
        self._rows = rows
        self._is_number = is_number
        self._values: list[set[str]] = []
        self._words: list[bool] = []

    def second_at(self, rows: Sequence[Row]) -> int | None:
        """The place of a second table's first row among the last rows, which begin with an empty one; or None."""
        if len(rows) < 2:
            return None
        self._look([_plain(cells) for number, cells in self._rows if number < rows[0][0]])
        after_gap = False
        for at, (_, cells) in enumerate(rows):
            plain = _plain(cells)
            if after_gap and any(plain) and self._begins(plain, [_plain(one) for _, one in rows[at + 1 :]]):
                return at
            after_gap = not any(plain)
        return None

    def _look(self, rows: Sequence[Sequence[str]]) -> None:
        columns = [[row[at] for row in rows if at < len(row) and row[at]] for at in range(len(self._header))]
        self._values = [set(column) for column in columns]
        # Columns of words: a number there is of another kind.
        self._words = [
            bool(column)
            and sum(map(self._is_number, column[:_MOST_VALUES])) * 10 < len(column[:_MOST_VALUES])
            for column in columns
        ]

    def _begins(self, names: Sequence[str], below: Sequence[Sequence[str]]) -> bool:
        filled = [at for at, name in enumerate(names) if name and at < len(self._header)]
        below = [row for row in below if any(row)]
        words = [names[at] for at in filled]
        if len(filled) < 2 or not below or len(set(words)) < len(words) or list(names) == list(self._header):
            return False
        if any(map(self._is_number, words)) or max(map(len, words)) > _LONGEST_NAME:
            return False
        return sum(map(is_known, words)) > 1 or any(self._differs(at, names[at], below) for at in filled)

    def _differs(self, at: int, name: str, below: Sequence[Sequence[str]]) -> bool:
        """Whether a column holds numbers in place of words, or the classes of another column."""
        cells = [row[at] for row in below if at < len(row) and row[at]]
        if not cells or name in self._values[at]:
            return False
        if self._words[at] and all(map(self._is_number, cells)):
            return True
        others = [values for place, values in enumerate(self._values) if place != at]
        return len(set(cells)) > 1 and any(
            set(cells) <= values and len(values) <= _MOST_VALUES for values in others
        )


def without_second(
    rows: Iterable[Row], above: Above, tell: Callable[[Sequence[Row]], object]
) -> Iterator[Row]:
    """The rows without those of a second table at their end, which `tell` is given."""
    held: list[Row] = []
    for row in rows:
        if held:
            held.append(row)
            if len(held) > MOST_ROWS:
                yield from held
                held = []
        elif any(cell is None or cell.strip() for cell in row[1]):
            yield row
        else:
            held = [row]
    at = above.second_at(held)
    yield from held if at is None else held[:at]
    if at is not None:
        tell(held[at:])


def blocks_without_second(
    blocks: Iterable[Block], above: Above, tell: Callable[[Sequence[Row]], object]
) -> Iterator[Block]:
    """Likewise for rows in blocks."""
    held: list[Row] = []
    for block in blocks:
        if not held and all(map(any, block.rows)):
            yield block
            continue
        out: list[Row] = []
        for row in block.records():
            if held or not any(cell.strip() for cell in row[1]):
                held.append(row)
                if len(held) > MOST_ROWS:
                    out += held
                    held = []
            else:
                out.append(row)
        if out:
            yield _block(out)
    at = above.second_at(held)
    if held[:at]:
        yield _block(held[:at])
    if at is not None:
        tell(held[at:])


def _block(rows: Sequence[Row]) -> Block:
    return Block(rows[0][0], [list(map(str, cells)) for _, cells in rows])


def _plain(cells: Sequence[str | None]) -> list[str]:
    return [(cell or "").strip() for cell in cells]
