"""An instance metadata service on this machine, as strict as version 2: no token, no answer."""

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Self


class FakeImds:
    """A context; `notice` is the body of spot/instance-action, empty for 404. `tokens` counts those handed out."""

    def __init__(self, instance: str = "i-0123456789abcdef0") -> None:
        self.instance, self.notice, self.tokens, self.refuse = instance, "", 0, False
        fake = self

        class Handler(BaseHTTPRequestHandler):
            def do_PUT(self) -> None:
                seconds = self.headers.get("X-aws-ec2-metadata-token-ttl-seconds", "")
                if self.path != "/latest/api/token" or not seconds.isdigit():
                    return self._answer(400)
                fake.tokens += 1
                self._answer(200, f"token-{fake.tokens}")

            def do_GET(self) -> None:
                if fake.refuse or self.headers.get("X-aws-ec2-metadata-token") != f"token-{fake.tokens}":
                    return self._answer(401)
                body = {
                    "/latest/meta-data/instance-id": fake.instance,
                    "/latest/meta-data/spot/instance-action": fake.notice,
                }.get(self.path, "")
                self._answer(200 if body else 404, body)

            def _answer(self, status: int, body: str = "") -> None:
                self.send_response(status)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body.encode())

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True
        )

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
