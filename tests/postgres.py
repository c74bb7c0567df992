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


def start() -> str:
    """Start a server that ends with this process; answers its DATABASE_URL."""
    programs = _programs()
    folder = Path(tempfile.mkdtemp(prefix="flash-pg-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    identity: dict[str, Any] = {"user": "postgres", "group": "postgres"} if os.getuid() == 0 else {}
    if identity:
        shutil.chown(folder, **identity)
    data = folder / "data"
    initdb = [programs / "initdb", "-D", data, "-U", "flash", "-A", "trust", "-E", "UTF8", "--locale=C", "-N"]
    subprocess.run(initdb, check=True, stdout=subprocess.DEVNULL, cwd=folder, **identity)
    options = ["-c", "listen_addresses=", "-c", "fsync=off", "-c", "full_page_writes=off"]
    tests = os.getpid()
    with (folder / "log").open("wb") as log:
        server = subprocess.Popen(
            [programs / "postgres", "-D", data, "-k", folder, *options],
            cwd=folder,
            stderr=log,
            preexec_fn=lambda: tether.die_with_parent(parent=tests, number=signal.SIGINT),
            **identity,
        )
    atexit.register(_stop, server)
    _wait(programs, folder, server)
    return f"postgres://flash@/postgres?host={folder}"


def _programs() -> Path:
    """The folder of initdb and postgres; Debian keeps them off PATH."""
    versions = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    if found := shutil.which("initdb"):
        versions.append(Path(found).resolve())
    if not versions:
        raise SystemExit("make test-postgres needs PostgreSQL: sudo apt install postgresql")
    return versions[-1].parent


def _wait(programs: Path, folder: Path, server: "subprocess.Popen[bytes]") -> None:
    deadline = time.monotonic() + _START_SECONDS
    asks = [programs / "pg_isready", "-q", "-h", folder]
    while subprocess.run(asks, check=False).returncode:
        if server.poll() is not None or time.monotonic() > deadline:
            raise SystemExit(f"PostgreSQL does not start:\n{(folder / 'log').read_text()}")
        time.sleep(0.05)


def _stop(server: "subprocess.Popen[bytes]") -> None:
    server.send_signal(signal.SIGINT)
    try:
        server.wait(10)
    except subprocess.TimeoutExpired:
        server.kill()
