"""Lines of text that begin or end with their label: [billing] text, billing: text, text - billing, 3 text."""

import io
import re
from collections.abc import Iterator
from typing import NamedTuple

from jobs.kinds.sentences.formats.contract import Meaning, Source
from jobs.kinds.sentences.formats.encoding import find_encoding
from jobs.kinds.sentences.formats.fasttext import bounded_lines

_NAME = r"(?P<label>[^\W\d_][\w/+&.'-]{0,30}(?: [\w/+&.'-]{1,30}){0,2})"


class _Mark(NamedTuple):
    """A way of writing the label beside the text, and how to say it."""

    pattern: re.Pattern[str]
    said: str


_MARKS = (
    _Mark(
        re.compile(r"\[(?P<label>[^\[\]\n]{1,60})\]\s*[:,-]?\s*(?P<text>.*\S.*)"),
        "in square brackets before the text",
    ),
    _Mark(re.compile(r"(?P<label>[A-Z]{2,8}:[A-Za-z]{1,12}) (?P<text>.*\S.*)"), "as the first word"),
    _Mark(re.compile(rf"{_NAME}\s*(?:=+>|-+>|→|::|:|\s[–—-])\s+(?P<text>.*\S.*)"), "before the text"),
    _Mark(re.compile(rf"(?P<text>.*\S)\s*(?:=+>|-+>|→|::|@|#|\s[–—-]|:)\s*{_NAME}"), "behind the text"),
    _Mark(
        re.compile(r"(?P<text>.*\S)\s+[\[(](?P<label>[^\[\]()\n]{1,60})[\])]"), "in brackets behind the text"
    ),
    _Mark(re.compile(r"(?P<label>[-+]?\d{1,2})\s+(?P<text>.*[^\W\d].*)"), "as the first number"),
)
_DELIMITERS = ",;\t|"
_FEWEST = 10
_LOOKED_AT = 200
# So many lines for each label at least: marks that hardly come again are part of the texts.
_LINES_EACH = 4
_ALL = 0.98


def recognises(head: bytes) -> bool:
    """Whether nearly all of the first lines carry one of a few labels, and no delimiter makes cells of them."""
    return _find_mark(_lines_of(head)) is not None


class MarkedLines:
    """Texts and labels, numbered by their lines."""

    columns: list[str] | None = ["text", "label"]
    meaning = Meaning(inputs=("text",), label="label")
    delimiter: str | None = None
    unit = "Line"

    def __init__(self, source: Source) -> None:
        self._source = source
        self._encoding = find_encoding(source.open, source.options.encoding)
        self.encoding = self._encoding.name
        with source.open() as file:
            mark = _find_mark(_lines_of(file.read(4096)))
        self._mark = mark or _MARKS[0]
        if self._encoding.guessed:
            source.notes.repair("Encoding", f"The file is not UTF-8; it was read as {self.encoding}.")
        source.notes.repair("Format", f"Each line is a text with its label, which stands {self._mark.said}.")

    def records(self) -> Iterator[tuple[int, list[str | None]]]:
        """(number of the line, text and label); the label is empty where it is not marked."""
        text_file = io.TextIOWrapper(
            self._source.open(), encoding=self._encoding.codec, errors=self._encoding.errors
        )
        with text_file as file:
            for number, line in enumerate(bounded_lines(file, self._source.limits), start=1):
                found = self._mark.pattern.fullmatch(line.strip())
                if found:
                    yield number, [found["text"].strip(), found["label"].strip()]
                elif line.strip():
                    yield number, [line.strip(), ""]


def _lines_of(head: bytes) -> list[str]:
    text = head.decode("utf-8-sig", "replace")
    lines = text.splitlines()[: -1 if len(head) >= 4096 else None]
    return [line.strip() for line in lines[:_LOOKED_AT] if line.strip()]


def _find_mark(lines: list[str]) -> _Mark | None:
    if len(lines) < _FEWEST or any(_makes_cells(lines, delimiter) for delimiter in _DELIMITERS):
        return None
    for mark in _MARKS:
        labels = [found["label"].strip() for line in lines if (found := mark.pattern.fullmatch(line))]
        if len(labels) >= _ALL * len(lines) and 1 < len(set(labels)) <= len(labels) / _LINES_EACH:
            return mark
    return None


def _makes_cells(lines: list[str], delimiter: str) -> bool:
    return len({line.count(delimiter) for line in lines} - {0}) == 1 and all(
        delimiter in line for line in lines
    )
