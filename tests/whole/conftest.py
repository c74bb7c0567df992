"""A whole Flash, started as a user starts it, and its own client."""

import csv
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "clients" / "python"))

from flash_client import Flash  # noqa: E402

_START_SECONDS = 120
WORDS = {
    "weather": ["rain", "sun", "snow", "wind", "storm", "cloud"],
    "food": ["bread", "soup", "rice", "cake", "apple", "cheese"],
}


@dataclass
class Site:
    """The client of a running site, its folder and its first process."""

    flash: Flash
    url: str
    var: Path
    process: psutil.Process

    def processes(self, *words: str) -> list[psutil.Process]:
        """Descendants whose command line holds all the words."""
        found = []
        for process in self.process.children(recursive=True):
            try:
                line = process.cmdline()
            except psutil.NoSuchProcess:
                continue
            if all(any(word in part for part in line) for word in words):
                found.append(process)
        return found


@pytest.fixture(scope="session")
def site() -> Iterator[Site]:
    with tempfile.TemporaryDirectory(prefix="flash-whole-", ignore_cleanup_errors=True) as folder:
        port = free_port()
        environment = os.environ | {
            "FLASH_VAR_DIR": folder,
            "DJANGO_SETTINGS_MODULE": "flashsite.settings",
            "FLASH_LEASE_SECONDS": "6",
        }
        log = Path(folder) / "up.log"
        with log.open("wb") as output:
            up = subprocess.Popen(
                [sys.executable, "manage.py", "up", "--port", str(port)],
                cwd=ROOT,
                env=environment,
                stdout=output,
                stderr=output,
            )
        try:
            url = f"http://127.0.0.1:{port}"
            wait_for_site(f"{url}/health/", up, log)
            yield Site(flash=Flash(url), url=url, var=Path(folder), process=psutil.Process(up.pid))
        finally:
            up.send_signal(signal.SIGINT)
            try:
                up.wait(60)
            finally:
                up.kill()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="session")
def table(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Sentences about weather and food."""
    path = tmp_path_factory.mktemp("data") / "small talk.csv"
    with path.open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["input", "label"])
        for number in range(60):
            for label, words in WORDS.items():
                rows.writerow(
                    [f"today there is {words[number % 6]} and {words[(number * 5 + 1) % 6]} {number}", label]
                )
    return path


def wait_for_site(url: str, up: "subprocess.Popen[bytes]", log: Path) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline and up.poll() is None:
        try:
            with urllib.request.urlopen(url, timeout=5):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.2)
    pytest.fail(f"the site did not start:\n{log.read_text()[-3000:]}")
