"""Where the time of a training goes."""

import time
from collections.abc import Iterator
from contextlib import contextmanager


class Phases:
    """Seconds by the name of the phase, in the order in which they began."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}

    @contextmanager
    def time(self, name: str) -> Iterator[None]:
        """Count the time of the block towards `name`."""
        started = time.monotonic()
        try:
            yield
        finally:
            self.add(name, time.monotonic() - started)

    def add(self, name: str, seconds: float) -> None:
        """Count `seconds` towards `name`."""
        self.seconds[name] = round(self.seconds.get(name, 0.0) + seconds, 3)
