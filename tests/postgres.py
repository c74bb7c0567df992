"""A private PostgreSQL on a unix socket, for one run of the suite; works as root, too, which initdb refuses."""

import atexit
import os
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any

from flashsite.supervisor import tether

_START_SECONDS = 30.0


class PostgresProcess:
    """An empty database at `url`; `start`, `stop`, `remove`. It ends with this process."""

    def __init__(self) -> None:
        programs = find_programs()
        if programs is None:
            raise SystemExit("make test-postgres needs PostgreSQL: sudo apt install postgresql")
        self._programs = programs
        self._folder = Path(tempfile.mkdtemp(prefix="flash-pg-"))
        self.url = f"postgres://flash@/postgres?host={self._folder}"
        self._identity: dict[str, Any] = {"user": "postgres", "group": "postgres"} if os.getuid() == 0 else {}
        if self._identity:
            shutil.chown(self._folder, **self._identity)
        self._server: subprocess.Popen[bytes] | None = None
        initdb = [
            programs / "initdb",
            "-D",
            self._data,
            "-U",
            "flash",
            "-A",
            "trust",
            "-E",
            "UTF8",
            "--locale=C",
        ]
        subprocess.run(
            [*initdb, "-N"], check=True, stdout=subprocess.DEVNULL, cwd=self._folder, **self._identity
        )

    @property
    def _data(self) -> Path:
        return self._folder / "data"

    def start(self) -> None:
        """Returns when it takes connections."""
        options = ["-c", "listen_addresses=", "-c", "fsync=off", "-c", "full_page_writes=off"]
        tests = os.getpid()
        with (self._folder / "log").open("ab") as log:
            self._server = subprocess.Popen(
                [self._programs / "postgres", "-D", self._data, "-k", self._folder, *options],
                cwd=self._folder,
                stderr=log,
                preexec_fn=lambda: tether.die_with_parent(parent=tests, number=signal.SIGINT),
                **self._identity,
            )
        self._wait(self._server)

    def stop(self, number: signal.Signals = signal.SIGINT) -> None:
        """SIGINT cuts all connections; SIGQUIT ends it at once, as a crash does."""
        if self._server is None:
            return
        self._server.send_signal(number)
        try:
            self._server.wait(10)
        except subprocess.TimeoutExpired:
            self._server.kill()
        self._server = None

    def remove(self) -> None:
        """Its files go."""
        shutil.rmtree(self._folder, ignore_errors=True)

    def _wait(self, server: "subprocess.Popen[bytes]") -> None:
        deadline = time.monotonic() + _START_SECONDS
        asks = [self._programs / "pg_isready", "-q", "-h", self._folder]
        while subprocess.run(asks, check=False).returncode:
            if server.poll() is not None or time.monotonic() > deadline:
                raise SystemExit(f"PostgreSQL does not start:\n{(self._folder / 'log').read_text()}")
            time.sleep(0.05)


def start() -> str:
    """Start a server that ends with this process; answers its DATABASE_URL."""
    server = PostgresProcess()
    atexit.register(server.remove)
    server.start()
    atexit.register(server.stop)
    return server.url


def find_programs() -> Path | None:
    """The folder of initdb and postgres, which Debian keeps off PATH; None where there is none."""
    versions = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    if found := shutil.which("initdb"):
        versions.append(Path(found).resolve())
    return versions[-1].parent if versions else None
