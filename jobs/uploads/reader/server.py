"""`python -m jobs.uploads.reader.server FD`: forks a child for each connection that comes in over the socket FD.

A message on the socket names modules to have ready, as JSON, and carries a connection. The server never reads from
that: what strangers sent meets only children. When a child ends, its status goes out as the last line.
"""

import gc
import importlib
import json
import os
import select
import signal
import socket
import sys
from contextlib import suppress

from jobs.uploads.reader import child
from training.ground.control import die_with_parent

IDLE_SECONDS = 60
_MOST_BYTES = 64 * 1024


class Server:
    """One thread: a process with several cannot be forked safely."""

    def __init__(self, control: socket.socket) -> None:
        self._control = control
        self._children: dict[int, socket.socket] = {}
        self._poll = select.poll()
        self._poll.register(control, select.POLLIN)
        # The end of a child wakes the poll.
        self._woken, wake = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        self._poll.register(self._woken, select.POLLIN)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.set_wakeup_fd(wake, warn_on_full_buffer=False)

    def serve(self) -> None:
        """Until the other side is gone, or nothing was asked for a while."""
        while True:
            ready = dict(self._poll.poll(None if self._children else IDLE_SECONDS * 1000))
            self._reap(ready)
            if not ready and not self._children:
                return
            if self._control.fileno() in ready and not self._accept():
                return

    def close(self) -> None:
        """Ends what still runs."""
        for pid in self._children:
            _kill(pid)

    def _accept(self) -> bool:
        message, descriptors, _, _ = socket.recv_fds(self._control, _MOST_BYTES, 1)
        if not descriptors:
            return False
        connection = socket.socket(fileno=descriptors[0])
        for name in json.loads(message):
            # Where one is wrong, the child says so.
            with suppress(Exception):
                importlib.import_module(name)
        pid = os.fork()
        if not pid:
            self._become_child(connection)
        self._children[pid] = connection
        # Nothing but the end of the other side.
        self._poll.register(connection, 0)
        return True

    def _become_child(self, connection: socket.socket) -> None:
        try:
            os.setsid()
            signal.set_wakeup_fd(-1)
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            die_with_parent(None)
            self._control.close()
            for other in self._children.values():
                other.close()
            child.run(connection)
        finally:
            os._exit(0)

    def _reap(self, ready: dict[int, int]) -> None:
        with suppress(BlockingIOError):
            os.read(self._woken, 1024)
        for pid, connection in list(self._children.items()):
            if connection.fileno() in ready:
                _kill(pid)
            # Its number stays its own until it is waited for.
            if os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT):
                # What it started and left.
                _kill(pid)
                self._tell(self._children.pop(pid), os.waitpid(pid, 0)[1])

    def _tell(self, connection: socket.socket, status: int) -> None:
        self._poll.unregister(connection)
        with connection, suppress(OSError):
            connection.settimeout(0)
            connection.sendall(json.dumps({"status": os.waitstatus_to_exitcode(status)}).encode() + b"\n")


def _kill(group: int) -> None:
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(group, signal.SIGKILL)


def main() -> None:
    """Serves on the socket whose number is the argument."""
    # Children share what was imported; collecting it would copy it.
    gc.disable()
    with socket.socket(fileno=int(sys.argv[1])) as control:
        server = Server(control)
        try:
            server.serve()
        finally:
            server.close()


if __name__ == "__main__":
    main()
