"""What a forked child does: it limits itself, reads one file, answers, ends."""

import json
import os
import socket
import tempfile

from jobs.uploads.reader.calls import CALLS
from jobs.uploads.reader.order import Order, failed
from training.ground import confinement, landlock
from training.ground.control import lower_priority
from training.kinds import load

# Politely: pages and predictions go on answering.
_NICE = 15


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
    lower_priority(_NICE)
    confinement.die_first()
    # The last one is for what it has to put aside, such as the rows of a spreadsheet.
    tempfile.tempdir = os.environ["TMPDIR"] = order.writes[-1]
    landlock.restrict(order.reads, order.writes)
    bounds = order.bounds
    confinement.bound(memory=bounds.memory, file_bytes=bounds.file_bytes, seconds=bounds.seconds)
