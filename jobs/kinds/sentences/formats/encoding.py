"""How the bytes of a table are to be read as text."""

import codecs
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import BinaryIO

from jobs.kinds.sentences.example import TABLE_EXAMPLE
from jobs.uploads.errors import UploadRefused
from training.ground.limits import MIB

Opener = Callable[[], BinaryIO]

_SAMPLE = 256 * 1024
_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32"),  # begins like UTF-16
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_CONTROL = bytes({*range(0, 9), *range(14, 32)} - {0x1A, 0x1B})
_HIGH = re.compile(rb"[\x80-\xff]+")
_HANZI = re.compile(rb"(?:[\xa1-\xa3\xb0-\xd7][\xa1-\xfe])+")  # GB2312: punctuation and the common characters
_CYRILLIC = re.compile(rb"[\xa8\xb8\xc0-\xff]+")
_SAVE = "Save it as CSV with UTF-8, or choose the encoding by hand."


@dataclass(frozen=True, slots=True)
class Encoding:
    """`codec` for Python, `name` for people, `guessed` when only the letters gave it away."""

    codec: str
    name: str
    guessed: bool = False

    @property
    def errors(self) -> str:
        return "replace" if self.guessed else "strict"


def find_encoding(open_: Opener, chosen: str | None) -> Encoding:
    """Reads the whole file once; raises UploadRefused (400, 415, 422) when it is no text in one encoding."""
    with open_() as file:
        head = file.read(_SAMPLE)
    if chosen is not None:
        found = Encoding("utf-8-sig" if chosen == "utf-8" else chosen, chosen)
        _check(open_, found, f"The file is not {chosen}. {_SAVE}", 422)
        return found
    for bom, name in _BOMS:
        if head.startswith(bom):
            found = Encoding("utf-8-sig" if name == "utf-8" else name, name)
            _check(open_, found, f"The file begins like {name}, but is not {name} throughout. {_SAVE}", 400)
            return found
    if b"\x00" in head:
        return _wide_without_bom(open_, head)
    _refuse_binary(head)
    try:
        _decode_all(open_, "utf-8")
    except UnicodeDecodeError:
        return _by_letters(open_)
    return Encoding("utf-8-sig", "utf-8")


def _wide_without_bom(open_: Opener, head: bytes) -> Encoding:
    """UTF-16 shows itself by the zero half of every line end; zeros in other text make no line ends."""
    name = "utf-16-le" if head[1::2].count(0) > head[0::2].count(0) else "utf-16-be"
    text = head[: len(head) & ~1].decode(name, "replace")
    if "\x00" in text or not ("\n" in text or "\r" in text):
        raise _nul()
    found = Encoding(name, name)
    _check(open_, found, f"The file is neither UTF-8 nor UTF-16 throughout. {_SAVE}", 400)
    return found


def _check(open_: Opener, encoding: Encoding, message: str, status: int) -> None:
    try:
        _decode_all(open_, encoding.codec)
    except UnicodeError as error:
        raise UploadRefused(message, status=status, code="encoding") from error


def _decode_all(open_: Opener, codec: str) -> None:
    decoder = codecs.getincrementaldecoder(codec)()
    with open_() as file:
        while chunk := file.read(MIB):
            if "\x00" in decoder.decode(chunk):
                raise _nul()
        decoder.decode(b"", final=True)


def _by_letters(open_: Opener) -> Encoding:
    """An old code page, told by how its letters stand together; a guess that the user can correct."""
    runs = _HIGH.findall(_foreign_parts(open_))
    high = sum(map(len, runs))
    words = [run for run in runs if len(run) > 2]
    if sum(map(len, words)) * 2 < high:  # single letters among ASCII
        return Encoding("windows-1252", "windows-1252", guessed=True)
    pairs = b"".join(b"".join(_HANZI.findall(run)) for run in runs)
    if len(pairs) > 0.7 * high and sum(len(run) % 2 for run in runs) * 20 < len(runs):
        # Korean has nothing in the second half of that range.
        if sum(lead > 0xC8 for lead in pairs[::2]) * 50 < len(pairs):
            return Encoding("cp949", "euc-kr", guessed=True)
        return Encoding("gb18030", "gbk", guessed=True)
    if _decodes(b"\n".join(runs), "cp874"):
        return Encoding("cp874", "windows-874", guessed=True)
    if sum(len(run) for run in words if _CYRILLIC.fullmatch(run)) > 0.5 * high:
        return Encoding("cp1251", "windows-1251", guessed=True)
    return Encoding("windows-1252", "windows-1252", guessed=True)


def _foreign_parts(open_: Opener) -> bytes:
    """Up to a sample of those parts of the file that are not ASCII."""
    found = b""
    with open_() as file:
        while len(found) < _SAMPLE and (chunk := file.read(_SAMPLE)):
            if b"\x00" in chunk:
                raise _nul()
            if not chunk.isascii():
                found += chunk
    return found


def _decodes(data: bytes, codec: str) -> bool:
    try:
        data.decode(codec)
    except UnicodeDecodeError:
        return False
    return True


def _refuse_binary(head: bytes) -> None:
    control = len(head) - len(head.translate(None, _CONTROL))
    if control * 20 > len(head):
        raise UploadRefused(
            f"This is not a table but a binary file. {TABLE_EXAMPLE}", status=415, code="wrong_kind"
        )


def _nul() -> UploadRefused:
    return UploadRefused(
        f"The file holds NUL characters, so it is not plain text, or it is damaged. {_SAVE}",
        code="nul_in_text",
    )
