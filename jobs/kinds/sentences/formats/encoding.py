"""How the bytes of a table are to be read as text: by mark, by what fits, by vote."""

import codecs
from collections.abc import Callable
from dataclasses import dataclass
from typing import BinaryIO

from jobs.kinds.sentences.example import TABLE_EXAMPLE
from jobs.kinds.sentences.formats.mixed import Mixed, find_mixed
from jobs.kinds.sentences.formats.twice import signs_of_twice
from jobs.uploads.code_pages import NAMES, likely_code_pages, next_best
from jobs.uploads.errors import UploadRefused
from jobs.uploads.text_encodings import OR_CHOOSE_ENCODING
from training.ground.limits import MIB

Opener = Callable[[], BinaryIO]

_MARK = "\ufeff"
LOST = "\N{REPLACEMENT CHARACTER}"
_SAMPLE = 256 * 1024
_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32"),  # begins like UTF-16
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_CONTROL = bytes({*range(0, 9), *range(14, 32)} - {0x1A, 0x1B})
_ISO_2022 = (b"\x1b$B", b"\x1b$@")
_WESTERN = ("cp1252", "cp850", "cp1250", "iso8859_2", "cp1254", "cp1257")
_VOTES = 4  # so many right letters of UTF-8 outvote one byte that is none
_FEWEST_TWICE = 3
_SAVE = f"Save it as CSV with UTF-8{OR_CHOOSE_ENCODING}."


@dataclass(frozen=True, slots=True)
class Encoding:
    """`codec` for Python, `name` for people, `guessed` when only the letters gave it away.

    `lossy`: some bytes fit nowhere, and become LOST; `instead` is the name of what fits next best.
    `twice`: lines of it were made UTF-8 twice; `marks`: there are marks of byte order inside of it; `mixed`:
    lines of it are in another encoding.
    """

    codec: str
    name: str
    guessed: bool = False
    lossy: bool = False
    instead: str = ""
    twice: bool = False
    marks: bool = False
    mixed: Mixed | None = None

    @property
    def errors(self) -> str:
        if self.mixed:
            return self.mixed.errors
        return "replace" if self.guessed or self.lossy else "strict"


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
            return _as_marked(open_, name)
    if b"\x00" in head:
        return _wide_without_bom(open_, head)
    _refuse_binary(head)
    if any(sign in head for sign in _ISO_2022) and _decodes(head, "iso2022_jp"):
        return Encoding("iso2022_jp", "iso-2022-jp", guessed=True)
    letters = _Letters.count(open_)
    mixed = find_mixed(open_) if letters.lost and letters.right else None
    if letters.utf8 or mixed:
        return letters.encoding("utf-8", mixed)
    return _by_code_page(open_)


@dataclass(frozen=True, slots=True)
class _Letters:
    """How many letters beyond ASCII are right UTF-8, how many bytes are not, and signs of what was made so twice."""

    right: int
    lost: int
    twice: int
    marks: int

    def encoding(self, name: str, mixed: Mixed | None) -> Encoding:
        """UTF-8 with what was noticed."""
        return Encoding(
            "utf-8-sig",
            name,
            lossy=self.lost > 0,
            twice=self.twice >= _FEWEST_TWICE,
            marks=self.marks > 0,
            mixed=mixed,
        )

    @property
    def utf8(self) -> bool:
        return not self.lost or self.right >= _VOTES * self.lost

    @classmethod
    def count(cls, open_: Opener) -> "_Letters":
        decoder = codecs.getincrementaldecoder("utf-8-sig")("replace")
        right = lost = twice = marks = 0
        with open_() as file:
            end = False
            while not end:
                chunk = file.read(MIB)
                end = not chunk
                text = decoder.decode(chunk, final=end)
                if "\x00" in text:
                    raise _nul()
                if text.isascii():
                    continue
                wrong = max(0, text.count(LOST) - chunk.count(LOST.encode())) if LOST in text else 0
                lost += wrong
                right += len(text) - len(text.encode("ascii", "ignore")) - wrong
                twice += signs_of_twice(text)
                marks += _MARK in text
        return cls(right, lost, twice, marks)


def _as_marked(open_: Opener, name: str) -> Encoding:
    if name == "utf-8":
        letters = _Letters.count(open_)
        # The mark itself is a vote.
        mixed = find_mixed(open_) if letters.lost and letters.right else None
        if mixed or letters.right + 10 * _VOTES >= _VOTES * letters.lost:
            return letters.encoding(name, mixed)
    found = Encoding("utf-8-sig" if name == "utf-8" else name, name)
    _check(open_, found, f"The file begins like {name}, but is not {name} throughout. {_SAVE}", 400)
    return found


def _wide_without_bom(open_: Opener, head: bytes) -> Encoding:
    """UTF-16 and 32 show themselves by the zeros of every line end; zeros in other text make no line ends."""
    if head[3::4].count(0) * 8 > len(head) and head[2::4].count(0) * 8 > len(head):
        name = "utf-32-le"
    elif head[0::4].count(0) * 8 > len(head) and head[1::4].count(0) * 8 > len(head):
        name = "utf-32-be"
    else:
        name = "utf-16-le" if head[1::2].count(0) > head[0::2].count(0) else "utf-16-be"
    text = head[: len(head) & ~3].decode(name, "replace")
    if "\x00" in text or not ("\n" in text or "\r" in text):
        _refuse_binary(head)
        raise _nul()
    found = Encoding(name, name)
    _check(open_, found, f"The file is neither UTF-8 nor {name[:6].upper()} throughout. {_SAVE}", 400)
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


def _by_code_page(open_: Opener) -> Encoding:
    """An old code page, told by how its letters stand together; a guess that the user can correct."""
    pages = likely_code_pages(_foreign_parts(open_))
    if pages[0] in _WESTERN and _has_mac_lines(open_):
        pages.insert(0, "mac_roman")
    best = min(pages[:3], key=lambda page: (_lost_share(open_, page) > 0.002, pages.index(page)))
    return Encoding(best, NAMES.get(best, best), guessed=True, lossy=True, instead=next_best(best, pages))


def _has_mac_lines(open_: Opener) -> bool:
    """Whether lines end as only old programs on a Mac end them."""
    with open_() as file:
        head = file.read(_SAMPLE)
    return b"\r" in head and b"\n" not in head


def _lost_share(open_: Opener, codec: str) -> float:
    """Of the characters beyond ASCII in the whole file, the share that the code page does not have."""
    decoder = codecs.getincrementaldecoder(codec)("replace")
    lost = foreign = 0
    with open_() as file:
        while chunk := file.read(MIB):
            text = decoder.decode(chunk)
            if not text.isascii():
                lost += text.count(LOST)
                foreign += len(text) - len(text.encode("ascii", "ignore"))
    return lost / max(1, foreign)


def _foreign_parts(open_: Opener) -> bytes:
    """Up to a sample of those parts of the file that are not ASCII."""
    found = b""
    with open_() as file:
        while len(found) < _SAMPLE and (chunk := file.read(_SAMPLE)):
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
