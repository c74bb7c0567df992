"""A network that misbehaves: stands between a client and a server, and delays, holds or cuts what passes."""

import socket
import struct
import threading
from contextlib import suppress
from pathlib import Path
from random import Random
from types import TracebackType
from typing import Self

# Closing with this sends RST, as when a cable is pulled and put back.
_RESET = struct.pack("ii", 1, 0)


class Proxy:
    """Listens on `port` and passes everything on to `target`: a host and a port, or the path of a unix socket.

    `most_delay`: each piece waits for a random time up to so many seconds; connections so overtake each other.
    `cut_after`: a connection is reset once it has passed on this many bytes. Both hold for what comes from then on.
    """

    def __init__(self, target: tuple[str, int] | Path, *, seed: int = 0) -> None:
        self._target = target
        self.most_delay = 0.0
        self.cut_after: int | None = None
        self.cuts = 0
        self._rng = Random(seed)
        self._open = threading.Event()
        self._open.set()
        self._lock = threading.Lock()
        self._pairs: set[tuple[socket.socket, socket.socket]] = set()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listener.getsockname()[1])

    def __enter__(self) -> Self:
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._open.set()
        self.cut()

    def hold(self) -> None:
        """Nothing passes until `release`; connections stay open."""
        self._open.clear()

    def release(self) -> None:
        self._open.set()

    def cut(self) -> None:
        """Resets every connection there is."""
        with self._lock:
            pairs, self._pairs = self._pairs, set()
        for pair in pairs:
            self._reset(pair)

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            try:
                server = self._connect()
            except OSError:
                client.close()
                continue
            pair = (client, server)
            with self._lock:
                self._pairs.add(pair)
            for source, sink in (pair, pair[::-1]):
                threading.Thread(target=self._pump, args=(source, sink, pair), daemon=True).start()

    def _connect(self) -> socket.socket:
        if isinstance(self._target, Path):
            server = socket.socket(socket.AF_UNIX)
            server.connect(str(self._target))
            return server
        return socket.create_connection(self._target)

    def _pump(
        self, source: socket.socket, sink: socket.socket, pair: tuple[socket.socket, socket.socket]
    ) -> None:
        passed = 0
        with suppress(OSError):
            while data := source.recv(65_536):
                self._open.wait()
                if self.most_delay:
                    threading.Event().wait(self._rng.uniform(0, self.most_delay))
                if self.cut_after is not None and passed + len(data) > self.cut_after:
                    sink.sendall(data[: max(0, self.cut_after - passed)])
                    break
                sink.sendall(data)
                passed += len(data)
            else:
                # The other end may still have something to say.
                sink.shutdown(socket.SHUT_WR)
                return
        with self._lock:
            self._pairs.discard(pair)
        self._reset(pair)

    def _reset(self, pair: tuple[socket.socket, socket.socket]) -> None:
        self.cuts += 1
        for end in pair:
            with suppress(OSError):
                end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
                end.shutdown(socket.SHUT_RDWR)
            end.close()
