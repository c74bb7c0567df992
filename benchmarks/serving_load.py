"""Load for a server of predictions, from a process of its own: `python -m benchmarks.serving_load PLAN.json`.

One thread and bare sockets, so that the load takes little of the cores that it shares with the server. The plan
names host, port, connections, seconds, perhaps the requests a second (`rate`: paced evenly, latency counted from
when each was due) and a file of requests, each a line of its length followed by its bytes.
"""

import json
import random
import selectors
import socket
import subprocess
import sys
import tempfile
import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_CONTENT_LENGTH = b"content-length:"


@dataclass(frozen=True, kw_only=True, slots=True)
class Load:
    """What came of it: answers a second, milliseconds of each, how many answers had which status."""

    rate: float
    milliseconds: list[float]
    statuses: dict[str, int]

    def quantile(self, share: float) -> float:
        """Milliseconds that this share of the answers did not exceed."""
        return quantile(self.milliseconds, share)

    @property
    def errors(self) -> int:
        """Answers that were no 200."""
        return sum(count for status, count in self.statuses.items() if status != "200")


def quantile(values: Sequence[float], share: float) -> float:
    """The nearest-rank quantile; nan of nothing."""
    if not values:
        return float("nan")
    return sorted(values)[min(len(values) - 1, int(share * len(values)))]


def multipart(path: str, name: str, picture: bytes) -> bytes:
    """A POST of one picture as a file in the field `name`."""
    edge = "flash-benchmark-edge"
    head = (
        f'--{edge}\r\nContent-Disposition: form-data; name="{name}"; filename="a.jpg"\r\n'
        "Content-Type: image/jpeg\r\n\r\n"
    )
    body = head.encode() + picture + f"\r\n--{edge}--\r\n".encode()
    return post(path, body, f"multipart/form-data; boundary={edge}")


def post(path: str, body: bytes, content_type: str) -> bytes:
    """A POST as bytes on the wire."""
    head = (
        f"POST {path} HTTP/1.1\r\nHost: localhost\r\nAccept: application/json\r\n"
        f"Content-Type: {content_type}\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def run_load(
    port: int, requests: Sequence[bytes], *, connections: int, seconds: float, rate: float | None = None
) -> Load:
    """Send `requests` in turn from another process and wait for the result."""
    with tempfile.TemporaryDirectory(prefix="flash-load-") as folder:
        file = Path(folder) / "requests"
        file.write_bytes(b"".join(b"%d\n%s" % (len(request), request) for request in requests))
        plan = {
            "port": port,
            "requests": str(file),
            "connections": connections,
            "seconds": seconds,
            "rate": rate,
        }
        (Path(folder) / "plan.json").write_text(json.dumps(plan))
        command = [sys.executable, "-m", "benchmarks.serving_load", str(Path(folder) / "plan.json")]
        done = subprocess.run(command, check=True, capture_output=True, text=True)
        return Load(**json.loads(done.stdout))


class _Connection:
    """One kept-alive connection with at most one request on its way."""

    def __init__(self, host: str, port: int) -> None:
        self._address = (host, port)
        self._answer = b""
        self._whole = 0
        self._request = b""
        self.begun = 0.0
        self.socket = self._open()

    def _open(self) -> socket.socket:
        opened = socket.create_connection(self._address, timeout=30)
        opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return opened

    def send(self, request: bytes, begun: float) -> None:
        self._request, self.begun, self._answer, self._whole = request, begun, b"", 0
        self.socket.sendall(request)

    def reopen(self) -> None:
        """A server may close what was idle for long; as a browser, ask once more if that was just now."""
        if self._answer and self._request:
            raise SystemExit("the server closed a connection in the middle of an answer")
        self.socket.close()
        self.socket = self._open()
        if self._request and not self._answer:
            self.socket.sendall(self._request)

    def receive(self) -> str:
        """The status once the answer is whole, else ""; "closed" when the server hung up."""
        try:
            data = self.socket.recv(262_144)
        except ConnectionResetError:
            data = b""
        if not data:
            return "closed"
        self._answer += data
        if not self._whole:
            end = self._answer.find(b"\r\n\r\n")
            if end < 0:
                return ""
            head = self._answer[:end].lower()
            at = head.find(_CONTENT_LENGTH)
            if at < 0:
                raise SystemExit(f"no Content-Length in {head!r}")
            self._whole = end + 4 + int(head[at + len(_CONTENT_LENGTH) :].split(b"\r\n", 1)[0])
        if len(self._answer) < self._whole:
            return ""
        self._request = b""
        return self._answer[9:12].decode()


def _main(plan: dict[str, Any]) -> None:
    requests = _requests(Path(plan["requests"]))
    random.Random(1).shuffle(requests)
    connections = [_Connection("127.0.0.1", plan["port"]) for _ in range(plan["connections"])]
    selector = selectors.DefaultSelector()
    for connection in connections:
        selector.register(connection.socket, selectors.EVENT_READ, connection)
    idle, waiting = deque(connections), 0
    pause = 1 / plan["rate"] if plan["rate"] else 0.0
    took: list[float] = []
    statuses: dict[str, int] = {}
    sent, started = 0, time.perf_counter()
    end = started + plan["seconds"]
    while True:
        now = time.perf_counter()
        while idle and now < end and (due := started + sent * pause) <= now:
            idle.popleft().send(requests[sent % len(requests)], due if pause else now)
            sent, waiting = sent + 1, waiting + 1
        if not waiting and now >= end:
            break
        ahead = started + sent * pause - now if pause and idle and now < end else 1.0
        for key, _ in selector.select(max(ahead, 0.0)):
            connection = key.data
            if (status := connection.receive()) == "closed":
                selector.unregister(key.fileobj)
                connection.reopen()
                selector.register(connection.socket, selectors.EVENT_READ, connection)
            elif status:
                took.append((time.perf_counter() - connection.begun) * 1000)
                statuses[status] = statuses.get(status, 0) + 1
                waiting -= 1
                idle.append(connection)
    elapsed = time.perf_counter() - started
    print(json.dumps({"rate": len(took) / elapsed, "milliseconds": took, "statuses": statuses}))


def _requests(file: Path) -> list[bytes]:
    content, at, found = file.read_bytes(), 0, []
    while at < len(content):
        end = content.index(b"\n", at)
        size = int(content[at:end])
        found.append(content[end + 1 : end + 1 + size])
        at = end + 1 + size
    return found


if __name__ == "__main__":
    _main(json.loads(Path(sys.argv[1]).read_text()))
