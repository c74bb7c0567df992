"""The trainer and its kin as a child process: its own group, JSON lines out, killed as a whole."""

import json
import os
import queue
import signal
import subprocess
import sys
import threading
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from django.conf import settings

from training.ground.child_environment import passed_on
from training.ground.confinement import HIDDEN_VARIABLE
from training.ground.log_lines import FORMAT_VARIABLE
from training.kinds import KINDS_VARIABLE

EXIT_INTERRUPTED = 75
_TAIL = 4000
_CONFIGURED = "/etc/flash"


class Child:
    """`COMMAND RUN_DIR --parent-pid N`, or `ready`, which works on RUN_DIR already; `next_event` reads its events."""

    def __init__(
        self, command: list[str], run_dir: Path, ready: "subprocess.Popen[bytes] | None" = None
    ) -> None:
        self._stderr = (run_dir / "stderr.log").open("wb")
        self._stderr_path = run_dir / "stderr.log"
        self._events: queue.Queue[dict[str, Any] | None] = queue.Queue()
        self._process = ready or spawn(
            [*command, str(run_dir)], stdin=subprocess.DEVNULL, stderr=self._stderr
        )
        self._reader = threading.Thread(target=self._read, name="trainer-output", daemon=True)
        self._reader.start()

    @property
    def pid(self) -> int:
        return self._process.pid

    def next_event(self, timeout: float) -> dict[str, Any] | None:
        """The next event, or None when none came within `timeout` seconds or the output has ended."""
        try:
            return self._events.get(timeout=timeout)
        except queue.Empty:
            return None

    def has_ended(self) -> bool:
        """Whether the process is gone and all it said has been read."""
        return self._process.poll() is not None and not self._reader.is_alive() and self._events.empty()

    def finish(self) -> None:
        """SIGUSR1: it ends soon, with the best it has. Only once it has said that it trains: before, it would die.

        To the trainer alone: processes that help it have no handler, and would die of it.
        """
        with suppress(ProcessLookupError):
            self._process.send_signal(signal.SIGUSR1)

    def interrupt(self, patience: float) -> int:
        """SIGTERM, so that it can leave a checkpoint; SIGKILL after `patience` seconds. Answers the exit status."""
        self._signal(signal.SIGTERM)
        try:
            return self._process.wait(patience)
        except subprocess.TimeoutExpired:
            return self.kill()

    def kill(self) -> int:
        """SIGKILL to the whole group; answers the exit status."""
        self._signal(signal.SIGKILL)
        return self._process.wait()

    def wait(self) -> int:
        return self._process.wait()

    def stderr_tail(self) -> str:
        """The end of what it wrote to stderr, for the operator's log."""
        return self._stderr_path.read_bytes()[-_TAIL:].decode("utf-8", "replace")

    def close(self) -> None:
        if self._process.poll() is None:
            self.kill()
        self._reader.join(5)
        if self._process.stdout:
            self._process.stdout.close()
        self._stderr.close()

    def _signal(self, number: signal.Signals) -> None:
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, number)

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            try:
                event = json.loads(line)
            except ValueError:
                continue
            if isinstance(event, dict):
                self._events.put(event)
        self._events.put(None)


def spawn(arguments: list[str], *, stdin: int, stderr: Any) -> "subprocess.Popen[bytes]":
    """A process of a group of its own that ends when this one does; of its environment it learns what it needs."""
    return subprocess.Popen(
        [*arguments, "--parent-pid", str(os.getpid())],
        cwd=settings.BASE_DIR,
        env=_environment(os.environ),
        stdin=stdin,
        stdout=subprocess.PIPE,
        stderr=stderr,
        start_new_session=True,
    )


def trainer_command() -> list[str]:
    """The command line of the trainer; RUN_DIR and options follow."""
    return [sys.executable, "-m", "training"]


def _environment(parent: Mapping[str, str]) -> dict[str, str]:
    # Other people's files, the database, the key, what the operator configured, signs for the watchdog.
    hidden = (
        settings.FLASH_VAR_DIR,
        settings.FLASH_RUNS_DIR,
        settings.MEDIA_ROOT,
        settings.FLASH_SIGNS_DIR,
        _CONFIGURED,
    )
    return passed_on(parent) | {
        HIDDEN_VARIABLE: os.pathsep.join(map(str, hidden)),
        "FLASH_WEIGHTS_DIR": str(settings.FLASH_WEIGHTS_DIR),
        KINDS_VARIABLE: ",".join(settings.FLASH_KINDS),
        FORMAT_VARIABLE: settings.FLASH_LOG_FORMAT,
        "PYTHONUNBUFFERED": "1",
    }
