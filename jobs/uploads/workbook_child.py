"""Turns a sheet of a workbook into lines of JSON: a program of its own, so that no file can take others down with it.

python workbook_child.py PATH SHEET ROWS CHARS MEMORY SECONDS, with an empty SHEET to choose one. Prints an object that
says what was found, then lists of rows, which are lists of texts. What is wrong is an object with a key "wrong".
"""

import datetime
import json
import resource
import sys
from collections.abc import Sequence
from itertools import islice
from typing import Any

_MOST_SHEETS = 50
_LOOK_ROWS = 30
# What stands in one line: rows at most, and characters of JSON where that is more than one row.
_ROWS_OF_A_LINE = 256
_CHARS_OF_A_LINE = 4 * 1024 * 1024


def main() -> None:
    """Reads the arguments, limits itself, prints."""
    path, name, rows, chars, memory, seconds = sys.argv[1:]
    _lower(resource.RLIMIT_AS, int(memory))
    _lower(resource.RLIMIT_CPU, int(seconds))
    _lower(resource.RLIMIT_CORE, 0)
    import python_calamine

    try:
        with python_calamine.load_workbook(path) as book:
            _print(book, name, int(rows), int(chars))
    except python_calamine.PasswordError:
        _say({"wrong": "password"})
    except python_calamine.CalamineError as error:
        _say({"wrong": "damaged", "detail": str(error)[:200]})


def _lower(what: int, value: int) -> None:
    """Never above what the process that started this one may use itself."""
    _, hard = resource.getrlimit(what)
    value = value if hard == resource.RLIM_INFINITY else min(value, hard)
    resource.setrlimit(what, (value, value))


def _print(book: Any, wanted: str, most_rows: int, most_chars: int) -> None:
    sheets, best = _sheets(book, wanted)
    if wanted and wanted not in (sheet["name"] for sheet in sheets):
        _say({"wrong": "no_sheet", "sheets": book.sheet_names})
        return
    if best is None:
        _say({"wrong": "empty"})
        return
    if best.height > most_rows + 1:
        _say({"wrong": "too_many_rows"})
        return
    _say({"sheet": best.name, "sheets": sheets})
    start = best.start[1] if best.start else 0
    # Ranges of merged cells are known in XLSX and XLS alone.
    merged = _Merged(best.merged_cell_ranges or [])
    number, rows = 0, best.iter_rows()
    while some := list(islice(rows, _ROWS_OF_A_LINE)):
        merged.fill(number, some)
        number += len(some)
        _say_rows(_texts(some, start, most_chars))


def _sheets(book: Any, wanted: str) -> tuple[list[dict[str, Any]], Any]:
    """What each sheet holds, and the one with the most cells, visible before hidden."""
    found: list[dict[str, Any]] = []
    best, most = None, (False, 0)
    offered = [about for about in book.sheets_metadata[:_MOST_SHEETS] if str(about.typ).endswith("WorkSheet")]
    compared = not wanted and len(offered) > 1
    for about in offered:
        if wanted and about.name != wanted:
            # Only to be named as another choice, so nobody counts its rows.
            found.append({"name": about.name, "rows": 1, "columns": 1, "visible": False})
            continue
        sheet = book.get_sheet_by_name(about.name)
        visible = str(about.visible).endswith(".Visible")
        rows, columns = _size(sheet, is_compared=compared)
        found.append({"name": about.name, "rows": rows, "columns": columns, "visible": visible})
        rank = (visible, rows * min(columns, 10) if columns > 1 else min(rows, 1))
        if rows and rank > most:
            best, most = sheet, rank
    return found, best


def _size(sheet: Any, *, is_compared: bool) -> tuple[int, int]:
    """Rows with anything in them, and the most cells that one of the first has; not all rows if none compares them."""
    rows = widest = 0
    for cells in sheet.iter_rows():
        filled = len(cells) - cells.count("")
        if filled:
            rows += 1
            if rows <= _LOOK_ROWS:
                widest = max(widest, filled)
            elif not is_compared:
                break
    return rows, widest


class _Merged:
    """A cell that spans several rows stands in each of them."""

    def __init__(self, ranges: list[tuple[tuple[int, int], tuple[int, int]]]) -> None:
        down = [
            (top, bottom, column)
            for (top, column), (bottom, last) in ranges
            if last == column and bottom > top
        ]
        self._ranges = sorted(down)
        self._open: list[tuple[int, int, Any]] = []

    def fill(self, first: int, rows: list[list[Any]]) -> None:
        """The cells of rows that follow each other; `first` is the number of the first, from 0."""
        if self._ranges or self._open:
            for number, cells in enumerate(rows, start=first):
                self._fill(number, cells)

    def _fill(self, number: int, cells: list[Any]) -> None:
        self._open = [one for one in self._open if one[0] >= number]
        for _, column, value in self._open:
            if cells[column] == "":
                cells[column] = value
        while self._ranges and self._ranges[0][0] <= number:
            _, bottom, column = self._ranges.pop(0)
            if column < len(cells):
                self._open.append((bottom, column, cells[column]))


def _texts(rows: list[list[Any]], start: int, most_chars: int) -> list[tuple[str, ...]]:
    """The rows from column `start` on, as text."""
    columns = list(zip(*rows, strict=True))[start:]
    return list(zip(*(_column(cells, most_chars) for cells in columns), strict=True))


def _column(cells: Sequence[Any], most_chars: int) -> Sequence[str]:
    # Nearly all are texts already.
    if set(map(type, cells)) == {str} and len(max(cells, key=len)) <= most_chars:
        return cells
    return [_text(cell)[: most_chars + 1] for cell in cells]


def _text(cell: Any) -> str:
    """A value as people see it in the sheet."""
    if isinstance(cell, str):
        return cell
    if isinstance(cell, bool):
        return "TRUE" if cell else "FALSE"
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() and abs(cell) < 1e15 else repr(cell)
    if isinstance(cell, datetime.datetime):
        return cell.isoformat(sep=" ")
    return cell.isoformat() if isinstance(cell, (datetime.date, datetime.time)) else str(cell)


def _say_rows(rows: Sequence[tuple[str, ...]]) -> None:
    line = _line(rows)
    if len(line) > _CHARS_OF_A_LINE and len(rows) > 1:
        half = len(rows) // 2
        _say_rows(rows[:half])
        _say_rows(rows[half:])
        return
    sys.stdout.buffer.write(line)


def _say(what: Any) -> None:
    sys.stdout.buffer.write(_line(what))


def _line(what: Any) -> bytes:
    return json.dumps(what, ensure_ascii=False).encode() + b"\n"


if __name__ == "__main__":
    main()
