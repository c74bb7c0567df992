"""The web's worker: connections are shared fairly, and a client that asks again finds its thread."""

import http.client
import os
import signal
import socket
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import pytest

from flashsite.supervisor.web_worker import ConnectionCounts

ROOT = Path(__file__).resolve().parents[3]
APP = """
import os

def application(environ, start_response):
    length = int(environ.get("CONTENT_LENGTH") or 0)
    answer = f"{os.getpid()} {len(environ['wsgi.input'].read(length))}".encode()
    start_response("200 OK", [("Content-Length", str(len(answer)))])
    return [answer]
"""
CONF = """
from flashsite.supervisor.gunicorn_conf import *

keepalive = 60


def when_ready(server):
    pass
"""


def test_the_least_is_of_those_that_live() -> None:
    counts = ConnectionCounts()
    counts.set(1, 5)
    counts.set(2, 3)
    assert counts.least() == 3
    counts.forget(2)
    assert counts.least() == 5
    counts.set(3, 1000)
    counts.forget(1)
    assert counts.least() == 254


@pytest.fixture
def port(tmp_path: Path) -> Iterator[int]:
    """gunicorn as the site runs it, with two processes and an application that tells which one answered."""
    (tmp_path / "tiny.py").write_text(APP)
    (tmp_path / "conf.py").write_text(CONF)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        free = int(probe.getsockname()[1])
    environment = os.environ | {
        "FLASH_BIND": f"127.0.0.1:{free}",
        "FLASH_WEB_PROCESSES": "2",
        "PYTHONPATH": f"{ROOT}{os.pathsep}{tmp_path}",
    }
    command = [sys.executable, "-m", "gunicorn", "--config", str(tmp_path / "conf.py"), "tiny"]
    web = subprocess.Popen(command, env=environment, cwd=tmp_path)
    try:
        deadline = time.monotonic() + 30
        while web.poll() is None and time.monotonic() < deadline:
            try:
                socket.create_connection(("127.0.0.1", free), timeout=1).close()
                break
            except OSError:
                time.sleep(0.05)
        yield free
    finally:
        web.send_signal(signal.SIGTERM)
        assert web.wait(30) == 0


def ask(connection: http.client.HTTPConnection, body: bytes) -> tuple[int, int]:
    connection.request("POST", "/", body)
    process, length = connection.getresponse().read().split()
    return int(process), int(length)


@pytest.mark.slow
def test_kept_connections_are_spread_over_the_processes_and_answer_again(port: int) -> None:
    with ExitStack() as stack:

        def connect() -> http.client.HTTPConnection:
            return stack.enter_context(closing(http.client.HTTPConnection("127.0.0.1", port, timeout=20)))

        def spread(count: int) -> list[tuple[http.client.HTTPConnection, int]]:
            opened = [connect() for _ in range(count)]
            return [(connection, ask(connection, b"hello")[0]) for connection in opened]

        deadline = time.monotonic() + 30
        # The second process may still be starting.
        seen = spread(2)
        while len({process for _, process in seen}) < 2 and time.monotonic() < deadline:
            seen += spread(1)
            time.sleep(0.05)
        seen += spread(12)
        counts = Counter(process for _, process in seen)
        assert len(counts) == 2
        assert max(counts.values()) <= 0.7 * len(seen) + 1
        for size in (0, 1, 70_000, 3):
            for connection, process in seen:
                assert ask(connection, b"x" * size) == (process, size)


HEAD = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n"


def test_head_and_body_leave_together(port: int) -> None:
    with socket.create_connection(("127.0.0.1", port), timeout=10) as client:
        client.sendall(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nhi")
        head, _, body = client.recv(65536).partition(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 200 OK")
        assert body.endswith(b" 2")


def _unfinished(port: int, sent: bytes) -> socket.socket:
    connection = socket.create_connection(("127.0.0.1", port))
    connection.sendall(sent)
    return connection


def _answers(port: int) -> float:
    """Seconds until a whole request is answered."""
    started = time.monotonic()
    with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=30)) as connection:
        connection.request("GET", "/")
        assert connection.getresponse().status == 200
    return time.monotonic() - started


@pytest.mark.slow
@pytest.mark.parametrize("sent", [b"", b"GET / HT", HEAD, HEAD + b"\r\n", HEAD + b"\r\nabc"])
def test_unfinished_requests_do_not_block_the_site(port: int, sent: bytes) -> None:
    with ExitStack() as held:
        for _ in range(60):
            held.enter_context(closing(_unfinished(port, sent)))
        assert max(_answers(port) for _ in range(4)) < 8


@pytest.mark.slow
def test_a_head_that_does_not_end_is_told_so(port: int) -> None:
    with closing(_unfinished(port, HEAD)) as connection:
        connection.settimeout(30)
        assert connection.recv(100).startswith(b"HTTP/1.1 408 ")


@pytest.mark.slow
def test_a_body_that_pauses_is_taken(port: int) -> None:
    with closing(
        _unfinished(port, b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 6\r\n\r\nabc")
    ) as connection:
        connection.settimeout(30)
        # What a slow line does.
        time.sleep(1.5)
        connection.sendall(b"def")
        assert connection.recv(100).startswith(b"HTTP/1.1 200 ")
