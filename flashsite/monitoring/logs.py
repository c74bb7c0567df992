"""Log filters: tokens are hidden, and what is said over and over is said a few times."""

import logging
import re
import threading
import time

# Numbers and ids: what differs between two messages of one kind.
_NUMBERS = re.compile(r"[0-9a-f]{8,}(?:-[0-9a-f]+)*|[0-9]+", re.IGNORECASE)
# What stands where a token does in a path, and whatever looks like one (modelstore.ground.tokens) anywhere else.
_TOKEN = re.compile(
    r"(?<=/jobs/)[\w-]{16,}|(?<=/models/)[\w-]{16,}|(?<=/datasets/)[\w-]{16,}|(?<=/batches/)[\w-]{16,}"
    r"|(?<=/uploads/)[\w-]{16,}|(?<=/versions/)[\w-]{16,}"
    r"|(?<![A-Za-z0-9])(?=[A-Za-z]*[0-9]|[a-z]+[A-Z]+[a-z]|[A-Z]+[a-z]+[A-Z])[A-Za-z0-9]{22}(?![A-Za-z0-9])"
)


class HideTokens(logging.Filter):
    """Replaces every token in a log line, and in the traceback below it."""

    def filter(self, record: logging.LogRecord) -> bool:
        message = record.getMessage()
        if (hidden := _TOKEN.sub("…", message)) != message:
            record.msg, record.args = hidden, ()
        if record.exc_info and record.exc_info[0] is not None and not record.exc_text:
            # Formatters take it as it stands here.
            record.exc_text = _TOKEN.sub("…", logging.Formatter().formatException(record.exc_info))
        return True


class Calm(logging.Filter):
    """Lets a warning or error through FEW times a minute; then a line tells how many there were.

    A Redis that is full or away would else fill the disk with one traceback from end to end.
    """

    FEW = 5
    _SECONDS = 60.0
    _MOST_KINDS = 1000

    def __init__(self, name: str = "") -> None:
        super().__init__(name)
        self._lock = threading.Lock()
        # What is said, numbers aside: since when it is counted, and how often it was said.
        self._said: dict[tuple[str, str], tuple[float, int]] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        if record.levelno < logging.WARNING:
            return True
        now = time.monotonic()
        message = record.getMessage()
        kind = record.name, _NUMBERS.sub("#", message[:300])
        with self._lock:
            since, count = self._said.get(kind, (now, 0))
            if now - since >= self._SECONDS:
                if count > self.FEW:
                    record.msg, record.args = f"{message} ({count - self.FEW} more like it before)", ()
                since, count = now, 0
            if len(self._said) >= self._MOST_KINDS:
                self._said.clear()
            self._said[kind] = since, count + 1
        return count < self.FEW
