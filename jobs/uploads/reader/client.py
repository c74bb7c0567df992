"""Asks a reader: starts the server that forks readers, hands an order over, waits for the answer."""

import atexit
import errno
import json
import os
import signal
import socket
import subprocess
import sys
import threading
from contextlib import suppress
from pathlib import Path
from typing import Any

from jobs.uploads.errors import UploadRefused
from jobs.uploads.reader.order import Order, raise_failed
from training.ground.child_environment import passed_on

_ROOT = Path(__file__).resolve().parents[3]
_MOST_BYTES = 64 * 1024**2  # of an answer
_PATIENCE = 15  # seconds beyond those that the kernel counts
# One thread each and no arenas of many megabytes: the bound is on address space.
_FRUGAL = {
    "OPENBLAS_NUM_THREADS": "1",
    "OMP_NUM_THREADS": "1",
    "MALLOC_ARENA_MAX": "2",
    "ARROW_DEFAULT_MEMORY_POOL": "system",
}
_OUT_OF_TIME = (signal.SIGALRM, signal.SIGXCPU)


class Readers:
    """The server of this process; it is started when it is needed."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._control: socket.socket | None = None
        self._owner = 0

    def ask(self, order: Order, modules: list[str]) -> Any:
        """The answer to `order`, with `modules` imported before.

        Raises UploadRefused, also when the file costs more than the order's bounds, OSError, ReaderBroke.
        """
        for _ in range(2):
            answer, status = self._once(order, modules)
            # A server that was just about to leave took nothing up; one that was killed is started anew.
            if answer or status is not None:
                return _result(order, answer, status)
        raise _crashed()

    def close(self) -> None:
        """Ends the server and all that it runs."""
        with self._lock:
            self._forget()

    def _once(self, order: Order, modules: list[str]) -> tuple[bytes, int | None]:
        ours, theirs = socket.socketpair()
        with ours:
            with theirs:
                self._hand_over(theirs, modules)
            ours.settimeout(order.bounds.seconds + _PATIENCE)
            try:
                ours.sendall(order.to_json().encode() + b"\n")
                return _lines(ours)
            except TimeoutError:
                return b"", -signal.SIGALRM
            except (BrokenPipeError, ConnectionResetError):
                return b"", None

    def _hand_over(self, connection: socket.socket, modules: list[str]) -> None:
        message = [json.dumps(modules).encode()]
        with self._lock:
            for _ in range(2):
                control = self._started()
                try:
                    socket.send_fds(control, message, [connection.fileno()])
                    return
                except OSError:
                    self._forget()
        raise _crashed()

    def _started(self) -> socket.socket:
        if self._control is not None and self._owner == os.getpid():
            assert self._process is not None
            if self._process.poll() is None:
                return self._control
            self._forget()
        # One message, one packet.
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "jobs.uploads.reader.server", str(theirs.fileno())],
                cwd=_ROOT,
                env=passed_on(os.environ) | _FRUGAL,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                pass_fds=[theirs.fileno()],
                start_new_session=True,
            )
        self._control, self._owner = ours, os.getpid()
        return ours

    def _forget(self) -> None:
        if self._control is not None:
            self._control.close()
        if self._process is not None and self._owner == os.getpid():
            # It ends with its socket.
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(5)
        self._process = self._control = None


def _lines(connection: socket.socket) -> tuple[bytes, int | None]:
    """The answer, empty where none came, and the status of the child, None where it was not told."""
    parts, size = [], 0
    while data := connection.recv(1024**2):
        parts.append(data)
        size += len(data)
        if size > _MOST_BYTES:
            return b"", 1
    lines = b"".join(parts).splitlines()
    if not lines:
        return b"", None
    last = json.loads(lines[-1])
    status = last.get("status") if isinstance(last, dict) else None
    return (lines[0] if len(lines) > 1 or status is None else b""), status


def _result(order: Order, answer: bytes, status: int | None) -> Any:
    if not answer:
        raise _out_of_time(order) if status is not None and -status in _OUT_OF_TIME else _crashed()
    told = json.loads(answer)
    try:
        raise_failed(told)
    except MemoryError as error:
        raise UploadRefused(
            "Reading this file takes more memory than one file may use here. "
            "Send a smaller file, or save it in a simpler format, such as CSV.",
            status=413,
            code="unpacked_too_large",
        ) from error
    except OSError as error:
        if error.errno != errno.EFBIG:
            raise
        if order.bounds.file_bytes < order.limits.max_unpacked_bytes:
            raise OSError(errno.ENOSPC, "the disk has no room for a file of this size") from error
        raise UploadRefused(
            f"Unpacked, this file is larger than {order.bounds.file_bytes / 1024**3:.3g} GB. "
            "Send fewer rows or smaller files.",
            status=413,
            code="unpacked_too_large",
        ) from error
    return told["result"]


def _out_of_time(order: Order) -> UploadRefused:
    minutes = max(1, round(order.bounds.seconds / 60))
    return UploadRefused(
        f"Reading this file takes more than {minutes:,} minute{'s' if minutes > 1 else ''}. Send a smaller file.",
        status=413,
        code="unpacked_too_large",
    )


def _crashed() -> UploadRefused:
    return UploadRefused(
        "This file could not be read: the program that reads it crashed. "
        "Open the file where it comes from, save it again, and upload that.",
        status=422,
        code="upload_unreadable",
    )


READERS = Readers()
atexit.register(READERS.close)
