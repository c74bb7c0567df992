"""Lines of a text, whatever ends them, in bounded memory."""

import io
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from jobs.kinds.sentences.formats.encoding import Encoding, Opener

_LONGEST = 8  # times the longest field
_MOST_LINES = 1_000  # of one row
# How far to look for the end of a row that is longer: times as much.
_FURTHER = 8
_MOST_LOOKS = 8
_CHUNK = 256 * 1024
_PART = 8 * 1024


@dataclass(frozen=True, slots=True)
class Signs:
    """What a whole text holds that tells its dialect.

    `line_feeds` are counted where returns are near, else there are at least as many; `both` are the two together.
    `short_lines`: no line is longer than some thousand characters.
    """

    line_feeds: int
    returns: int
    both: int
    quotes: bool
    long_lines: bool
    short_lines: bool

    @classmethod
    def count(cls, open_: Opener, encoding: Encoding) -> "Signs":
        """Reads the text once."""
        feeds = returns = both = 0
        short_lines = True
        last = ""
        quotes = long_lines = False
        with opened(open_, encoding, "") as text:
            while chunk := text.read(_CHUNK):
                quotes = quotes or '"' in chunk or "'" in chunk
                short_lines = short_lines and _has_short_lines(chunk)
                if "\r" in chunk or last == "\r":
                    feeds += chunk.count("\n")
                    returns += chunk.count("\r")
                    both += chunk.count("\r\n") + (last == "\r" and chunk[0] == "\n")
                elif "\n" in chunk:
                    feeds += 1  # at least
                elif len(chunk) == _CHUNK:
                    long_lines = True
                last = chunk[-1]
        return cls(feeds, returns, both, quotes, long_lines, short_lines)

    @property
    def ends(self) -> tuple[str, ...]:
        """What may end the lines, as `newline` of `io.TextIOWrapper`: the one that ends most first."""
        lone = self.returns - self.both
        if not lone:
            return ("\n",)
        if not self.line_feeds:
            return ("\r",)
        return ("\n", "") if self.line_feeds >= lone else ("", "\r", "\n")


def _has_short_lines(chunk: str) -> bool:
    """Whether a line ends in each of its parts."""
    return all(chunk.find("\n", at, at + _PART) >= 0 for at in range(0, len(chunk) - _PART, _PART))


def opened(open_: Opener, encoding: Encoding, newline: str) -> io.TextIOWrapper:
    """The text from its start."""
    return io.TextIOWrapper(open_(), encoding=encoding.codec, errors=encoding.errors, newline=newline)


def text_lines(text: io.TextIOWrapper, ends: str, most_chars: int, *, strays: bool) -> Iterator[str]:
    """The lines with their ends; of a line longer than a row may be only the beginning.

    `strays`: there are line ends inside of lines; they become blanks.
    """
    most = _LONGEST * most_chars
    readline = text.readline
    while line := readline(most):
        if len(line) >= most:
            line = _cut(line, readline, most)
        if strays and ("\r" in line or "\n" in line):
            bare = line.rstrip("\r\n")
            line = bare.replace("\r", " ").replace("\n", " ") + ("\n" if len(bare) < len(line) else "")
        yield line


def _cut(line: str, readline: Callable[[int], str], most: int) -> str:
    rest = line
    while rest and not rest.endswith(("\n", "\r")):
        rest = readline(most)
    return line.rstrip("\r\n") + "\n"


class BackLines:
    """Lines for `csv.reader` that can be taken back when a row turns out to be none."""

    def __init__(self, lines: Iterable[str], prepare: Callable[[str], str] | None, most_chars: int) -> None:
        self._lines = iter(lines)
        self._prepare = prepare
        self._most_chars = 2 * most_chars
        self._looks = _MOST_LOOKS
        self._times = 1
        # Whether a row ended the lines only because it may not be longer.
        self.is_cut = False
        self._back: deque[str] = deque()
        self._held: list[str] = []
        self.finished = False

    @property
    def taken(self) -> int:
        """How many lines the row took."""
        return len(self._held)

    def forget(self) -> None:
        """The row is good."""
        self._held.clear()

    def only_first(self) -> str:
        """The first line of a row that is none; the others come again."""
        first, *others = self._held or [""]
        self._back.extendleft(reversed(others))
        self._held.clear()
        self.finished = self.finished and not self._back
        return first

    def further(self) -> bool:
        """Takes all lines of the row back, to look further for its end; False where that was in vain too often."""
        if not self._looks:
            return False
        self._looks -= 1
        self._back.extendleft(reversed(self._held))
        self._held.clear()
        self._times = _FURTHER
        return True

    @property
    def held(self) -> Sequence[str]:
        """The lines of the row."""
        return self._held

    def was_worth_it(self) -> None:
        """The last look further found the end of a row: that one does not count."""
        self._looks += 1

    def feed(self) -> Iterator[str]:
        """The lines up to the end, or up to one more than a row may have."""
        held, back, prepare, chars = self._held, self._back, self._prepare, 0
        self.finished = self.is_cut = False
        times, self._times = self._times, 1
        while True:
            if back:
                line = back.popleft()
            else:
                found = next(self._lines, None)
                if found is None:
                    self.finished = True
                    return
                line = prepare(found) if prepare else found
                if not line:
                    continue
            if held:
                chars += len(line)
                if len(held) >= times * _MOST_LINES or chars > times * self._most_chars:
                    back.appendleft(line)
                    self.is_cut = True
                    return
            else:
                chars = 0
            held.append(line)
            yield line
