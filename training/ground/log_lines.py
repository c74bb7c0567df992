"""Lines of a log, as text or as JSON, each with the id of the request that it comes from, in every process alike."""

import json
import logging
import os
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime

FORMAT_VARIABLE = "FLASH_LOG_FORMAT"
TEXT, JSON = FORMATS = ["text", "json"]
MOST_CHARACTERS = 64
_ID = re.compile(rf"[A-Za-z0-9._-]{{1,{MOST_CHARACTERS}}}")
_request: ContextVar[str] = ContextVar("request_id", default="")


def request_id() -> str:
    """That of what this thread works on; "" where it is nobody's request."""
    return _request.get()


def begin(name: str = "") -> str:
    """From now on this thread works for the request `name`, or for a new one; answers its id."""
    name = name or new_id()
    _request.set(name)
    return name


def new_id() -> str:
    """One that nobody else has."""
    return os.urandom(8).hex()


def end() -> None:
    """This thread works for no request any more."""
    _request.set("")


@contextmanager
def working_for(name: str) -> Iterator[None]:
    """Within it this thread works for the request `name`, or for a new one."""
    before = _request.set(name or new_id())
    try:
        yield
    finally:
        _request.reset(before)


def is_id(text: str) -> bool:
    """Whether it can be one: short, and without anything that means something in a log."""
    return _ID.fullmatch(text) is not None


class TextLines(logging.Formatter):
    """`LEVEL logger [request]: message`, and a traceback below it."""

    def formatMessage(self, record: logging.LogRecord) -> str:
        """See Formatter."""
        request = f" [{name}]" if (name := request_id()) else ""
        return f"{record.levelname} {record.name}{request}: {record.message}"


class JsonLines(logging.Formatter):
    """One object on a line: time, level, logger, message, pid; request_id and exception where there are such."""

    def format(self, record: logging.LogRecord) -> str:
        """See Formatter."""
        line = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
            "pid": record.process,
        }
        if name := request_id():
            line["request_id"] = name
        # A filter may have made the text already, with less in it.
        if record.exc_info and not record.exc_text:
            record.exc_text = self.formatException(record.exc_info)
        if record.exc_text:
            line["exception"] = record.exc_text
        return json.dumps(line, ensure_ascii=False)


def set_up_child(name: str) -> None:
    """For a child process: what it logs, and Python's warnings, go to stderr as lines of the request `name`."""
    if is_id(name):
        begin(name)
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines() if os.environ.get(FORMAT_VARIABLE) == JSON else TextLines())
    logging.basicConfig(handlers=[handler], level=logging.WARNING, force=True)
    logging.captureWarnings(True)
