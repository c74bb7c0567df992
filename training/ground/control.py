"""Keeps the process in its place: priority, signals, deadline, and no life after its parent."""

import ctypes
import math
import os
import signal
import sys
import time
from contextlib import suppress
from pathlib import Path
from types import FrameType

from training.ground.errors import Interrupted

_PR_SET_PDEATHSIG = 1


class Control:
    """What the loops ask now and then: go on, or stop?

    `deadline_seconds` counts from the making of this object; None means no deadline. What stops the `whole` stops also
    this one, which is of a part of it.
    """

    def __init__(self, deadline_seconds: float | None = None, *, whole: "Control | None" = None) -> None:
        self._deadline = None if deadline_seconds is None else time.monotonic() + deadline_seconds
        self._interrupted = self._finish_asked = False
        self._whole = whole

    def catch_sigterm(self) -> None:
        """From now on SIGTERM only asks; the loops stop at their next safe point."""
        signal.signal(signal.SIGTERM, self._on_sigterm)

    def catch_sigusr1(self) -> None:
        """From now on SIGUSR1 asks to finish: the loops end as at the deadline, with the best model so far."""
        signal.signal(signal.SIGUSR1, self._on_sigusr1)

    def interrupt(self) -> None:
        """Ask to stop at the next safe point, to go on later."""
        self._interrupted = True

    def finish(self) -> None:
        """Ask to end with the best model so far."""
        self._finish_asked = True

    def _on_sigterm(self, signum: int, frame: FrameType | None) -> None:
        self.interrupt()

    def _on_sigusr1(self, signum: int, frame: FrameType | None) -> None:
        self.finish()

    @property
    def interrupted(self) -> bool:
        """Whether to stop at the next safe point, to go on later."""
        return self._interrupted or (self._whole is not None and self._whole.interrupted)

    @property
    def finish_asked(self) -> bool:
        """Whether the owner has seen enough."""
        return self._finish_asked or (self._whole is not None and self._whole.finish_asked)

    @property
    def out_of_time(self) -> bool:
        """Whether the deadline has passed, or the owner has seen enough."""
        if self._finish_asked or (self._whole is not None and self._whole.out_of_time):
            return True
        return self._deadline is not None and time.monotonic() >= self._deadline

    @property
    def seconds_left(self) -> float:
        """Until the deadline; infinity without one."""
        own = math.inf if self._deadline is None else self._deadline - time.monotonic()
        return own if self._whole is None else min(own, self._whole.seconds_left)

    @property
    def why_over(self) -> str:
        """The beginning of a sentence about `out_of_time`."""
        return "The training was stopped" if self.finish_asked else "The time allowed ran out"

    def set_deadline(self, seconds: float | None, started: float) -> None:
        """Stop `seconds` after `started` (time.monotonic); None for no deadline."""
        self._deadline = None if seconds is None else started + seconds

    def check(self) -> None:
        """Raise Interrupted if SIGTERM was received."""
        if self.interrupted:
            raise Interrupted


def die_with_parent(parent_pid: int | None) -> None:
    """Ask Linux to kill this process when its parent dies; leave at once if the parent is gone already."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if parent_pid is not None and os.getppid() != parent_pid:
        raise SystemExit(f"The parent process {parent_pid} is gone.")


def lower_priority(nice: int) -> None:
    """Leave the processor to others that want it, by `nice` steps."""
    if nice <= 0:
        return
    reached = os.nice(nice)
    # Where Linux shares the processor between sessions first, steps within a session of one's own change nothing.
    if os.getsid(0) == os.getpid():
        with suppress(OSError):
            Path("/proc/self/autogroup").write_text(str(reached), encoding="ascii")


def available_cores() -> int:
    """The cores that this process may use."""
    return max(1, len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1)
