"""A real site with real processes, on a disk of its own where that is what fails."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

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
        # A test of PostgreSQL names it for this process alone.
        self.environment.pop("DATABASE_URL", None)
        self.process: subprocess.Popen[bytes] | None = None

    def manage(self, *arguments: str) -> str:
        """Runs `manage.py`; answers what it printed."""
        command = [sys.executable, str(ROOT / "manage.py"), *arguments]
        return subprocess.run(
            command, env=self.environment, check=True, capture_output=True, text=True
        ).stdout

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
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            self.process.wait(30)

    @staticmethod
    def wait_until(condition: Callable[[], Any], seconds: float = 40) -> None:
        """Returns once `condition` holds; fails when it does not come to hold."""
        deadline = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < deadline, "it did not come to hold"
            time.sleep(0.02)


@pytest.fixture
def make_site() -> Iterator[Callable[..., Site]]:
    """Makes sites with an empty database; each is stopped afterwards."""
    sites = []

    def make(var: Path, **environment: str) -> Site:
        site = Site(var, **environment)
        (var / "tmp").mkdir(parents=True, exist_ok=True)
        site.manage("migrate", "--verbosity", "0")
        site.manage("collectstatic", "--noinput", "--verbosity", "0")
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
        pytest.skip("needs a user who may mount a tmpfs")
    yield disk
    subprocess.run(["umount", "--lazy", str(disk)], check=True)
