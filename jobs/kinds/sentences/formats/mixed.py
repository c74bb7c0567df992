"""Files that were put together of parts in two encodings: lines of UTF-8, and lines of an old code page."""

import codecs
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import BinaryIO

from jobs.uploads.code_pages import NAMES, likely_code_pages

_SAMPLE = 24 * 1024
_LONGEST_LINE = 1024 * 1024
# Fewer lines than this are rather slips, whose letters nobody can be sure of.
_FEWEST = 5
# Of the lines that are not UTF-8, so many may hold letters of it, too.
_TORN = 0.1
_DOUBLE = ("cp932", "euc_jp", "gb18030", "big5", "cp949")
_MOST_SPANS = 5


@dataclass(frozen=True, slots=True)
class Mixed:
    """The code page of the lines that are not UTF-8, how many they are, and where: "12 to 40, 77"."""

    codec: str
    lines: int
    spans: str

    @property
    def name(self) -> str:
        """What people call the code page."""
        return NAMES.get(self.codec, self.codec)

    @property
    def errors(self) -> str:
        """The error handler under which UTF-8 is decoded: bytes that are none are letters of the code page."""
        name = f"flash-{self.codec}"
        codecs.register_error(name, partial(_as_code_page, self.codec))
        return name


def find_mixed(open_: Callable[[], BinaryIO]) -> Mixed | None:
    """Whether some lines are UTF-8 and others surely are not; reads the whole file."""
    right = torn = 0
    foreign: list[int] = []
    sample = b""
    for number, line in _lines(open_):
        letters = _letters(line)
        if letters is None:
            torn += 1
        elif letters:
            right += 1
        else:
            foreign.append(number)
            sample = sample + line if len(sample) < _SAMPLE else sample
    if right < _FEWEST or len(foreign) < _FEWEST or torn > _TORN * len(foreign):
        return None
    codec = likely_code_pages(sample)[0]
    # Of two bytes each, some would be letters of UTF-8 by chance.
    return None if codec in _DOUBLE else Mixed(codec, len(foreign), _spans(foreign))


def _lines(open_: Callable[[], BinaryIO]) -> Iterator[tuple[int, bytes]]:
    """(number, line) of those that are not ASCII."""
    with open_() as file:
        number = 0
        while line := file.readline(_LONGEST_LINE):
            number += 1
            if not line.isascii():
                yield number, line


def _letters(line: bytes) -> bool | None:
    """True where all letters of a line are UTF-8, False where none is, None where it has both."""
    try:
        line.decode("utf-8-sig")
    except UnicodeDecodeError:
        return False if line.decode("utf-8-sig", "ignore").isascii() else None
    return True


def _spans(numbers: list[int]) -> str:
    spans: list[list[int]] = []
    for number in numbers:
        if spans and number == spans[-1][1] + 1:
            spans[-1][1] = number
        else:
            spans.append([number, number])
    told = [
        f"{first:,}" if first == last else f"{first:,} to {last:,}" for first, last in spans[:_MOST_SPANS]
    ]
    return ", ".join(told) + (" and others" if len(spans) > _MOST_SPANS else "")


def _as_code_page(codec: str, error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeDecodeError):
        raise error
    return error.object[error.start : error.end].decode(codec, "replace"), error.end
