"""A whole site of its own, with a second worker for trainings, and every process of it by what it does."""

import ctypes
import os
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from pathlib import Path
from random import Random
from typing import IO

import psutil

ROOT = Path(__file__).resolve().parents[2]
_PR_SET_CHILD_SUBREAPER = 36
_START_SECONDS, _STOP_SECONDS = 600.0, 120.0

# Everything that waits for a time waits for a short one; rates are for people.
ENVIRONMENT = {
    "DJANGO_SETTINGS_MODULE": "flashsite.settings",
    "FLASH_LEASE_SECONDS": "6",
    "FLASH_DATASET_RETENTION_SECONDS": "600",
    "FLASH_CHECKPOINT_SECONDS": "2",
    "FLASH_TRAINER_THREADS": "1",
    # Politeness is not what is tried here, and the storm should not wait for it.
    "FLASH_TRAINER_NICE": "5",
    "FLASH_SPARE_TRAINER_SECONDS": "60",
    "FLASH_PREDICT_RATE": "100000/min",
    "FLASH_SUBMIT_RATE": "100000/min",
    "FLASH_UPLOADS_PER_CALLER": "200",
}
# What each process does, by words of its command line; the first that fits counts.
ROLES = {
    "redis": ("redis-server",),
    "web": ("gunicorn",),
    "control": ("work", "control"),
    "training": ("work", "training"),
    "reader": ("jobs.uploads.reader.server",),
    "batch_child": ("jobs.batches.child",),
    "trainer": ("-m", "training"),
    "supervisor": ("flashsite.supervisor",),
}


class Site:
    """`manage.py up` and `manage.py work training`, started again whenever they end, as systemd would."""

    def __init__(self, var: Path, log: IO[bytes], disk: Path | None = None) -> None:
        with closing(socket.socket()) as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = int(probe.getsockname()[1])
        self.var, self.restarts = var, 0
        # The small file system that `var` is on, if it has one of its own.
        self.disk = disk
        self._log = log
        self._wanted = threading.Event()
        # Held while all of it is stopped and started on purpose.
        self._lock = threading.RLock()
        self._running: dict[str, subprocess.Popen[bytes]] = {}
        threading.Thread(target=self._keep, name="keeper", daemon=True).start()

    def start(self) -> None:
        """Returns when it answers."""
        with self._lock:
            self._launch("up")
            self._wait_until_it_answers()
            self._launch("second")
            self._wanted.set()

    def stop(self, number: signal.Signals = signal.SIGTERM) -> None:
        """In order by SIGTERM, or all at once by SIGKILL; returns when what was started here is gone."""
        with self._lock:
            self._wanted.clear()
            for process in self._running.values():
                with suppress(ProcessLookupError):
                    process.send_signal(number)
            for process in self._running.values():
                process.wait(_STOP_SECONDS)
            self._running.clear()

    def restart(self, number: signal.Signals) -> None:
        with self._lock:
            self.stop(number)
            self.start()

    def answers(self) -> bool:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/health/", timeout=5):
                return True
        except (urllib.error.URLError, OSError):
            return False

    def processes(self, role: str) -> list[psutil.Process]:
        """Of this role, the oldest first; for "web" gunicorn's master is the first."""
        found = [process for process in descendants() if _role(process) == role]
        return sorted(found, key=lambda process: (_created(process), process.pid))

    def one(self, role: str, number: int) -> psutil.Process | None:
        """Any of the role, by the number of the step; never gunicorn's master."""
        found = self.processes(role)[1 if role == "web" else 0 :]
        return found[number % len(found)] if found else None

    def _launch(self, name: str) -> None:
        words = ["up", "--port", str(self.port)] if name == "up" else ["work", "training", "--threads", "1"]
        self._running[name] = subprocess.Popen(
            [sys.executable, "manage.py", *words],
            cwd=ROOT,
            env=os.environ | ENVIRONMENT | {"FLASH_VAR_DIR": str(self.var)},
            stdout=self._log,
            stderr=self._log,
            process_group=0,
        )

    def _wait_until_it_answers(self) -> None:
        deadline = time.monotonic() + _START_SECONDS
        while not self.answers():
            if self._running["up"].poll() is not None or time.monotonic() > deadline:
                raise SystemExit("The site did not start; its last words are in the log.")
            time.sleep(0.2)

    def _keep(self) -> None:
        while True:
            time.sleep(0.5)
            if not self._lock.acquire(blocking=False):
                continue
            try:
                if self._wanted.is_set():
                    for name, process in list(self._running.items()):
                        if process.poll() is not None:
                            self.restarts += 1
                            self._launch(name)
            finally:
                self._lock.release()


def adopt_orphans() -> None:
    """From now on every descendant stays one, whoever dies between: nothing is left over unseen."""
    ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def descendants() -> list[psutil.Process]:
    """All that live and came of this process."""
    return [process for process in psutil.Process().children(recursive=True) if _lives(process)]


def words(process: psutil.Process) -> list[str]:
    """Its command line; none of a process that has ended."""
    try:
        return list(process.cmdline())
    except psutil.Error:
        return []


def wait_until(condition: Callable[[], bool], seconds: float, pause: float = 0.2) -> bool:
    """Whether `condition` came to hold in time."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(pause)
    return True


def frozen(process: psutil.Process, seconds: float) -> None:
    """Stops it for a while, and lets it go on as if nothing had been."""
    with suppress(psutil.Error):
        process.suspend()
    time.sleep(seconds)
    with suppress(psutil.Error):
        process.resume()


def wake_all() -> None:
    """Nobody stays frozen."""
    for process in descendants():
        with suppress(psutil.Error):
            process.resume()


def pause(number: int, least: float, most: float) -> float:
    """Seconds, by the number of the step."""
    return Random(number).uniform(least, most)


def _role(process: psutil.Process) -> str:
    line = words(process)
    return next((role for role, marks in ROLES.items() if _has(line, marks)), "")


def _has(line: list[str], marks: tuple[str, ...]) -> bool:
    """Whether these words stand in it; the name of a program may have its folder in front."""
    names: Iterator[str] = (part.rsplit("/", 1)[-1] for part in line)
    found = set(names) | set(line)
    return all(mark in found for mark in marks)


def _lives(process: psutil.Process) -> bool:
    try:
        return bool(process.status() != psutil.STATUS_ZOMBIE)
    except psutil.Error:
        return False


def _created(process: psutil.Process) -> float:
    try:
        return float(process.create_time())
    except psutil.Error:
        return 0.0
