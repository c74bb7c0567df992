"""Counts the entries of a zip before zipfile reads its whole directory into memory."""

import os
import struct
from dataclasses import dataclass
from typing import BinaryIO, Self

from jobs.uploads.errors import UploadRefused

_END = struct.Struct("<4s4H2LH")
_END64 = struct.Struct("<4sQ2H2L4Q")
_LOCATOR64 = struct.Struct("<4sLQL")
_ENTRY = struct.Struct("<4s4B4HL2L5H2L")
_MOST_COMMENT = 65_535
_MOST_BYTES_PER_ENTRY = 1_024  # name, comment and extra fields, on average


@dataclass(frozen=True, slots=True)
class Directory:
    """Where the table of contents of a zip lies; the counterpart of zipfile's own reading, in constant memory."""

    file: BinaryIO
    start: int
    size: int

    @classmethod
    def read(cls, file: BinaryIO) -> Self:
        """Finds the directory; raises UploadRefused (400) when the end of the zip is missing."""
        length = file.seek(0, os.SEEK_END)
        begin = max(0, length - _END.size - _MOST_COMMENT)
        file.seek(begin)
        tail = file.read()
        at = _find_end(tail)
        if at < 0:
            raise _cut_short()
        end = _END.unpack_from(tail, at)
        size, offset, place = end[5], end[6], begin + at
        wide = _read_wide(file, place)
        if wide is not None:
            size, offset = wide
            place -= _END64.size + _LOCATOR64.size
        if place - size < 0 or size < 0:
            raise _cut_short()
        if place - size != offset and not _is_spanning_marker(file, place - size - offset):
            raise UploadRefused(
                "The zip has extra data before its beginning, or it is cut short. Make a new, ordinary zip.",
                status=422 if place - size > offset else 400,
                code="polyglot" if place - size > offset else "zip_damaged",
            )
        return cls(file, place - size, size)

    def check(self, most: int) -> None:
        """Refuses (413) a zip of more than `most` entries, or of names that need more memory than those."""
        count, position = 0, 0
        self.file.seek(self.start)
        while position < self.size:
            record = self.file.read(_ENTRY.size)
            if len(record) < _ENTRY.size or not record.startswith(b"PK\x01\x02"):
                raise _cut_short()
            fields = _ENTRY.unpack(record)
            rest = fields[12] + fields[13] + fields[14]
            self.file.seek(rest, os.SEEK_CUR)
            position += _ENTRY.size + rest
            count += 1
            if count > most:
                raise _too_many(most)
        if self.size > _MOST_BYTES_PER_ENTRY * most:
            raise _too_many(most)


def _find_end(tail: bytes) -> int:
    """Where the end record begins; the very end first, as zipfile does."""
    if tail[-_END.size :].startswith(b"PK\x05\x06") and tail.endswith(b"\x00\x00"):
        return len(tail) - _END.size
    at = tail.rfind(b"PK\x05\x06")
    return at if at >= 0 and len(tail) - at >= _END.size else -1


def _is_spanning_marker(file: BinaryIO, extra: int) -> bool:
    """Whether the extra bytes in front are the mark of a zip that was to be split (APPNOTE 8.5.4)."""
    if extra != 4:
        return False
    file.seek(0)
    return file.read(4) in (b"PK\x07\x08", b"PK00")


def _read_wide(file: BinaryIO, place: int) -> tuple[int, int] | None:
    """Size and offset of the directory of a zip64."""
    begin = place - _LOCATOR64.size - _END64.size
    if begin < 0:
        return None
    file.seek(begin)
    data = file.read(_END64.size + _LOCATOR64.size)
    if len(data) < _END64.size + _LOCATOR64.size:
        return None
    if not data.startswith(b"PK\x06\x06") or data[_END64.size : _END64.size + 4] != b"PK\x06\x07":
        return None
    record = _END64.unpack_from(data)
    return record[8], record[9]


def _cut_short() -> UploadRefused:
    return UploadRefused(
        "The zip is cut short or damaged: its table of contents is missing. Upload it again, or make a new zip.",
        code="zip_damaged",
    )


def _too_many(most: int) -> UploadRefused:
    return UploadRefused(
        f"The zip has too many entries; at most {most:,} are allowed. Send fewer files.",
        status=413,
        code="too_many_files",
    )
