"""Reads JSON of any shape record by record, in bounded memory: lines, lists, one object, or one after another."""

import io
import itertools
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Literal

from jobs.kinds.sentences.formats.annotations.registry import find_annotation
from jobs.kinds.sentences.formats.annotations.rows import AnnotatedRows
from jobs.kinds.sentences.formats.cells import Columns
from jobs.kinds.sentences.formats.contract import Meaning, Source
from jobs.kinds.sentences.formats.encoding import find_encoding
from jobs.kinds.sentences.formats.json_files.shapes import Shape, find_shape
from jobs.kinds.sentences.formats.json_files.walk import DECODER, Invalid, TooLong, Walker, reason_of
from jobs.kinds.sentences.formats.python_literals import NOTHING, elements, literal
from jobs.uploads.errors import UploadRefused, shown

JSON_EXAMPLE = 'The right form: one object per line, such as {"input": "I love it", "label": "positive"}.'
_NAMING_ITEMS = 1_000
_BAD_MATTER_FROM = 100
_Form = Literal["array", "nested", "lines", "python", "python list", "values", "object"]
_BAD = object()
_NESTED = re.compile(r"\s*\[\s*\[\s*\{")
_PYTHON = re.compile(r"\s*\[\s*(?:[{\[(]\s*'|\()")


class JsonReader:
    """Records of JSON. Numbers are lines of JSON Lines, else items."""

    delimiter: str | None = None

    def __init__(self, source: Source) -> None:
        self._source = source
        self._most = 8 * source.limits.max_field_chars
        self._encoding = find_encoding(source.open, source.options.encoding)
        self.encoding = self._encoding.name
        if self._encoding.guessed:
            source.notes.repair(
                "Encoding",
                f"The file is JSON, but not UTF-8; it was read as {self.encoding}. If letters look wrong below, choose "
                "another encoding.",
                undo={"encoding": self._encoding.instead} if self._encoding.instead else None,
            )
        self._noted = 0
        self._form, self._shape = self._find_form()
        self.unit = "Line" if self._form in ("lines", "python") else "Item"
        sample = [item for _, item in itertools.islice(self._items(), _NAMING_ITEMS) if item is not _BAD]
        self._rows = find_annotation(sample, source)
        self.meaning, self.columns = Meaning(), None
        self._name(sample)

    columns: list[str] | None

    @property
    def class_names(self) -> Mapping[str, Sequence[str]]:
        """Names of classes that the file holds beside its rows, see `names_of_classes`."""
        return self._shape.codes if self._shape else {}

    def records(self) -> Iterator[tuple[int, list[str | None]]]:
        """(number of the line or item, its cells); None stands for what is no single value."""
        if self._rows is not None:
            yield from self._rows.records(self._good())
            return
        cells = self._columns.cells
        for number, item in self._items():
            if item is not _BAD:
                yield number, cells(item)
            elif not self._source.labelled:
                yield number, [None] * len(self.columns or [])

    def _name(self, sample: list[Any]) -> None:
        shape = self._shape
        if shape:
            self._source.notes.repair("Format", f"This is JSON. {shape.said}")
        elif self._form in ("python", "python list"):
            self._source.notes.repair(
                "Format", "This is Python, not JSON (single quotes); each dictionary was read as a row."
            )
        if isinstance(self._rows, AnnotatedRows):
            self.columns, self.meaning, self.unit = self._rows.columns, self._rows.meaning, self._rows.unit
            return
        self._columns = Columns(sample, self._source.limits.max_columns, shape.names if shape else None)
        self.columns = self._columns.names
        if shape:
            self.meaning = Meaning(
                inputs=(shape.text,) if shape.text else (), label=shape.label, split=shape.split
            )

    def _good(self) -> Iterator[tuple[int, Any]]:
        return ((number, item) for number, item in self._items() if item is not _BAD)

    def _find_form(self) -> tuple[_Form, Shape | None]:
        with self._text() as text:
            first = text.readline(self._most)
            while first and first.isspace():
                first = text.readline(self._most)
            second = text.readline(self._most)
            third = text.readline(self._most)
            alone = not (second + third).strip() and not text.read(1)
        opening = first.lstrip()[:1]
        whole = _decoded(first)
        if whole is _BAD and _PYTHON.match(first + second):
            return "python list", None
        if opening == "[":
            if whole is not _BAD and not alone:
                return "lines", None
            return ("nested" if _NESTED.match(first + second + third) else "array"), None
        if whole is not _BAD and not alone:
            return "lines", None
        if whole is _BAD and isinstance(literal(first), (dict, list, tuple)) and not alone:
            return "python", None
        return self._object(first)

    def _object(self, first: str) -> tuple[_Form, Shape | None]:
        """One object, or several one after another."""
        try:
            with self._text() as text:
                walker = Walker(text, self._most)
                shape = find_shape(walker)
                more = walker.peek()
        except TooLong as error:
            raise self._too_long(1) from error
        except Invalid as error:
            if first.rstrip().endswith(("}", "},")):  # lines, of which the first is damaged
                return "lines", None
            raise UploadRefused(
                f"The file {shown(error.reason, 200)}. {JSON_EXAMPLE}", code="json_invalid"
            ) from error
        if more and more in "{,":
            return "values", None
        if shape is None:
            return "lines" if self._is_one_line() else "values", None
        return "object", shape

    def _is_one_line(self) -> bool:
        with self._text() as text:
            return sum(1 for line in itertools.islice(text, 3) if line.strip()) < 2

    def _items(self) -> Iterator[tuple[int, Any]]:
        """(number, item); `_BAD` for a line that is not JSON, as long as most are."""
        if self._form in ("lines", "python"):
            yield from self._lines()
            return
        if self._form == "python list":
            yield from self._python_list()
            return
        number = 0
        try:
            for item in self._values():
                number += 1
                if self._form != "object" and not isinstance(item, (dict, list, str)):
                    raise self._no_object(number)
                yield number, item
        except TooLong as error:
            raise self._too_long(number + 1) from error
        except Invalid as error:
            raise self._invalid(number + 1, error.reason) from error

    def _values(self) -> Iterable[Any]:
        if self._form == "object" and self._shape:
            yield from self._shape.items(self._text, self._most)
            return
        with self._text() as text:
            walker = Walker(text, self._most)
            if self._form == "array":
                for _ in walker.elements():
                    yield walker.value()
                return
            if self._form == "nested":
                for _ in walker.elements():
                    for _ in walker.elements() if walker.peek() == "[" else (0,):
                        yield walker.value()
                return
            while walker.peek():
                yield walker.value()
                if walker.peek() == ",":
                    walker.take(",")

    def _lines(self) -> Iterator[tuple[int, Any]]:
        decode = _decoded if self._form == "lines" else literal
        number = bad = 0
        first_bad: UploadRefused | None = None
        with self._text() as text:
            while line := text.readline(self._most):
                number += 1
                if len(line) >= self._most:
                    raise self._too_long(number)
                if line.isspace():
                    continue
                item = decode(line)
                if not isinstance(item, (dict, list, tuple)):
                    bad += 1
                    reason = self._reason(line) if item in (_BAD, NOTHING) else "is not an object"
                    first_bad = first_bad or self._bad_line(number, reason, item)
                    if bad >= _BAD_MATTER_FROM and bad * 3 > number:
                        raise first_bad
                    self._leave_out(number, reason)
                    item = _BAD
                yield number, item
        if first_bad and bad * 3 > number:
            raise first_bad

    def _python_list(self) -> Iterator[tuple[int, Any]]:
        with self._text() as text:
            for number, item in enumerate(elements(text), start=1):
                if item is NOTHING:
                    raise self._invalid(number, "is neither valid JSON nor a dictionary as Python writes it")
                yield number, item

    def _leave_out(self, number: int, reason: str) -> None:
        """Notes a damaged line, once, though the file is read several times."""
        if number > self._noted:
            self._noted = number
            self._source.notes.skip(self._where(number), f"Left out: the line {reason}.")

    def _reason(self, line: str) -> str:
        if self._form == "python":
            return "is not a Python dictionary, as the first one is"
        try:
            DECODER.decode(line)
        except (ValueError, RecursionError) as error:
            return reason_of(error)
        return "is not valid JSON"

    def _text(self) -> io.TextIOWrapper:
        return io.TextIOWrapper(
            self._source.open(), encoding=self._encoding.codec, errors=self._encoding.errors, newline=""
        )

    def _where(self, number: int) -> str:
        return f"{self.unit} {number:,}"

    def _bad_line(self, number: int, reason: str, item: Any) -> UploadRefused:
        return self._invalid(number, reason) if item in (_BAD, NOTHING) else self._no_object(number)

    def _no_object(self, number: int) -> UploadRefused:
        return UploadRefused(
            f"{self._where(number)} is not an object. {JSON_EXAMPLE}", status=422, code="json_form"
        )

    def _invalid(self, number: int, reason: str) -> UploadRefused:
        return UploadRefused(
            f"{self._where(number)} {shown(reason, 200)}. {JSON_EXAMPLE}", code="json_invalid"
        )

    def _too_long(self, number: int) -> UploadRefused:
        return UploadRefused(
            f"{self._where(number)} is longer than {self._most:,} characters, or its brackets are not closed. "
            f"{JSON_EXAMPLE}",
            status=413,
            code="field_too_long",
        )

    unit = "Item"


def _decoded(line: str) -> Any:
    """The value of a line, a comma after it passed over; `_BAD` if it is not JSON."""
    try:
        return DECODER.decode(line)
    except RecursionError:
        return _BAD
    except ValueError:
        bare = line.rstrip()
        if not bare.endswith(("},", "],")):
            return _BAD
    try:
        return DECODER.decode(bare[:-1])
    except (ValueError, RecursionError):
        return _BAD
