"""The head of an answer and the beginning of its body leave together."""

from typing import Any

from gunicorn.http.wsgi import Response

# More is not copied to be joined: a packet or two less are nothing beside it.
_MOST_BYTES = 64 * 1024


class _Collector:
    """Stands for the socket while pieces are written that shall leave as one."""

    def __init__(self) -> None:
        self.pieces: list[bytes] = []

    def sendall(self, data: bytes) -> None:
        """As of a socket."""
        self.pieces.append(data)


class JoinedAnswer(Response):
    """gunicorn's answer sends its head by itself: one packet more, for which the client wakes up and waits again."""

    sock: Any

    def write(self, arg: bytes) -> None:
        """See Response."""
        if self.headers_sent or len(arg) > _MOST_BYTES:
            super().write(arg)
            return
        sock, collector = self.sock, _Collector()
        self.sock = collector
        try:
            super().write(arg)
        finally:
            self.sock = sock
            sock.sendall(b"".join(collector.pieces))
