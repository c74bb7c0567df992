"""Requests as a stranger sends them, and what no answer may be."""

import http.client
import json
import secrets
import socket
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.chaos.ledger import Ledger

# What a 503 or 507 may say: come back. A model that is called damaged is none of them.
_HONEST = {
    "busy",
    "database_busy",
    "queue_full",
    "too_many_uploads",
    "storage_unavailable",
    "storage_full",
    "model_replaced",
}
_SECONDS = 40.0


@dataclass(frozen=True, slots=True)
class Answer:
    """`status` is 0 where there was none: the connection was refused or broke, as it does when a process is killed."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def code(self) -> str:
        """Of a problem document."""
        try:
            return str(self.json.get("code", ""))
        except (ValueError, AttributeError):
            return ""

    @property
    def is_later(self) -> bool:
        """No answer yet: to be asked again."""
        return self.status in (0, 429, 503, 507)


class Client:
    """One site; every answer that must not be is blamed on it."""

    def __init__(self, port: int, ledger: Ledger) -> None:
        self.port, self._ledger = port, ledger

    def ask(
        self, method: str, path: str, body: bytes | None = None, headers: Mapping[str, str] | None = None
    ) -> Answer:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=_SECONDS)
        began = time.monotonic()
        try:
            connection.request(method, path, body, dict(headers or {}))
            got = connection.getresponse()
            answer = Answer(got.status, {key.lower(): value for key, value in got.getheaders()}, got.read())
        except (OSError, http.client.HTTPException) as error:
            answer = Answer(0, body=type(error).__name__.encode())
        finally:
            connection.close()
        if time.monotonic() - began > 10:
            self._ledger.count("answers after more than 10 s")
        self._check(method, path, answer)
        return answer

    def _check(self, method: str, path: str, answer: Answer) -> None:
        kind = f"{answer.status // 100}xx" if answer.status else "no answer"
        self._ledger.count(f"requests {answer.status if answer.status >= 400 else kind}")
        if answer.status < 500:
            return
        if answer.status in (503, 507) and self._is_honest(path, answer):
            return
        text = answer.body[:200].decode("utf-8", "replace")
        self._ledger.blame(
            "wrong", f"{method} {_shape(path)} answered {answer.status} {answer.code} {text!r}"
        )

    @staticmethod
    def _is_honest(path: str, answer: Answer) -> bool:
        if path.startswith("/api/"):
            return answer.code in _HONEST and bool(answer.json.get("detail"))
        return "text/html" in answer.headers.get("content-type", "") and len(answer.body) > 500

    def post_json(self, path: str, document: Any) -> Answer:
        return self.ask("POST", path, json.dumps(document).encode(), {"Content-Type": "application/json"})

    def form(
        self,
        path: str,
        fields: Mapping[str, str],
        files: list[tuple[str, str, bytes]],
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """Multipart; `files` are field, file name, content."""
        kind, body = multipart(fields, files)
        return self.ask("POST", path, body, {"Content-Type": kind, **(headers or {})})

    def leave(self, path: str, kind: str, body: bytes, *, after: int) -> None:
        """Sends the head and `after` bytes of the body, and is gone."""
        head = f"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n\r\n"
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=_SECONDS) as connection:
                connection.sendall(head.encode() + body[:after])
                time.sleep(0.05)
        except OSError:
            pass
        self._ledger.count("clients that left")


def multipart(fields: Mapping[str, str], files: list[tuple[str, str, bytes]]) -> tuple[str, bytes]:
    """The content type and the body."""
    boundary = secrets.token_hex(12)
    parts = [
        f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode()
        for name, value in fields.items()
    ]
    for name, file_name, content in files:
        head = (
            f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"; filename="{file_name}"\r\n\r\n'
        )
        parts += [head.encode(), content, b"\r\n"]
    return f"multipart/form-data; boundary={boundary}", b"".join([*parts, f"--{boundary}--\r\n".encode()])


def until_answered(ask: Callable[[], Answer], *, seconds: float = 240.0) -> Answer:
    """Asks again while there is no answer, or one that says later."""
    deadline = time.monotonic() + seconds
    while (answer := ask()).is_later and time.monotonic() < deadline:
        time.sleep(1.0)
    return answer


def _shape(path: str) -> str:
    """A path without its tokens."""
    return "/".join(part if len(part) < 20 else "TOKEN" for part in path.partition("?")[0].split("/"))
