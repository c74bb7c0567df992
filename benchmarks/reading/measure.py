"""Runs a program that tells what its work took, and watches the memory of it and of all that it starts."""

import json
import subprocess
import sys
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil

_EVERY = 0.25


@dataclass(frozen=True, slots=True)
class Cost:
    """Seconds on the clock and of processor time, of the work alone; MB at the peak, of all of the run.

    `parts` are seconds on the clock of what the work consists of, where it tells them.
    """

    seconds: float
    processor: float
    peak_mb: float
    parts: dict[str, float]


def cost_of(command: Sequence[str], cwd: Path) -> Cost:
    """Of a program whose last line is {"seconds", "processor"} as JSON, and maybe "parts"; exits where that fails."""
    with subprocess.Popen(command, cwd=cwd, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as run:
        peak = _Peak(psutil.Process(run.pid))
        peak.start()
        output, errors = run.communicate()
        peak.finish()
    if run.returncode:
        sys.exit(f"{' '.join(command[:4])} failed:\n{errors[-3000:]}")
    told = json.loads(output.splitlines()[-1])
    return Cost(told["seconds"], told["processor"], peak.most / 1024**2, told.get("parts", {}))


def processor_seconds() -> float:
    """Of this process, of those below it, and of what has ended there."""
    this = psutil.Process()
    return sum(sum(process.cpu_times()[:4]) for process in [this, *this.children(recursive=True)])


class _Peak(threading.Thread):
    """The most memory that a process and those below it have together; pages that they share count once."""

    def __init__(self, root: psutil.Process) -> None:
        super().__init__(daemon=True)
        self.most = 0
        self._root = root
        self._over = threading.Event()

    def run(self) -> None:
        """Until `finish`."""
        while not self._over.wait(_EVERY):
            self.most = max(self.most, self._now())

    def finish(self) -> None:
        """The process has ended."""
        self._over.set()
        self.join()

    def _now(self) -> int:
        total = 0
        try:
            processes = [self._root, *self._root.children(recursive=True)]
        except psutil.Error:
            return 0
        for process in processes:
            try:
                total += process.memory_full_info().pss
            except psutil.Error:  # it has just ended
                continue
        return total
