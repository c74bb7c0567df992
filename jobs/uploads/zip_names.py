"""Names of the entries of a zip as their writers meant them."""

import struct
import zipfile
import zlib
from collections.abc import Sequence
from dataclasses import dataclass

from jobs.uploads.errors import shown
from jobs.uploads.findings import Note
from jobs.uploads.name_encodings import Guess, guess_encoding

_UTF8_NAME = 0x800
_UNICODE_PATH = 0x7075


@dataclass(frozen=True, slots=True)
class Names:
    """The name of each entry, what was done with them, and the guess at their encoding, if one was needed."""

    names: list[str]
    repairs: list[Note]
    guess: Guess | None


def names_of(infos: Sequence[zipfile.ZipInfo], encoding: str | None) -> Names:
    """Names by the UTF-8 flag, else by Info-ZIP's field for Unicode, else by the code page that fits all of them.

    `encoding` is that of the latter where it was chosen.
    """
    names: list[str] = []
    unknown: dict[int, bytes] = {}
    for at, info in enumerate(infos):
        name = info.orig_filename
        if not info.flag_bits & _UTF8_NAME and not name.isascii():
            raw = name.encode("cp437")  # what zipfile decoded them with
            told = _unicode_path(info.extra, raw)
            if told is None:
                unknown[at] = raw
            else:
                name = told
        names.append(name)
    repairs = _slashes(names)
    if not unknown:
        return Names(names, repairs, None)
    guess = None if encoding else guess_encoding(unknown.values())
    used = encoding or (guess.encoding if guess else "cp437")
    for at, raw in unknown.items():
        names[at] = raw.decode(used, "replace")
    return Names(names, repairs, guess)


def _unicode_path(extra: bytes, raw: bytes) -> str | None:
    """The name in Info-ZIP's Unicode Path field (APPNOTE 4.6.9), if it belongs to this name."""
    at = 0
    while at + 4 <= len(extra):
        kind, size = struct.unpack_from("<HH", extra, at)
        data = extra[at + 4 : at + 4 + size]
        if kind == _UNICODE_PATH and data[:5] == struct.pack("<BL", 1, zlib.crc32(raw)):
            try:
                return data[5:].decode("utf-8") or None
            except UnicodeDecodeError:
                return None
        at += 4 + size
    return None


def _slashes(names: Sequence[str]) -> list[Note]:
    leading = [name for name in names if name.startswith(("/", "\\"))]
    if not leading:
        return []
    message = f"{len(leading):,} names begin with a slash; it was passed over."
    return [Note(shown(leading[0], 200), message)]
