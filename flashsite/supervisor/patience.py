"""How long the web waits for clients that send slowly: each of them holds a thread."""

import errno
import select
import socket
import threading
import time
from typing import Any

# The head must be whole after this; a body may pause so long, and must come at this rate in the long run.
HEAD_SECONDS = 10.0
PAUSE_SECONDS = 20.0
BYTES_PER_SECOND = 8_000
# While half of the threads wait for clients, less is enough to be given up.
CROWDED = 10
_TOO_SLOW = b"HTTP/1.1 408 Request Timeout\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"


class Crowd:
    """How many threads of this process wait for clients, out of `threads`."""

    def __init__(self, threads: int) -> None:
        self._threads = threads
        self._lock = threading.Lock()
        self._waiting = 0

    def change(self, by: int) -> None:
        """One more waits, or one less."""
        with self._lock:
            self._waiting += by

    @property
    def is_large(self) -> bool:
        """Whether it is time to hurry."""
        return self._waiting * 2 > self._threads


class PatientSocket:
    """The socket of a connection for gunicorn's parser: `recv` gives up on who is too slow, by ECONNRESET."""

    def __init__(self, sock: socket.socket, crowd: Crowd) -> None:
        self._sock = sock
        self._crowd = crowd
        self._poll = select.poll()
        self._poll.register(sock, select.POLLIN)
        self.begin_head()

    def begin_head(self) -> None:
        """The next request is awaited."""
        self._in_head = True
        self._began = self._last = time.monotonic()
        self._received = 0

    def begin_body(self) -> None:
        """The head is there."""
        self._in_head = False
        self._began = self._last = time.monotonic()
        self._received = 0

    def recv(self, size: int, flags: int = 0) -> bytes:
        """As of a socket."""
        try:
            # Mostly something is there: asking first would be a system call more.
            data = self._sock.recv(size, flags | socket.MSG_DONTWAIT)
        except BlockingIOError:
            self._wait()
            data = self._sock.recv(size, flags)
        self._received += len(data)
        self._last = time.monotonic()
        return data

    def _wait(self) -> None:
        self._crowd.change(+1)
        try:
            # Looks up now and then: it may have become crowded.
            while not self._poll.poll(250):
                if time.monotonic() >= self._until():
                    self._give_up()
        finally:
            self._crowd.change(-1)

    def _until(self) -> float:
        hurry = CROWDED if self._crowd.is_large else 1
        if self._in_head:
            return self._began + HEAD_SECONDS / hurry
        earned = self._received / (BYTES_PER_SECOND * hurry)
        return min(self._last + PAUSE_SECONDS / hurry, self._began + PAUSE_SECONDS / hurry + earned)

    def _give_up(self) -> None:
        if self._in_head:
            self._sock.settimeout(1)
            self._sock.sendall(_TOO_SLOW)
        # Else gunicorn's main thread waits two seconds for the client to say goodbye.
        self._sock.shutdown(socket.SHUT_RDWR)
        raise ConnectionResetError(errno.ECONNRESET, "the client sends too slowly")

    def __getattr__(self, name: str) -> Any:
        return getattr(self._sock, name)
