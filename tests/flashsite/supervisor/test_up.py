"""`manage.py up` for real: it answers, it heals, it leaves nothing behind."""

import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from flashsite.supervisor.plan import BASE_DIR

pytestmark = [pytest.mark.slow, pytest.mark.redis]

_START_SECONDS = 90.0


class Flash:
    """A running `manage.py up` and what it has printed."""

    def __init__(self, var_dir: Path, port: int, *flags: str) -> None:
        self.port, self.lines = port, list[str]()
        self.process = subprocess.Popen(
            [sys.executable, "manage.py", "up", "--port", str(port), *flags],
            cwd=BASE_DIR,
            env={**os.environ, "FLASH_VAR_DIR": str(var_dir), "DJANGO_SETTINGS_MODULE": "flashsite.settings"},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        with self.process.stdout as output:
            for line in output:
                self.lines.append(line.rstrip())

    @property
    def output(self) -> str:
        return "\n".join(self.lines)

    def wait_for_line(self, part: str, *, seconds: float = _START_SECONDS) -> None:
        self.wait_until(lambda: part in self.output, seconds=seconds)

    def wait_until(self, condition: Callable[[], bool], *, seconds: float = _START_SECONDS) -> None:
        deadline = time.monotonic() + seconds
        while not condition():
            assert self.process.poll() is None, self.output
            assert time.monotonic() < deadline, self.output
            time.sleep(0.05)

    def descendants(self) -> list[psutil.Process]:
        return psutil.Process(self.process.pid).children(recursive=True)

    def health(self) -> int:
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/health/", timeout=10) as answer:
            return answer.status

    def wait(self, *, seconds: float) -> int:
        status = self.process.wait(seconds)
        self._reader.join(5)
        return status


@pytest.fixture
def start() -> Iterator[Callable[..., Flash]]:
    """Starts Flash in one temporary folder; whatever still runs after the test is killed."""
    with tempfile.TemporaryDirectory(prefix="flash-up-", ignore_cleanup_errors=True) as folder:
        started: list[Flash] = []

        def starter(*flags: str, below: str = "") -> Flash:
            started.append(Flash(Path(folder) / below, free_port(), *flags))
            return started[-1]

        yield starter
        for flash in started:
            flash.process.kill()
            flash.wait(seconds=10)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def alive(processes: list[psutil.Process]) -> list[psutil.Process]:
    return [one for one in processes if one.is_running() and one.status() != psutil.STATUS_ZOMBIE]


def test_it_serves_heals_refuses_a_second_start_and_stops_cleanly(start: Callable[..., Flash]) -> None:
    flash = start()
    flash.wait_for_line("Flash is ready")
    assert flash.health() == 200
    assert f"http://localhost:{flash.port}/" in flash.output

    second = start()
    assert second.wait(seconds=60) != 0
    assert "already running" in second.output
    assert f"process {flash.process.pid}" in second.output
    assert "Traceback" not in second.output

    control = next(one for one in flash.descendants() if "control" in one.cmdline())
    control.kill()
    flash.wait_for_line("control  | waiting for work")
    flash.wait_until(lambda: flash.output.count("control  | waiting for work") == 2)

    processes = flash.descendants()
    flash.process.send_signal(signal.SIGINT)
    assert flash.wait(seconds=60) == 0
    assert "Stopped." in flash.output
    assert alive(processes) == []
    assert "Traceback" not in flash.output


def test_nothing_survives_when_the_supervisor_is_killed(start: Callable[..., Flash]) -> None:
    # Too deep for the path of a unix socket, so Redis gets a short one elsewhere.
    deep = "deep" * 30
    flash = start("--no-training", below=deep)
    flash.wait_for_line("Flash is ready")
    # Redis, the worker, gunicorn and its two processes; the second of them may come after the first has answered.
    deadline = time.monotonic() + 20
    while len(processes := flash.descendants()) < 5:
        assert time.monotonic() < deadline, processes
        time.sleep(0.05)
    flash.process.kill()
    _, survivors = psutil.wait_procs(processes, timeout=10)
    assert alive(survivors) == []
    # And the folder is free again.
    again = start("--no-training", below=deep)
    again.wait_for_line("Flash is ready")
    again.process.send_signal(signal.SIGTERM)
    assert again.wait(seconds=60) == 0
    for one in (flash, again):
        assert "ERROR" not in one.output, one.output


def test_a_taken_port_is_refused_in_a_sentence(start: Callable[..., Flash]) -> None:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        port = listener.getsockname()[1]
        flash = start("--port", str(port))
        assert flash.wait(seconds=60) != 0
    assert f"Port {port}" in flash.output
    assert "Traceback" not in flash.output
