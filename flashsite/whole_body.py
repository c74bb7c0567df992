"""Tells a body that ended early from one that is complete: what was cut must not be read as if it were all."""

from typing import Any

from django.http import HttpRequest


class WholeBody:
    """The stream of a request's body, of which `length` bytes were announced.

    One that ended early is an OSError, which Django makes an UnreadablePostError; with `parts`, what has arrived is
    handed out first.
    """

    def __init__(self, stream: Any, length: int, *, parts: bool) -> None:
        self._stream = stream
        self._missing = length
        self._parts = parts
        self.is_cut = False

    def read(self, size: int = -1) -> bytes:
        """At most `size` bytes, all of what is left if it is negative."""
        wanted = self._missing if size is None or size < 0 else min(size, self._missing)
        data: bytes = self._stream.read(wanted) if wanted else b""
        self._missing -= len(data)
        self.is_cut = len(data) < wanted
        if self.is_cut and not (data and self._parts):
            raise OSError("the connection ended before the whole body had arrived")
        return data

    def readline(self, size: int = -1) -> bytes:
        """See io.RawIOBase."""
        data: bytes = self._stream.readline(size)
        self._missing -= len(data)
        return data

    def close(self) -> None:
        """See io.RawIOBase."""
        if hasattr(self._stream, "close"):
            self._stream.close()


def watch(request: HttpRequest, length: int) -> None:
    """Puts a WholeBody around the body of `request`."""
    asked: Any = request
    # A piece of an upload is kept as far as it came.
    asked._stream = asked.whole_body = WholeBody(asked._stream, length, parts=request.method == "PATCH")


def was_cut(request: HttpRequest) -> bool:
    """Whether its body was read, and ended early."""
    body: WholeBody | None = getattr(request, "whole_body", None)
    return body is not None and body.is_cut
