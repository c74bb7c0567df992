"""A small HTTP server: POST / predicts, GET / tells of the model, GET /healthz is for whoever watches."""

import json
import os
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import BoundedSemaphore
from typing import Any

from service import MOST_BYTES, Service

service = Service()
# More at once would only take turns, and each holds a request in memory.
_turns = BoundedSemaphore(os.cpu_count() or 1)
_WAIT = 20


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 30

    def do_GET(self) -> None:
        if self.path == "/healthz":
            self._send(200, {"status": "ok"})
        else:
            self._send(*service.answer("GET", {}, b""))

    def do_POST(self) -> None:
        length = self.headers.get("Content-Length", "")
        if not length.isdecimal() or int(length) > MOST_BYTES:
            self.close_connection = True
            self._send(
                413 if length.isdecimal() else 411, {"detail": "Send a body of a stated, reasonable length."}
            )
            return
        body = self.rfile.read(int(length))
        if not _turns.acquire(timeout=_WAIT):
            self._send(503, {"status": 503, "detail": "Busy. Try again in a moment."})
            return
        try:
            answer = service.answer(
                "POST", {name.lower(): value for name, value in self.headers.items()}, body
            )
        finally:
            _turns.release()
        self._send(*answer)

    def _send(self, status: int, answer: dict[str, Any]) -> None:
        content = json.dumps(answer, ensure_ascii=False).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing: whoever stands in front logs."""


if __name__ == "__main__":
    ThreadingHTTPServer(("", int(os.environ.get("PORT", "8080"))), Handler).serve_forever()
