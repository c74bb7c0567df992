"""A trainer that has loaded its libraries before there is a job for it (decision 023)."""

import logging
import subprocess
import threading
from contextlib import suppress
from pathlib import Path

from django.conf import settings

from jobs.worker.child import spawn, trainer_command

logger = logging.getLogger(__name__)


class WarmTrainer:
    """At most one waiting process. It ends by itself when nobody wants it, or when this process is gone."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._timer: threading.Timer | None = None

    def prepare(self) -> None:
        """Start one, for the time that settings.FLASH_SPARE_TRAINER says; without a time, none."""
        seconds = settings.FLASH_SPARE_TRAINER.total_seconds()
        if not seconds:
            return
        self.dismiss()
        try:
            process = spawn(
                [*trainer_command(), "--wait", str(settings.FLASH_TRAINER_NICE)],
                stdin=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
            )
        except OSError:
            # For want of memory, say: the job that has just ended must not suffer from it.
            logger.exception("No trainer could be started to wait for the next job.")
            return
        timer = threading.Timer(seconds, self.dismiss)
        timer.daemon = True
        timer.start()
        with self._lock:
            another, self._process, self._timer = self._process, process, timer
        if another:
            _end(another)

    def take(self, run_dir: Path) -> "subprocess.Popen[bytes] | None":
        """The waiting process, which trains RUN_DIR now; None when there is none, or none that lives."""
        process = self._give_up()
        if process is None:
            return None
        assert process.stdin is not None
        # Broken where it died while it waited.
        with suppress(BrokenPipeError):
            if process.poll() is None:
                with process.stdin as stdin:
                    stdin.write(f"{run_dir}\n".encode())
                return process
        _end(process)
        return None

    def dismiss(self) -> None:
        """Let nobody wait any longer."""
        if process := self._give_up():
            _end(process)

    def _give_up(self) -> "subprocess.Popen[bytes] | None":
        with self._lock:
            process, self._process = self._process, None
            if self._timer is not None:
                self._timer.cancel()
            return process


def _end(process: "subprocess.Popen[bytes]") -> None:
    process.kill()
    process.communicate()


WARM_TRAINER = WarmTrainer()
