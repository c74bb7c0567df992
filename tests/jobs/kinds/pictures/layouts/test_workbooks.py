"""A workbook that lies beside pictures tells their labels."""

import io
from collections.abc import Sequence

import xlsxwriter

from tests.jobs.kinds.pictures.layouts.made_up import classes, kinds, loose, said


def workbook(*rows: Sequence[object]) -> bytes:
    buffer = io.BytesIO()
    with xlsxwriter.Workbook(buffer) as book:
        sheet = book.add_worksheet()
        for at, row in enumerate(rows):
            sheet.write_row(at, 0, row)
    return buffer.getvalue()


ROWS = [(f"{at:03}.jpg", ("oak", "elm")[at % 2], 1990 + at) for at in range(12)]


def test_a_list_in_excel_is_a_table_of_labels(inspect_zip):
    book = workbook(("Photo", "Tree", "Year"), *ROWS)
    findings = inspect_zip(loose(12, "photos") | {"List of photos.xlsx": book})
    assert classes(findings) == {"elm": 6, "oak": 6}
    assert 'labels from "Tree"' in said(findings)


def test_a_title_above_the_names_of_the_columns_is_passed_over(inspect_zip):
    book = workbook(("Walk in May",), (), ("Photo", "Tree", "Year"), *ROWS)
    assert classes(inspect_zip(loose(12) | {"list.xlsx": book})) == {"elm": 6, "oak": 6}


def test_names_without_suffix_and_numbers_in_cells_are_found(inspect_zip):
    book = workbook(("Photo", "Tree"), *((at, label) for at, (_, label, _) in enumerate(ROWS)))
    assert classes(inspect_zip(loose(12) | {"list.xlsx": book})) == {"elm": 6, "oak": 6}


def test_a_damaged_workbook_is_left_out_by_its_name(inspect_zip):
    book = workbook(("Photo", "Tree", "Year"), *ROWS)
    findings = inspect_zip(
        kinds("oak", "elm") | {"list.xlsx": book[: len(book) // 2], "old.xls": b"no workbook"}
    )
    assert classes(findings) == {"elm": 3, "oak": 3}
    assert "list.xlsx: This is a workbook, so it was left out." in said(findings)
