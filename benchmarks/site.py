"""A whole Flash of its own for a benchmark: `manage.py up` on a free port, in a temporary folder."""

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
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
DATA = Path(os.environ.get("FLASH_BENCH_DATA", ROOT.parent / "shared" / "data"))
sys.path.insert(0, str(ROOT / "clients" / "python"))

from flash_client import Flash  # noqa: E402


def bar(name: str, value: float, goal: float, *, at_least: bool = True) -> None:
    """The last lines of a benchmark: whether a figure reaches its goal."""
    holds = value >= goal if at_least else value <= goal
    sign = ">=" if at_least else "<="
    print(f"bar {name} {value:.4g} goal {sign}{goal:g} {'holds' if holds else 'short'}", flush=True)


@contextmanager
def running_site(root: Path = ROOT, **settings: str) -> Iterator[tuple[Flash, Path]]:
    """The client of a fresh site and its var folder; FLASH_BENCH_URL names a running one instead.

    `root` is the checkout whose code it runs; `settings` are variables of the environment that it shall have.
    """
    if url := os.environ.get("FLASH_BENCH_URL"):
        yield Flash(url), Path(os.environ.get("FLASH_VAR_DIR", ROOT / "var"))
        return
    with tempfile.TemporaryDirectory(prefix="flash-bench-", ignore_cleanup_errors=True) as folder:
        port = free_port()
        environment = os.environ | {"FLASH_VAR_DIR": folder, "FLASH_PREDICT_RATE": "100000/min", **settings}
        if (DATA / "weights").is_dir():
            environment.setdefault("FLASH_WEIGHTS_DIR", str(DATA / "weights"))
        log = Path(folder) / "up.log"
        with log.open("wb") as output:
            site = subprocess.Popen(
                [sys.executable, "manage.py", "up", "--port", str(port)],
                cwd=root, env=environment, stdout=output, stderr=output, start_new_session=True,
            )  # fmt: skip
        try:
            url = f"http://127.0.0.1:{port}"
            _wait_for(url, site, log)
            yield Flash(url), Path(folder)
        finally:
            site.send_signal(signal.SIGINT)
            try:
                site.wait(40)
            except subprocess.TimeoutExpired:
                site.kill()


def free_port() -> int:
    """A port that nobody listens on right now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def port_of(flash: Flash) -> int:
    """Where the site of this client listens."""
    return int(flash._root.split(":")[2].split("/")[0])


def _wait_for(url: str, site: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        if site.poll() is not None:
            break
        try:
            with urllib.request.urlopen(f"{url}/health/", timeout=5):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.3)
    raise SystemExit(f"The site did not start:\n{log.read_text()[-4000:]}")
