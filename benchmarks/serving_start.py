"""Bar 6: how long the web takes to start, and what a process of it holds before the first model."""

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path

import psutil

from benchmarks.site import ROOT, bar, free_port


def main(options: argparse.Namespace, work: Path) -> None:
    """Starts gunicorn as `manage.py up` does, a few times over."""
    seconds, megabytes = [], []
    with tempfile.TemporaryDirectory(prefix="flash-start-") as folder:
        environment = os.environ | {"FLASH_VAR_DIR": folder}
        migrate = [sys.executable, "manage.py", "migrate", "--verbosity", "0"]
        subprocess.run(migrate, cwd=ROOT, env=environment, check=True)
        for _ in range(options.rounds):
            taken, memory = _start_once(environment)
            seconds.append(taken)
            megabytes.append(memory)
    print(f"\nThe web starts in {statistics.median(seconds):.2f} s (best {min(seconds):.2f} s)")
    bar("web_start_seconds", statistics.median(seconds), 1.5, at_least=False)
    bar("web_process_mb", statistics.median(megabytes), 130, at_least=False)


def _start_once(environment: dict[str, str]) -> tuple[float, float]:
    port = free_port()
    command = [sys.executable, "-m", "gunicorn", "--config", "flashsite/supervisor/gunicorn_conf.py"]
    begun = time.perf_counter()
    web = subprocess.Popen(
        [*command, "flashsite.wsgi"], cwd=ROOT, env=environment | {"FLASH_BIND": f"127.0.0.1:{port}"}
    )
    try:
        while not _answers(port):
            time.sleep(0.01)
        taken = time.perf_counter() - begun
        # What is loaded in the background after the start counts, too.
        time.sleep(3)
        return taken, max(child.memory_info().rss for child in psutil.Process(web.pid).children()) / 2**20
    finally:
        web.terminate()
        web.wait(30)


def _answers(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/health/", timeout=5):
            return True
    except (urllib.error.URLError, OSError):
        return False
