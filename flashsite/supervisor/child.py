"""One supervised process: started in a group of its own, tied to the supervisor, its output cut into lines."""

import os
import signal
import subprocess
import time
from collections import deque
from collections.abc import Iterator

from flashsite.supervisor import tether
from flashsite.supervisor.plan import BASE_DIR, Program

# A program that lives this long has started; one that dies sooner, this often in a row, will not start at all.
STEADY_SECONDS = 10.0
MAX_QUICK_DEATHS = 5
_PAUSES = (0.5, 1.0, 2.0, 4.0, 8.0)
_LONGEST_LINE = 16_384


class Child:
    """A program and its present process, if any."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self.process: subprocess.Popen[bytes] | None = None
        self.quick_deaths = 0
        self.restart_at: float | None = None
        self.last_words: deque[str] = deque(maxlen=20)
        self._started = 0.0
        self._rest = b""

    @property
    def name(self) -> str:
        return self.program.name

    @property
    def is_hopeless(self) -> bool:
        return self.quick_deaths >= MAX_QUICK_DEATHS

    def start(self) -> int:
        """Start the process; answers the descriptor of its output, which does not block."""
        supervisor = os.getpid()
        self.process = subprocess.Popen(
            self.program.command,
            cwd=BASE_DIR,
            env={**os.environ, "PYTHONUNBUFFERED": "1", **self.program.environment},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            # Ctrl-C in the terminal reaches the supervisor alone, which then stops them in order.
            process_group=0,
            preexec_fn=lambda: tether.die_with_parent(parent=supervisor),
        )
        self._started, self.restart_at, self._rest = time.monotonic(), None, b""
        assert self.process.stdout is not None
        os.set_blocking(self.process.stdout.fileno(), False)
        return self.process.stdout.fileno()

    def read_lines(self) -> Iterator[str]:
        """What it has written since the last call, line by line. Raises EOFError at the end of its output."""
        assert self.process is not None and self.process.stdout is not None
        try:
            data = os.read(self.process.stdout.fileno(), 65_536)
        except BlockingIOError:
            return
        *lines, self._rest = (self._rest + data).split(b"\n")
        if self._rest and (not data or len(self._rest) > _LONGEST_LINE):
            lines, self._rest = [*lines, self._rest], b""
        yield from (line.decode("utf-8", "replace").rstrip() for line in lines)
        if not data:
            raise EOFError

    def died(self) -> bool:
        """Whether the process has ended since it was started."""
        return self.process is not None and self.process.poll() is not None

    def bury(self, *, restart: bool) -> str:
        """Clear away what is left of a dead process and plan the next start; answers how it died, in words."""
        assert self.process is not None
        status = self.process.wait()
        self.signal(signal.SIGKILL)
        if self.process.stdout:
            self.process.stdout.close()
        self.process = None
        if restart:
            lived = time.monotonic() - self._started
            self.quick_deaths = self.quick_deaths + 1 if lived < STEADY_SECONDS else 0
            self.restart_at = (
                time.monotonic()
                + _PAUSES[min(self.quick_deaths, len(_PAUSES)) - 1 if self.quick_deaths else 0]
            )
        return _describe(status)

    def signal(self, number: signal.Signals) -> None:
        """Send `number` to the process, SIGKILL to its whole group."""
        if self.process is None:
            return
        try:
            if number == signal.SIGKILL:
                os.killpg(self.process.pid, number)
            else:
                self.process.send_signal(number)
        except (ProcessLookupError, PermissionError):
            pass


def _describe(status: int) -> str:
    if status < 0:
        return f"was killed by {signal.Signals(-status).name}"
    return f"ended with status {status}"
