"""Texts that are no tables, line by line: fastText's training files."""

import io
import itertools
import re
from collections.abc import Iterator

from jobs.kinds.sentences.formats.contract import Meaning, Source
from jobs.kinds.sentences.formats.encoding import find_encoding
from jobs.uploads.errors import UploadRefused, listed
from training.ground.limits import Limits

_LONGEST_LINE = 8  # times the longest field
_PREFIX = "__label__"
# A label ends at a blank, or at a comma where no blank follows it before the text, as some write it.
_FASTTEXT = re.compile(r"__label__[^\s,，\t]+")
_FASTTEXT_HEAD = re.compile(rb'(?:\xef\xbb\xbf)?\s*"?__label__[^\s]')
_SAMPLE = 2_000


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
        self._told = 0
        source.notes.repair(
            "Format",
            "This is a fastText file: what follows __label__ is the label, the rest of the line the text.",
        )
        if source.labelled:
            self._check()

    def records(self) -> Iterator[tuple[int, list[str | None]]]:
        """(number of the line, text and label)."""
        for number, text, labels in self._lines():
            if len(labels) > 1 and self._source.labelled:
                if number > self._told:
                    self._told = number
                    self._source.notes.skip(
                        f"Line {number:,}", f"Left out: it has several labels ({listed(labels)})."
                    )
                continue
            yield number, [text, labels[0] if len(labels) == 1 else ""]

    def _check(self) -> None:
        found = [labels for _, _, labels in itertools.islice(self._lines(), _SAMPLE) if labels]
        many = [labels for labels in found if len(labels) > 1]
        if len(many) * 3 > len(found):
            raise UploadRefused(
                f"{len(many):,} of the first {len(found):,} lines have several labels each, such as "
                f"{listed(many[0], 3)}. Flash does not learn several labels yet. Keep one label for each text, the one "
                "that matters most.",
                status=422,
                code="several_labels",
            )

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
