"""What backup and restore say while they work, and how they are stopped."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


class Share:
    """How much is done: one line that redraws itself, or a line for each tenth where nobody looks."""

    def __init__(self, out: Any, *, quiet: bool) -> None:
        self._out, self._quiet = out, quiet
        self._shown = -1
        self._redraws = bool(out.isatty())

    def draw(self, done: int, total: int) -> None:
        """`done` of about `total` bytes."""
        percent = min(100, 100 * done // max(total, 1))
        if (
            self._quiet
            or percent == self._shown
            or (not self._redraws and percent // 10 == self._shown // 10)
        ):
            return
        self._shown = percent
        line = f"{percent:3} %  {done / 1024**2:,.0f} of {total / 1024**2:,.0f} MB"
        self._out.write(f"\r{line:<40}" if self._redraws else line, ending="" if self._redraws else "\n")
        self._out.flush()

    def end(self) -> None:
        if self._redraws and self._shown >= 0:
            self._out.write("")


@contextmanager
def ends_like_ctrl_c() -> Iterator[None]:
    """SIGTERM and SIGHUP as well take away what was begun."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    before = {number: signal.signal(number, stop) for number in (signal.SIGTERM, signal.SIGHUP)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def of_disk(error: OSError) -> str:
    """What a disk that is full or closed to us means."""
    where = f" {error.filename}" if error.filename else ""
    return f"{error.strerror or error}{where}. Nothing was left half done."
