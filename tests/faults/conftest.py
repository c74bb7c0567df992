"""A real site with real processes, on a disk of its own where that is what fails."""

import http.client
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.chaos import samples
from tests.chaos.client import multipart
from tests.requirements import lacking

ROOT = Path(__file__).resolve().parents[2]


class Site:
    """gunicorn as deploy/ starts it: two processes, SQLite, and its files in `var`."""

    def __init__(self, var: Path, **environment: str) -> None:
        with closing(socket.socket()) as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = int(probe.getsockname()[1])
        self.var = var
        self.environment = os.environ | {
            "DJANGO_SETTINGS_MODULE": "flashsite.settings",
            "FLASH_VAR_DIR": str(var),
            "FLASH_BIND": f"127.0.0.1:{self.port}",
            "FLASH_WEB_PROCESSES": "2",
            **environment,
        }
        # A test of PostgreSQL names it for this process alone; whoever wants one here says so.
        if "DATABASE_URL" not in environment:
            self.environment.pop("DATABASE_URL", None)
        self.process: subprocess.Popen[bytes] | None = None
        self._others: list[subprocess.Popen[bytes]] = []

    def manage(self, *arguments: str) -> str:
        """Runs `manage.py`; answers what it printed."""
        command = [sys.executable, str(ROOT / "manage.py"), *arguments]
        return subprocess.run(
            command, env=self.environment, check=True, capture_output=True, text=True
        ).stdout

    def begin(self, *arguments: str) -> "subprocess.Popen[bytes]":
        """Starts `manage.py`, such as a worker; it ends with the site."""
        command = [sys.executable, str(ROOT / "manage.py"), *arguments]
        process = subprocess.Popen(command, env=self.environment, cwd=ROOT)
        self._others.append(process)
        return process

    def ask(
        self, method: str, path: str, body: bytes | None = None, headers: Mapping[str, str] | None = None
    ) -> tuple[int, Any]:
        """Status and body of the answer, decoded where it is JSON; (0, None) where the connection broke."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=120)
        try:
            connection.request(method, path, body, dict(headers or {}))
            answer = connection.getresponse()
            content = answer.read()
        except (OSError, http.client.HTTPException):
            return 0, None
        finally:
            connection.close()
        is_json = "json" in answer.headers.get("Content-Type", "")
        return answer.status, json.loads(content) if is_json else content

    def send(self, index: int = 0, **fields: str) -> tuple[int, Any]:
        """Sends a job for the tiny table `index`; answers as `ask`."""
        given = {"task_type": samples.TEXT, "task_name": f"job {index}", "model": "bag_of_ngrams", **fields}
        data = samples.table(index, 30)
        kind, body = multipart({**given, "accept_guesses": "true"}, [("dataset", "table.csv", data)])
        return self.ask("POST", "/api/v1/jobs/", body, {"Content-Type": kind})

    def submit(self, index: int = 0, **fields: str) -> str:
        """The token of a new job."""
        status, answer = self.send(index, **fields)
        assert status == 201, answer
        return str(answer["token"])

    def job(self, token: str) -> dict[str, Any]:
        status, answer = self.ask("GET", f"/api/v1/jobs/{token}/")
        assert status == 200, answer
        return dict(answer)

    def wait_for_job(self, token: str, *states: str, seconds: float = 120) -> dict[str, Any]:
        """Waits until the job is in one of `states`; answers it."""
        seen: dict[str, Any] = {}

        def has_come() -> bool:
            seen.update(self.job(token))
            return seen["status"] in states

        self.wait_until(has_come, seconds)
        return seen

    def start(self) -> None:
        """Starts the web and waits until it answers."""
        conf = str(ROOT / "flashsite/supervisor/gunicorn_conf.py")
        command = [sys.executable, "-m", "gunicorn", "--config", conf, "flashsite.wsgi"]
        self.process = subprocess.Popen(command, env=self.environment, cwd=ROOT)
        self.wait_until(self._answers)

    def _answers(self) -> bool:
        assert self.process is not None and self.process.poll() is None, "the web has ended"
        try:
            socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
        except OSError:
            return False
        return True

    def web_processes(self) -> list[int]:
        """The processes below gunicorn's master."""
        assert self.process is not None
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text()
        return [int(pid) for pid in children.split()]

    def temporary_files(self) -> list[str]:
        """What lies where uploads wait for their check."""
        return sorted(path.name for path in (self.var / "tmp").iterdir() if path.name != "sessions")

    def stop(self) -> None:
        running = [one for one in (self.process, *self._others) if one is not None and one.poll() is None]
        for process in running:
            process.send_signal(signal.SIGCONT)
            process.send_signal(signal.SIGTERM)
        for process in running:
            try:
                process.wait(30)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait(10)

    @staticmethod
    def wait_until(condition: Callable[[], Any], seconds: float = 40) -> None:
        """Returns once `condition` holds; fails when it does not come to hold."""
        deadline = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < deadline, "it did not come to hold"
            time.sleep(0.05)


@pytest.fixture(scope="session")
def empty_var(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a site before its first start: empty tables, static files."""
    var = tmp_path_factory.mktemp("site") / "var"
    site = Site(var)
    (var / "tmp").mkdir(parents=True)
    site.manage("migrate", "--verbosity", "0")
    site.manage("collectstatic", "--noinput", "--verbosity", "0")
    return var


@pytest.fixture
def make_site(empty_var: Path) -> Iterator[Callable[..., Site]]:
    """Makes sites with an empty database; each is stopped afterwards."""
    sites = []

    def make(var: Path, **environment: str) -> Site:
        site = Site(var, **environment)
        shutil.copytree(empty_var, var)
        if "DATABASE_URL" in environment:
            site.manage("migrate", "--verbosity", "0")
        sites.append(site)
        return site

    yield make
    for site in sites:
        site.stop()


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 120 MiB of its own."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=120m", "small", str(disk)]
    if os.getuid() != 0 or shutil.which("mount") is None or subprocess.run(mount).returncode:
        lacking("a user who may mount a tmpfs")
    yield disk
    subprocess.run(["umount", "--lazy", str(disk)], check=True)
