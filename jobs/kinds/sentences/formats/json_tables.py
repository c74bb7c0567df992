"""Reads JSON Lines and JSON arrays item by item, in bounded memory."""

import io
import json
from collections.abc import Iterator
from typing import Any, NoReturn

from jobs.kinds.sentences.formats.contract import Meaning
from jobs.kinds.sentences.formats.encoding import Opener, find_encoding
from jobs.uploads.errors import UploadRefused, shown
from training.ground.limits import Limits

JSON_EXAMPLE = 'The right form: one object per line, such as {"input": "I love it", "label": "positive"}.'
_CHUNK = 256 * 1024
_NAMING_ITEMS = 1_000
_BLANKS = " \t\r\n,"


class JsonReader:
    """Records of a JSON table: objects, or arrays of cells. Numbers are lines of JSON Lines, else items."""

    delimiter: str | None = None
    meaning = Meaning()

    def __init__(self, open_: Opener, limits: Limits, *, array: bool) -> None:
        self._open = open_
        self._limits = limits
        self._array = array
        self._most = 8 * limits.max_field_chars
        self._encoding = find_encoding(open_, None)
        if self._encoding.guessed:
            raise UploadRefused("The file is JSON, but not UTF-8. Save it as UTF-8.", code="encoding")
        self.encoding = self._encoding.name
        self.unit = "Item" if array else "Line"
        self.columns: list[str] | None = self._find_columns()

    def records(self) -> Iterator[tuple[int, list[str | None]]]:
        """(number of the line or item, its cells); None stands for what is no single value."""
        columns = self.columns or []
        for number, item in self._items():
            if isinstance(item, dict):
                yield number, [as_text(item.get(name), self._where(number)) for name in columns]
            else:
                yield number, [as_text(value, self._where(number)) for value in item]

    def _find_columns(self) -> list[str]:
        names: dict[str, None] = {}
        widest = 0
        for count, (_, item) in enumerate(self._items(), start=1):
            if isinstance(item, dict):
                names.update(dict.fromkeys(item))
            else:
                widest = max(widest, len(item))
            if count == _NAMING_ITEMS or len(names) > self._limits.max_columns:
                break
        return list(names) or [f"column {number}" for number in range(1, widest + 1)]

    def _items(self) -> Iterator[tuple[int, dict[str, Any] | list[Any]]]:
        with io.TextIOWrapper(
            self._open(), encoding=self._encoding.codec, errors=self._encoding.errors, newline=""
        ) as text:
            for number, item in self._array_items(text) if self._array else self._lines(text):
                if not isinstance(item, (dict, list)):
                    raise UploadRefused(
                        f"{self._where(number)} is not an object. {JSON_EXAMPLE}",
                        status=422,
                        code="json_form",
                    )
                yield number, item

    def _lines(self, text: io.TextIOWrapper) -> Iterator[tuple[int, Any]]:
        number = 0
        while line := text.readline(self._most):
            number += 1
            if len(line) >= self._most:
                raise self._too_long(number)
            if not line.isspace():
                yield number, self._decode(line, number)

    def _decode(self, line: str, number: int) -> Any:
        try:
            return _DECODER.decode(line)
        except (ValueError, RecursionError) as error:
            raise self._invalid(number, error) from error

    def _array_items(self, text: io.TextIOWrapper) -> Iterator[tuple[int, Any]]:
        buffer = text.read(_CHUNK).lstrip()
        at, number = 1, 0  # after the opening bracket
        while True:
            at = _skip_blanks(buffer, at)
            if at < len(buffer) and buffer[at] == "]":
                return
            try:
                if at == len(buffer):
                    raise ValueError("the array has no end")
                item, at = _DECODER.raw_decode(buffer, at)
            except RecursionError as error:
                raise self._invalid(number + 1, error) from error
            except ValueError as error:
                # Either it is wrong or it goes on beyond what was read so far.
                more = text.read(_CHUNK)
                if not more or isinstance(error, _NotFinite):
                    raise self._invalid(number + 1, error) from error
                if len(buffer) - at > self._most:
                    raise self._too_long(number + 1) from error
                buffer, at = buffer[at:] + more, 0
                continue
            number += 1
            yield number, item

    def _where(self, number: int) -> str:
        return f"{self.unit} {number:,}"

    def _invalid(self, number: int, error: Exception) -> UploadRefused:
        if isinstance(error, RecursionError):
            reason = "is nested too deeply"
        elif isinstance(error, _NotFinite):
            reason = "contains NaN or Infinity, which JSON does not have"
        elif isinstance(error, json.JSONDecodeError):
            reason = f"is not valid JSON ({shown(error.msg)}, at character {error.colno:,})"
        else:
            reason = "is not valid JSON, or holds a number with too many digits"
        return UploadRefused(f"{self._where(number)} {reason}. {JSON_EXAMPLE}", code="json_invalid")

    def _too_long(self, number: int) -> UploadRefused:
        return UploadRefused(
            f"{self._where(number)} is longer than {self._most:,} characters, or its brackets are not closed. "
            f"{JSON_EXAMPLE}",
            status=413,
            code="field_too_long",
        )


def as_text(value: Any, where: str) -> str | None:
    """A value as the text of a cell: "" for null, None for what is no single value."""
    if isinstance(value, str):
        if "\x00" in value:
            raise UploadRefused(f"{where} contains a NUL character. Remove it.", code="nul_in_text")
        # JSON can spell halves of characters, which no file can hold.
        return value if value.isascii() else value.encode("utf-8", "replace").decode("utf-8")
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, (int, float)) else None


class _NotFinite(ValueError):
    pass


def _refuse_constant(name: str) -> NoReturn:
    raise _NotFinite(name)


_DECODER = json.JSONDecoder(parse_constant=_refuse_constant)


def _skip_blanks(buffer: str, at: int) -> int:
    while at < len(buffer) and buffer[at] in _BLANKS:
        at += 1
    return at
