"""The dialects of delimited text, and how well each fits a text."""

import csv
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Any

from jobs.kinds.sentences.columns.names import is_known
from jobs.kinds.sentences.formats.lines import BackLines
from jobs.kinds.sentences.options import BACKSLASH, NO_QUOTES, QUOTES, SINGLE

USUAL = (",", "\t", ";", "|")
# Rare in text, so that as many in each line are no chance: control characters of Hive and Teradata, MovieLens' colons.
_UNUSUAL = ("\x01", "\x1f", "\x1e", "::", "||", "@@@", "_!_", "^", "~", "¦", "§", "\u2063", "；", "，", " ")
_CURLY = (("\u201c", "\u201d"), ("\u201e", "\u201c"), ("\u00ab", "\u00bb"))
_STRAIGHT = "\x1e"  # for curly quotes around cells
_STAND_IN = "\x1f"  # for a delimiter of several characters
# What may be wrong with the quotes of a row.
MISPLACED, UNCLOSED, OVERLONG = "misplaced", "unclosed", "overlong"
_HEADER_ROWS = 12
_MANY_LINES = 30
_ESCAPE = re.compile(r"\\(.)")
_ESCAPED = {"n": " ", "r": " ", "t": " ", "N": r"\\N"}
_BAR = re.compile(r"(?<!\\)\|")
_RULED = re.compile(r"^[ \t|+:-]*-[|+][ \t|+:-]*$|^\|[ \t:]*-[ \t|+:-]*\|[ \t]*$", re.MULTILINE)
_RULER = re.compile(r"[\s|+:=\u2500-\u257f-]*[-=\u2500-\u257f]{2}[\s|+:=\u2500-\u257f-]*")


@dataclass(frozen=True, kw_only=True, slots=True)
class Dialect:
    """How rows are written.

    `quote` is None where quotes are letters; `backslash`: it escapes quotes and delimiters; `spaced`: a blank follows
    each delimiter; `wrapped`: each line stands in quotes as a whole; `ruled`: Markdown and the like, with bars at both
    ends and a line under the header; `curly`: cells stand in curly quotes.
    """

    delimiter: str = ","
    quote: str | None = '"'
    backslash: bool = False
    spaced: bool = False
    wrapped: bool = False
    ruled: bool = False
    curly: bool = False

    @property
    def quoting(self) -> str:
        """The one of QUOTINGS that it is; "" for none of them."""
        if self.curly:
            return ""
        if self.quote is None:
            return NO_QUOTES
        return SINGLE if self.quote == "'" else BACKSLASH if self.backslash else QUOTES

    @property
    def csv_format(self) -> dict[str, Any]:
        """The arguments of `csv.reader` that read lines after `prepared`."""
        return {
            "delimiter": self.delimiter if len(self.delimiter) == 1 else _STAND_IN,
            "quoting": csv.QUOTE_NONE if self.quote is None else csv.QUOTE_MINIMAL,
            "quotechar": self.quote or '"',
            "escapechar": "\\" if self.backslash else None,
            "skipinitialspace": self.spaced,
        }

    def prepared(self) -> Callable[[str], str] | None:
        """What makes a line of this dialect one that `csv.reader` understands ("" for no row); None for nothing."""
        steps: list[Callable[[str], str]] = []
        if self.wrapped:
            steps.append(_unwrapped)
        if self.ruled:
            steps.append(_unruled)
        if len(self.delimiter) > 1:
            steps.append(lambda line: line.replace(self.delimiter, _STAND_IN))
        if self.curly:
            steps.append(_straight(self.delimiter))
        if self.backslash:
            steps.append(_plain_escapes)
        if not steps:
            return None

        def prepare(line: str) -> str:
            for step in steps:
                line = step(line)
            return line

        return prepare


@dataclass(slots=True)
class Fit:
    """What a dialect makes of a text: rows by their number of cells, and rows that speak against it."""

    widths: Counter[int] = field(default_factory=Counter)
    errors: int = 0
    framed: int = 0
    endless: int = 0
    known: bool = False

    @property
    def width(self) -> int:
        """The commonest number of cells."""
        return self.widths.most_common(1)[0][0] if self.widths else 0

    @property
    def value(self) -> float:
        """Share of the rows that have the commonest number of cells, two or more, and nothing against them."""
        return self.good / max(1, self.widths.total())

    @property
    def good(self) -> int:
        """Those rows."""
        if self.width < 2:
            return 0
        return self.widths[self.width] - self.errors - self.framed - 2 * self.endless

    @property
    def is_clean(self) -> bool:
        """Whether hardly anything speaks against it, so that no other need be tried."""
        return self.value > 0.99


def parse(lines: Iterable[str], dialect: Dialect, most_chars: int) -> Iterator[tuple[list[str], int, str]]:
    """(cells, lines that they took, what is wrong with its quotes) of each row.

    Where a quote is MISPLACED or UNCLOSED, the line that opened it is taken literally, and reading goes on behind it. A
    row that is OVERLONG, and surely one row, has no cells.
    """
    source = BackLines(lines, dialect.prepared(), most_chars)
    form = dialect.csv_format
    while not source.finished:
        try:
            for cells in csv.reader(source.feed(), strict=True, **form):
                yield cells, source.taken, ""
                source.forget()
        except csv.Error:
            wrong = UNCLOSED if source.finished or source.is_cut else MISPLACED
            if source.is_cut and (taken := _overlong(source, form)):
                yield [], taken, OVERLONG
                source.forget()
                continue
            yield _literally(source.only_first(), form), 1, wrong


def _overlong(source: BackLines, form: dict[str, Any]) -> int:
    """How many lines a row has that is longer than it may be; 0 where a quote is rather never closed."""
    if not source.further():
        return 0
    try:
        cells = next(csv.reader(source.feed(), strict=True, **form))
    except (csv.Error, StopIteration):
        return 0
    # Lines that look like rows are no text.
    lines, delimiters = source.held, len(cells) - 1
    alike = sum(line.count(form["delimiter"]) == delimiters for line in lines[1:-1])
    if alike * 2 >= len(lines):
        return 0
    source.was_worth_it()
    return len(lines)


def measure(lines: Iterable[str], dialect: Dialect, most_chars: int, most_rows: int | None = None) -> Fit:
    """How well the dialect fits the rows (all, or the first `most_rows`)."""
    fit = Fit()
    widths, rows = fit.widths, 0
    for cells, taken, broken in parse(lines, dialect, most_chars):
        if not cells or (len(cells) == 1 and not cells[0].strip()):
            continue
        rows += 1
        widths[len(cells)] += 1
        fit.errors += bool(broken)
        fit.endless += taken > _MANY_LINES
        # A look at each of the first, then at some: this costs more than the parsing.
        if (rows < 1_000 or not rows % 16) and _speaks_against(cells, dialect):
            fit.framed += 1 if rows < 1_000 else 16
        if rows <= _HEADER_ROWS and len(cells) > 1 and not fit.known:
            fit.known = any(map(is_known, cells))
        if rows == most_rows:
            break
    return fit


def quotings(delimiter: str, text: str | None, chosen: str | None = None) -> Iterator[Dialect]:
    """The ways of quoting that may go with a delimiter, the usual first; `text` rules out what it has no sign of.

    `chosen` is one of QUOTINGS, which rules out all others.
    """
    plain = Dialect(delimiter=delimiter)
    if chosen is not None:
        yield from (one for one in quotings(delimiter, None) if one.quoting == chosen)
        return
    if delimiter == "|" and text is not None and _RULED.search(text):
        yield replace(plain, quote=None, ruled=True, backslash="\\|" in text)
    yield plain
    if text is None or '"' in text:
        if text is None or '\\"' in text:
            yield replace(plain, backslash=True)
        if text is None or f'{delimiter} "' in text:
            yield replace(plain, spaced=True)
            if text is None or '\\"' in text:
                yield replace(plain, spaced=True, backslash=True)
        if text is not None and text.startswith('"'):
            yield replace(plain, wrapped=True)
    if text is not None and any(
        f"{close}{delimiter}" in text or f"{delimiter}{open_}" in text for open_, close in _CURLY
    ):
        yield replace(plain, quote=_STRAIGHT, curly=True)
    if text is None or f"'{delimiter}" in text or f"{delimiter}'" in text:
        yield replace(plain, quote="'")
        if text is None or "\\'" in text:
            yield replace(plain, quote="'", backslash=True)
    if text is None or '"' in text or "\\" + delimiter in text:
        yield replace(plain, quote=None)
        if text is None or "\\" + delimiter in text:
            yield replace(plain, quote=None, backslash=True)


def unusual(text: str, chosen: str | None = None) -> Iterator[Dialect]:
    """Dialects of rare delimiters that the text has signs of."""
    for delimiter in _UNUSUAL:
        if delimiter in text:
            found = quotings(delimiter, text, chosen)
            yield from (one for one in found if delimiter != " " or one.quote == '"')


def _literally(line: str, form: dict[str, Any]) -> list[str]:
    """A line whose quotes are broken, with its quotes as letters; or as far as they go, where that gives more sense."""
    loose: Sequence[str] = next(csv.reader([line], **form), [])
    plain: Sequence[str] = next(csv.reader([line], **{**form, "quoting": csv.QUOTE_NONE}), [])
    closed = line.count(form["quotechar"]) % 2 == 0
    return list(loose if closed else plain)


def _speaks_against(cells: Sequence[str], dialect: Dialect) -> bool:
    """Whether quotes or escapes of another dialect are left in the cells."""
    if any(map(_is_framed, cells)):
        return True
    if not dialect.backslash and any('\\"' in cell for cell in cells):
        return True
    if dialect.quote == '"':
        return False
    opened = next((at for at, cell in enumerate(cells) if cell[:1] == '"'), None)
    return opened is not None and any(cell[-1:] == '"' for cell in cells[opened + 1 :])


def _is_framed(cell: str) -> bool:
    if len(cell) < 2 or cell[-1] not in "\"' ":
        return False
    bare = cell.strip()
    return len(bare) > 1 and bare[0] in "\"'" and bare[-1] == bare[0]


@lru_cache(maxsize=20)
def _straight(delimiter: str) -> Callable[[str], str]:
    """Makes the curly quotes around cells marks that `csv` knows; those inside stay letters."""
    ends = re.escape(delimiter)
    around = re.compile(
        rf"(?:^|(?<={ends}))[ ]?[\u201c\u201e\u00ab]|[\u201d\u201c\u00bb][ ]?(?=$|[\r\n]|{ends})"
    )
    return lambda line: around.sub(_STRAIGHT, line)


def _unwrapped(line: str) -> str:
    bare = line.strip().rstrip(";,\t")
    if len(bare) > 1 and bare[0] == bare[-1] == '"':
        return bare[1:-1].replace('""', '"') + "\n"
    return line


def _unruled(line: str) -> str:
    bare = line.strip()
    if _RULER.fullmatch(bare):
        return ""
    if bare.startswith("|"):
        bare = bare[1:]
    if bare.endswith("|") and not bare.endswith("\\|"):
        bare = bare[:-1]
    return "|".join(cell.strip() for cell in _BAR.split(bare)) + "\n"


def _plain_escapes(line: str) -> str:
    """Escapes that `csv` does not know: line ends become blanks, and MySQL's \\N stays what it is."""
    if "\\" not in line:
        return line
    return _ESCAPE.sub(lambda match: _ESCAPED.get(match[1], match[0]), line)
