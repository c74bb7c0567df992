"""Turns a sheet of a workbook into lines of JSON: a program of its own, so that no file can take others down with it.

python workbook_child.py PATH SHEET ROWS CHARS MEMORY SECONDS, with an empty SHEET to choose one. Prints an object that
says what was found, then a list of texts for each row. What is wrong is an object with a key "wrong".
"""

import datetime
import json
import resource
import sys
from typing import Any

_MOST_SHEETS = 50
_LOOK_ROWS = 30


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
    for number, cells in enumerate(best.iter_rows()):
        merged.fill(number, cells)
        _say([_text(cell)[: most_chars + 1] for cell in cells[start:]])


def _sheets(book: Any, wanted: str) -> tuple[list[dict[str, Any]], Any]:
    """What each sheet holds, and the one with the most cells, visible before hidden."""
    found: list[dict[str, Any]] = []
    best, most = None, (False, 0)
    for about in book.sheets_metadata[:_MOST_SHEETS]:
        if not str(about.typ).endswith("WorkSheet"):
            continue
        if wanted and about.name != wanted:
            # Only to be named as another choice, so nobody counts its rows.
            found.append({"name": about.name, "rows": 1, "columns": 1, "visible": False})
            continue
        sheet = book.get_sheet_by_name(about.name)
        visible = str(about.visible).endswith(".Visible")
        rows, columns = _size(sheet)
        found.append({"name": about.name, "rows": rows, "columns": columns, "visible": visible})
        rank = (visible, rows * min(columns, 10) if columns > 1 else min(rows, 1))
        if rows and rank > most:
            best, most = sheet, rank
    return found, best


def _size(sheet: Any) -> tuple[int, int]:
    """Rows with anything in them, and the most cells that one of the first has."""
    rows = widest = 0
    for cells in sheet.iter_rows():
        filled = (
            sum(1 for cell in cells if cell != "") if rows < _LOOK_ROWS else any(cell != "" for cell in cells)
        )
        rows += bool(filled)
        widest = max(widest, filled)
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

    def fill(self, number: int, cells: list[Any]) -> None:
        if not self._ranges and not self._open:
            return
        self._open = [one for one in self._open if one[0] >= number]
        for _, column, value in self._open:
            if cells[column] == "":
                cells[column] = value
        while self._ranges and self._ranges[0][0] <= number:
            _, bottom, column = self._ranges.pop(0)
            if column < len(cells):
                self._open.append((bottom, column, cells[column]))


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


def _say(what: Any) -> None:
    sys.stdout.write(json.dumps(what) + "\n")


if __name__ == "__main__":
    main()
