"""What a person sees of `up`: steps, and each program's lines under its coloured name."""

import os
import sys
from typing import TextIO

_COLOURS = {"redis": 31, "web": 36, "control": 33, "training": 35, "flash": 32}
_WIDTH = max(map(len, _COLOURS))


class Console:
    """Writes whole lines; `broken` becomes true when nobody reads any more (`make up | head`)."""

    def __init__(self, stream: TextIO | None = None) -> None:
        self._stream = stream or sys.stdout
        self._colour = self._stream.isatty() and "NO_COLOR" not in os.environ
        self.broken = False

    def say(self, text: str) -> None:
        """A step or a sentence of the supervisor itself."""
        self.line("flash", text)

    def line(self, name: str, text: str) -> None:
        """One line of the program `name`."""
        label = f"{name:<{_WIDTH}} |"
        if self._colour:
            label = f"\033[{_COLOURS.get(name, 37)}m{label}\033[0m"
        try:
            self._stream.write(f"{label} {text}\n")
            self._stream.flush()
        except OSError:
            self.broken = True
