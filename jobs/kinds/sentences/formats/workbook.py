"""Reads XLSX, XLS and ODS: a child process turns the sheet into lines, which are read as often as needed."""

import mmap
import shutil
import tempfile
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from jobs.kinds.sentences.example import TABLE_EXAMPLE
from jobs.kinds.sentences.formats.blocks import Block
from jobs.kinds.sentences.formats.contract import Meaning, Source
from jobs.uploads.archive import Archive
from jobs.uploads.errors import UploadRefused, listed, shown
from jobs.uploads.findings import Notes, Question
from jobs.uploads.workbook_sheet import (
    HEAD_BYTES,
    MOST_BYTES,
    read_about,
    read_rows,
    workbook_suffix,
    write_sheet,
)
from training.ground.limits import MIB, Limits
from training.kinds.sentences import KIND

_LOCKED = "EncryptedPackage".encode("utf-16-le")
_SIDE = 5  # a sheet of less than a fifth of the rows is not what is meant
_SAVE = "Save the sheet as CSV (UTF-8), and upload that."


class WorkbookReader:
    """Records of one sheet, numbered as the spreadsheet numbers its rows. Raises UploadRefused."""

    columns: list[str] | None = None
    delimiter: str | None = None
    meaning = Meaning()
    encoding = "spreadsheet"
    unit = "Row"
    presumes = False

    def __init__(self, source: Source) -> None:
        # It lives as long as the reader, which has no end of its own.
        self._lines: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115
        weakref.finalize(self, self._lines.close)
        with _as_file(source) as path:
            _check_members(path, source.limits)
            _convert(path, source, self._lines)
        about = self._about()
        self._start = self._lines.tell()
        _tell(about, source.options.sheet, source.notes)

    def records(self) -> Iterator[tuple[int, list[str]]]:
        """(number of the row in the sheet, its cells)."""
        for block in self.blocks():
            yield from block.records()

    def blocks(self) -> Iterator[Block]:
        """See `InBlocks`."""
        number = 1
        for rows in read_rows(self._lines, self._start):
            yield Block(number, rows)
            number += len(rows)

    def _about(self) -> dict[str, Any]:
        try:
            about = read_about(self._lines)
        except ValueError as error:
            raise _too_large() from error
        if wrong := about.get("wrong"):
            raise _refused(wrong, about)
        return about


@contextmanager
def _as_file(source: Source) -> Iterator[Path]:
    """The workbook under a name that says its format: the upload, or a copy of what lies in a zip."""
    with source.open() as file, tempfile.TemporaryDirectory() as folder:
        head = file.read(HEAD_BYTES)
        path = Path(folder, "book" + workbook_suffix(head))
        if getattr(file, "name", None) == str(source.path):
            path.symlink_to(source.path.absolute())
        else:
            file.seek(0)
            with path.open("wb") as copy:
                shutil.copyfileobj(file, copy, MIB)
        yield path


def _check_members(path: Path, limits: Limits) -> None:
    with path.open("rb") as file:
        if path.suffix == ".xls":
            with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
                if data.find(_LOCKED) >= 0:
                    raise _refused("password", {})
            return
        archive = Archive(file, limits, KIND)
        if sum(entry.size for entry in archive.entries) > MOST_BYTES:
            raise _too_large()


def _convert(path: Path, source: Source, lines: IO[bytes]) -> None:
    limits, sheet = source.limits, source.options.sheet or ""
    if not write_sheet(path, lines, sheet=sheet, rows=limits.max_rows, chars=limits.max_field_chars):
        raise _too_large()


def _tell(about: dict[str, Any], chosen: str | None, notes: Notes) -> None:
    name, sheets = about["sheet"], [sheet for sheet in about["sheets"] if sheet["rows"]]
    others = [sheet for sheet in sheets if sheet["name"] != name]
    if others:
        notes.offer("sheet", [sheet["name"] for sheet in sheets])
    if chosen or not others:
        return
    rows = next(sheet["rows"] for sheet in sheets if sheet["name"] == name)
    alike = [one for one in others if one["visible"] and one["columns"] > 1 and one["rows"] * _SIDE > rows]
    notes.repair(
        f'Sheet "{name}"',
        f"This sheet was read. Not read: {listed([one['name'] for one in others])}.",
        undo={"sheet": others[0]["name"]},
    )
    if alike:
        notes.ask(
            Question(
                field="sheet",
                message="The workbook has several sheets with tables. Which one is to be learnt from?",
                guess=name,
                choices=tuple(one["name"] for one in sheets if one["name"] == name or one in alike),
            )
        )


def _refused(wrong: str, about: dict[str, Any]) -> UploadRefused:
    if wrong == "password":
        return UploadRefused(
            "The spreadsheet is protected with a password. Save it without one, or save the sheet as CSV.",
            status=422,
            code="workbook_locked",
        )
    if wrong == "empty":
        return UploadRefused(
            f"The spreadsheet is empty: no sheet has any cells. {TABLE_EXAMPLE}",
            status=422,
            code="upload_empty",
        )
    if wrong == "no_sheet":
        message = f"There is no such sheet; there are {listed(about['sheets'], 10)}."
        return UploadRefused(message, status=422, code="sheet_unknown", fields={"sheet": [message]})
    if wrong == "too_many_rows":
        return UploadRefused("The sheet has too many rows. Send fewer.", status=413, code="too_many_rows")
    if "limit" in about.get("detail", "").lower():
        return _too_large()
    return UploadRefused(
        f"The spreadsheet is damaged or incomplete, so it cannot be opened ({shown(about.get('detail', ''), 60)}). "
        f"Open it in a spreadsheet program. {_SAVE}",
        code="workbook_damaged",
    )


def _too_large() -> UploadRefused:
    return UploadRefused(
        f"The spreadsheet is too large to be opened: it has too many cells. {_SAVE}",
        status=413,
        code="unpacked_too_large",
    )
