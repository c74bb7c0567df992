"""Texts that are no tables, line by line: fastText's training files."""

import io
import re
from collections.abc import Iterator

from jobs.kinds.sentences.formats.cells import several
from jobs.kinds.sentences.formats.contract import Meaning, Source
from jobs.kinds.sentences.formats.encoding import find_encoding
from jobs.uploads.errors import UploadRefused
from training.ground.limits import Limits

_LONGEST_LINE = 8  # times the longest field
_PREFIX = "__label__"
# A label ends at a blank, or at a comma where no blank follows it before the text, as some write it.
_FASTTEXT = re.compile(r"__label__[^\s,，\t]+")
_FASTTEXT_HEAD = re.compile(rb'(?:\xef\xbb\xbf)?\s*"?__label__[^\s]')


def is_fasttext(head: bytes) -> bool:
    """Whether the first line begins with a label as fastText writes it."""
    return _FASTTEXT_HEAD.match(head) is not None


class FastTextReader:
    """Lines of `__label__NAME text`, numbered as in the file."""

    columns: list[str] | None = ["text", "label"]
    meaning = Meaning(inputs=("text",), label="label")
    delimiter: str | None = None
    unit = "Line"

    def __init__(self, source: Source) -> None:
        self._source = source
        self._encoding = find_encoding(source.open, source.options.encoding)
        self.encoding = self._encoding.name
        source.notes.repair(
            "Format",
            "This is a fastText file: what follows __label__ is the label, the rest of the line the text.",
        )

    def records(self) -> Iterator[tuple[int, list[str | None]]]:
        """(number of the line, text and label; several labels as a list)."""
        for number, text, labels in self._lines():
            yield number, [text, several(labels) or (labels[0] if labels else "")]

    def _lines(self) -> Iterator[tuple[int, str, list[str]]]:
        text_file = io.TextIOWrapper(
            self._source.open(), encoding=self._encoding.codec, errors=self._encoding.errors
        )
        with text_file as file:
            for number, line in enumerate(bounded_lines(file, self._source.limits), start=1):
                if line.strip():
                    yield number, *_fasttext(line)


def _fasttext(line: str) -> tuple[str, list[str]]:
    labels = []
    rest = line.strip()
    if rest.startswith(f'"{_PREFIX}') and rest.endswith('"'):
        rest = rest[1:-1].replace('""', '"')
    while match := _FASTTEXT.match(rest):
        labels.append(match[0].removeprefix(_PREFIX))
        rest = rest[match.end() :].lstrip(" \t,，")
    if not labels and _PREFIX in rest:  # some write the labels behind the text
        head, *tail = rest.split(_PREFIX)
        labels, rest = [label.strip(" ,\t") for label in tail], head.rstrip(" ,\t")
    return rest, list(dict.fromkeys(labels))


def bounded_lines(file: io.TextIOWrapper, limits: Limits) -> Iterator[str]:
    """The lines of a text; raises UploadRefused (413) at one that is far too long."""
    most = _LONGEST_LINE * limits.max_field_chars
    number = 0
    while line := file.readline(most):
        number += 1
        if len(line) >= most:
            raise UploadRefused(
                f"Line {number:,} is longer than {most:,} characters. Write one sentence per line.",
                status=413,
                code="field_too_long",
            )
        yield line
