"""What a person sees of `up`: steps, and each program's lines under its coloured name."""

import json
import os
import sys
from typing import TextIO

_COLOURS = {"redis": 31, "web": 36, "control": 33, "training": 35, "flash": 32}
_WIDTH = max(map(len, _COLOURS))


class Console:
    """Writes whole lines, for people or `as_json`; `broken` becomes true when nobody reads any more."""

    def __init__(self, stream: TextIO | None = None, *, as_json: bool = False) -> None:
        self._as_json = as_json
        self._stream = stream or sys.stdout
        self._colour = self._stream.isatty() and "NO_COLOR" not in os.environ
        self.broken = False

    def say(self, text: str) -> None:
        """A step or a sentence of the supervisor itself."""
        self.line("flash", text)

    def line(self, name: str, text: str) -> None:
        """One line of the program `name`."""
        try:
            self._stream.write(f"{self._line(name, text)}\n")
            self._stream.flush()
        except OSError:
            self.broken = True

    def _line(self, name: str, text: str) -> str:
        if self._as_json:
            # What the program logs is an object already.
            is_object = text.startswith('{"') and text.endswith("}")
            head = f'{{"program": {json.dumps(name)}, '
            return head + (text[1:] if is_object else f'"message": {json.dumps(text, ensure_ascii=False)}}}')
        label = f"{name:<{_WIDTH}} |"
        if self._colour:
            label = f"\033[{_COLOURS.get(name, 37)}m{label}\033[0m"
        return f"{label} {text}"
