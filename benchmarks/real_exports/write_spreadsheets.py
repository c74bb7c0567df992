"""What openpyxl, XlsxWriter, xlwt, odfpy and tablib write."""

import datetime

import openpyxl
import tablib
import xlsxwriter
import xlwt
from made_up import Expected, rows
from odf.opendocument import OpenDocumentSpreadsheet
from odf.table import Table, TableCell, TableRow
from odf.text import P


def write(expected: Expected) -> None:
    made = rows()
    _openpyxl(expected, made)
    _xlsxwriter(expected, made)
    _old_and_open(expected, made)
    data = tablib.Dataset(*made, headers=("text", "label"))
    for form in ("csv", "tsv", "json", "ods", "xls", "xlsx"):
        content = data.export(form)
        expected.table(f"tablib.{form}", made).write_bytes(
            content.encode() if isinstance(content, str) else content
        )
    expected.table("tablib.yaml", made).write_text(data.export("yaml"))


def _openpyxl(expected, made) -> None:
    book = openpyxl.Workbook()
    for row in (("text", "label"), *made):
        book.active.append(row)
    book.save(expected.table("plain.xlsx", made))

    book = openpyxl.Workbook()
    sheet = book.active
    sheet["A1"] = "Messages of May"
    sheet.merge_cells("A1:D1")
    sheet.append([])
    sheet.append(("No.", "Date", "Message", "Category"))
    for number, (text, label) in enumerate(made):
        sheet.append((number, datetime.date(2026, 5, 1), text, label))
    sheet.append(("Total", None, None, f"=COUNTA(D4:D{len(made) + 3})"))
    book.save(expected.table("title_and_total.xlsx", made))

    book = openpyxl.Workbook()
    book.active.title = "Read me"
    book.active.append(("These are messages to our shop.",))
    sheet = book.create_sheet("Data")
    for row in (("text", "label"), *made):
        sheet.append(row)
    book.create_sheet("Empty")
    book.save(expected.table("second_sheet.xlsx", made))

    book = openpyxl.Workbook()
    codes = {"billing": "01", "delivery": "02", "login": "10"}
    book.active.append(("text", "label"))
    for text, label in made:
        book.active.append((text, codes[label]))
    book.save(expected.table("zero_padded.xlsx", [(text, codes[label]) for text, label in made]))
    openpyxl.Workbook().save(expected.refused("empty.xlsx", "sentences", "empty"))


def _xlsxwriter(expected, made) -> None:
    for name, options in (("plain", {}), ("inline_strings", {"constant_memory": True})):
        with xlsxwriter.Workbook(expected.table(f"xlsxwriter_{name}.xlsx", made), options) as book:
            sheet = book.add_worksheet()
            for number, row in enumerate((("text", "label"), *made)):
                sheet.write_row(number, 0, row)
    numbers = [(text, str(len(label))) for text, label in made]
    with xlsxwriter.Workbook(expected.table("xlsxwriter_numbers.xlsx", numbers)) as book:
        sheet = book.add_worksheet()
        for number, row in enumerate((("text", "label"), *((text, len(label)) for text, label in made))):
            sheet.write_row(number, 0, row)
    with xlsxwriter.Workbook(expected.table("xlsxwriter_formulas.xlsx", made)) as book:
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, ("text", "label"))
        for number, (text, label) in enumerate(made, start=1):
            sheet.write(number, 0, text)
            sheet.write_formula(number, 1, f'="{label}"', None, label)


def _old_and_open(expected, made) -> None:
    book = xlwt.Workbook(encoding="utf-8")
    sheet = book.add_sheet("Data")
    for number, row in enumerate((("text", "label"), *made)):
        for place, value in enumerate(row):
            sheet.write(number, place, value)
    book.save(str(expected.table("plain.xls", made)))

    document = OpenDocumentSpreadsheet()
    table = Table(name="Data")
    for row in (("text", "label"), *made):
        line = TableRow()
        for value in row:
            cell = TableCell(valuetype="string")
            for paragraph in value.split("\n"):
                cell.addElement(P(text=paragraph))
            line.addElement(cell)
        table.addElement(line)
    document.spreadsheet.addElement(table)
    document.save(str(expected.table("plain.ods", made)))
