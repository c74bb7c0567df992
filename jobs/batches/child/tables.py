"""The results as tables, CSV and XLSX: the user's own columns in front, then what was predicted.

CSV is for programs: every cell is what the user's file says, byte for byte, so that it joins with it again. A
spreadsheet that opens a CSV takes some text for formulas; XLSX is for those: there text is text.
"""

import csv
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

from jobs.batches.child.items import Source
from jobs.batches.child.results import labels_of, read, words_of

# What a sheet can hold besides its header, and a cell.
MOST_ROWS = 1_048_575
_MOST_CHARS = 32_767
_PREDICTED, _MEASURED = "predicted_", "measured_"


def write_csv(
    source: Source, results: Path, target: Path, top_k: int, *, outside: bool = False, many: bool = False
) -> None:
    """All results; UTF-8 with a mark, which spreadsheets need and programs know as "utf-8-sig".

    With `outside` there is a column that says which of them are; with `many` one with all labels of each.
    """
    with target.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(header(source, top_k, outside=outside, many=many))
        writer.writerows(rows(source, results, top_k, outside=outside, many=many))


def write_xlsx(
    source: Source,
    results: Path,
    target: Path,
    top_k: int,
    classes: Sequence[str],
    *,
    outside: bool = False,
    many: bool = False,
) -> None:
    """All results on one sheet, and on another the classes in the model's order with how many there are of each."""
    import xlsxwriter  # here: only the process that predicts needs it

    counts: Counter[str] = Counter()
    book: AbstractContextManager[Any] = xlsxwriter.Workbook(
        target, {"constant_memory": True, "tmpdir": str(target.parent)}
    )
    with book as workbook:
        bold = workbook.add_format({"bold": True})
        sheet = workbook.add_worksheet("Results")
        sheet.freeze_panes(1, 0)
        sheet.write_row(0, 0, header(source, top_k, outside=outside, many=many), bold)
        found = zip(read(results), rows(source, results, top_k, outside=outside, many=many), strict=True)
        for line, (result, cells) in enumerate(found, start=1):
            _write_cells(sheet, line, cells)
            counts.update(labels_of(result))
        sheet = workbook.add_worksheet("Classes")
        sheet.write_row(0, 0, ("label", "count"), bold)
        for line, label in enumerate(classes, start=1):
            _write_cells(sheet, line, (label, counts[label]))


def header(source: Source, top_k: int, *, outside: bool = False, many: bool = False) -> list[str]:
    """Names of the columns; ours give way where the user's file has the same."""
    own = list(source.own_columns) or [name for name in source.columns if name not in source.told]
    taken = {name.casefold() for name in own}
    told = list(source.told)
    while any(name in taken for name in told):
        told = [_MEASURED + name for name in told]
    ranks = [f"_{rank}" if rank > 1 else "" for rank in range(1, top_k + 1)]
    ours = [
        *(("labels",) if many else ()),
        *(word + rank for rank in ranks for word in ("label", "probability")),
    ]
    ours += [*(("outside",) if outside else ()), "error"]
    while any(name in taken for name in ours):
        ours = [_PREDICTED + name for name in ours]
    return own + told + ours


def rows(
    source: Source, results: Path, top_k: int, *, outside: bool = False, many: bool = False
) -> Iterator[list[Any]]:
    """The cells of each result under `header`: text, or a number for a probability."""
    own = source.own_cells() if source.own_columns else None
    for result in read(results):
        names = source.told if own is not None else source.columns
        front = [*(next(own) if own is not None else ()), *(_cell(result[name]) for name in names)]
        top = [cell for entry in result.get("top", ()) for cell in (entry["label"], entry["probability"])]
        told = [_cell(result.get("outside"))] if outside else []
        if many:
            front.append("" if "error" in result else words_of(result))
        yield [*front, *top, *[""] * (2 * top_k - len(top)), *told, result.get("error", "")]


def _cell(value: Any) -> Any:
    """What is known as yes, no or not at all, in words."""
    if value is None:
        return ""
    return ("no", "yes")[value] if isinstance(value, bool) else value


def _write_cells(sheet: Any, line: int, cells: Sequence[Any]) -> None:
    for place, cell in enumerate(cells):
        if isinstance(cell, str):
            if cell:
                sheet.write_string(line, place, cell[:_MOST_CHARS])
        else:
            sheet.write_number(line, place, cell)
