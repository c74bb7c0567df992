"""Goes through JSON of any size value by value; only one small value is ever in memory."""

import json
import re
from collections.abc import Iterator
from typing import Any, Final, TextIO

_CHUNK = 256 * 1024
_BLANKS = re.compile(r"[ \t\r\n]*")


class Invalid(ValueError):
    """The text is not JSON; `reason` goes on after "Item 3 ..."."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class TooLong(ValueError):
    """A single value is longer than what may be held."""


class _Missing:
    def __repr__(self) -> str:
        return "nan"


NAN: Final = _Missing()
"""What programs write as NaN or Infinity: JSON has no such number, and it is none."""


def _nan(_: str) -> _Missing:
    return NAN


DECODER = json.JSONDecoder(parse_constant=_nan)


def reason_of(error: Exception) -> str:
    """Why something is not JSON, to go on after "Line 3 ..."."""
    if isinstance(error, Invalid):
        return error.reason
    if isinstance(error, RecursionError):
        return "is nested too deeply"
    if isinstance(error, json.JSONDecodeError):
        return f"is not valid JSON ({error.msg}, at character {error.colno:,})"
    return "is not valid JSON, or holds a number with too many digits"


class Walker:
    """A cursor in JSON text. After a key or before an element its value must be taken by `value`, `skip` or a walk.

    Raises Invalid and TooLong; `most` is how many characters a value may have.
    """

    def __init__(self, text: TextIO, most: int) -> None:
        self._text = text
        self._most = most
        self._buffer = ""
        self._at = 0
        self._ended = False

    def peek(self) -> str:
        """The next character that is not blank, "" at the end."""
        while True:
            self._at = _BLANKS.match(self._buffer, self._at).end()  # type: ignore[union-attr]
            if self._at < len(self._buffer):
                return self._buffer[self._at]
            if not self._more():
                return ""

    def take(self, characters: str) -> str:
        """The next character, which must be one of `characters`."""
        found = self.peek()
        if not found:
            raise Invalid("is cut off: the file ends inside it")
        if found not in characters:
            raise Invalid(f"is not valid JSON ({' or '.join(characters)} expected, {found} found)")
        self._at += 1
        return found

    def value(self) -> Any:
        """The next value, decoded."""
        self.peek()
        while True:
            try:
                found, end = DECODER.raw_decode(self._buffer, self._at)
            except RecursionError:
                raise Invalid("is nested too deeply") from None
            except ValueError as error:
                # Either it is wrong or it goes on beyond what was read so far.
                if len(self._buffer) - self._at > self._most:
                    raise TooLong from error
                if not self._more():
                    at_end = not self._buffer[self._at :].strip() or _goes_on(error, self._buffer)
                    reason = "is cut off: the file ends inside it" if at_end else reason_of(error)
                    raise Invalid(reason) from error
                continue
            # A number may go on in the next piece.
            if end == len(self._buffer) and not self._ended and self._more():
                continue
            self._at = end
            return found

    def members(self) -> Iterator[str]:
        """The keys of the object that comes next."""
        self.take("{")
        if self.peek() == "}":
            self.take("}")
            return
        while True:
            if self.peek() != '"':
                self.take('"')
            key = self.value()
            self.take(":")
            yield key
            if self.take(",}") == "}":
                return
            if self.peek() == "}":  # a comma too many
                self.take("}")
                return

    def elements(self) -> Iterator[None]:
        """Stops before each element of the array that comes next."""
        self.take("[")
        if self.peek() == "]":
            self.take("]")
            return
        while True:
            yield None
            if self.take(",]") == "]":
                return
            if self.peek() == "]":  # a comma too many
                self.take("]")
                return

    def skip(self) -> None:
        """Passes over the next value, of whatever size."""
        opening = self.peek()
        try:
            _, end = DECODER.raw_decode(self._buffer, self._at)
        except RecursionError:
            raise Invalid("is nested too deeply") from None
        except ValueError:
            end = len(self._buffer)
        if end < len(self._buffer):
            self._at = end
        elif opening == "{":
            for _ in self.members():
                self.skip()
        elif opening == "[":
            for _ in self.elements():
                self.skip()
        else:
            self.value()

    def _more(self) -> bool:
        if self._ended:
            return False
        more = self._text.read(_CHUNK)
        self._ended = not more
        self._buffer, self._at = self._buffer[self._at :] + more, 0
        return bool(more)


def _goes_on(error: ValueError, buffer: str) -> bool:
    if not isinstance(error, json.JSONDecodeError):
        return False
    return error.msg.startswith("Unterminated") or error.pos >= len(buffer.rstrip())
