"""What a forked child does: it limits itself, reads one file, answers, ends."""

import json
import os
import resource
import signal
import socket
import tempfile
from contextlib import suppress
from pathlib import Path

from jobs.uploads.reader import landlock
from jobs.uploads.reader.calls import CALLS
from jobs.uploads.reader.order import Bounds, Order, failed
from training.kinds import load

# Politely: pages go on answering.
_NICE = 5


def run(connection: socket.socket) -> None:
    """Reads the order from `connection`, a line of JSON, and answers in one; never raises."""
    with connection.makefile("rw", encoding="utf-8") as stream:
        try:
            order = Order.from_json(stream.readline())
            _confine(order)
            answer = {"result": CALLS[order.function](load(order.module), order)}
            text = json.dumps(answer)
        except BaseException as error:
            text = json.dumps(failed(error))
        stream.write(text + "\n")
        stream.flush()


def _confine(order: Order) -> None:
    os.nice(_NICE)
    # Whatever is short of memory, this goes before the site does.
    with suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("1000", encoding="ascii")
    # The last one is for what it has to put aside, such as the rows of a spreadsheet.
    tempfile.tempdir = os.environ["TMPDIR"] = order.writes[-1]
    landlock.restrict(order.reads, order.writes)
    limit(order.bounds)


def limit(bounds: Bounds) -> None:
    """Bounds for this process and those it starts; breaking one ends it, or is an OSError or a MemoryError."""
    _lower(resource.RLIMIT_AS, _address_space() + bounds.memory)
    _lower(resource.RLIMIT_FSIZE, bounds.file_bytes)
    _lower(resource.RLIMIT_CORE, 0)
    # Several threads spend more processor time than passes; what only waits is ended by the alarm.
    _lower(resource.RLIMIT_CPU, bounds.seconds * 2)
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    signal.alarm(bounds.seconds)


def _lower(what: int, value: int) -> None:
    _, hard = resource.getrlimit(what)
    value = value if hard == resource.RLIM_INFINITY else min(value, hard)
    resource.setrlimit(what, (value, value))


def _address_space() -> int:
    """Bytes of address space that this process has by now; without /proc a guess."""
    try:
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
    except (OSError, ValueError):
        return 1024**3
    return pages * resource.getpagesize()
