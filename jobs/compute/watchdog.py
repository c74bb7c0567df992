"""Powers a training server off that works for nobody; the last guard of the bill.

It runs from a systemd timer with the system's Python, needs neither Flash's packages nor credentials nor a network,
and so works when everything else does not. What it knows are the signs that the worker leaves
(jobs.compute.watchdog_signs):

    python3 jobs/compute/watchdog.py       # once; the timer calls it every minute
"""

import os
import shlex
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

LEASE, CONTROL, DRAINED = "lease", "control", "drained"


@dataclass(frozen=True)
class Limits:
    """Seconds; longer than the control plane's own, which acts first when it is well."""

    idle: float = 900
    unreachable: float = 900
    uptime: float = 24 * 3600


@dataclass(frozen=True)
class Signs:
    """When the worker last held a lease, last reached the control plane, and whether it has given up for good.

    In seconds since the machine was switched on; 0 when it has not happened yet.
    """

    lease: float = 0
    control: float = 0
    drained: bool = False


def decide(uptime: float, signs: Signs, limits: Limits) -> str:
    """Why the machine must go off, or an empty string. A busy one goes off at the hard cap alone."""
    if uptime > limits.uptime:
        return f"it has been on for longer than {limits.uptime / 3600:g} hours"
    if signs.drained:
        return "EC2 is reclaiming it, and its job has been handed back"
    if uptime - signs.control >= limits.unreachable:
        return f"the control plane has not been reached for {limits.unreachable / 60:g} minutes"
    if uptime - signs.lease >= limits.idle:
        return f"it has had no job for {limits.idle / 60:g} minutes"
    return ""


def seconds_since_boot() -> float:
    """A clock that neither jumps nor stands still; the wall clock of a machine just started may do both."""
    return time.clock_gettime(getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC))


def read_signs(folder: Path, uptime: float) -> Signs:
    """Signs of an earlier start, which lie in the future, and unreadable ones count as none."""

    def when(name: str) -> float:
        try:
            moment = float(_read(folder / name))
        except (OSError, ValueError):
            return 0
        # A second more than now is rounding.
        return moment if 0 <= moment <= uptime + 1 else 0

    return Signs(when(LEASE), when(CONTROL), when(DRAINED) > 0)


def _read(path: Path) -> str:
    """A few bytes: who writes signs also reads strangers' data, so one may be a pipe, a link or without end."""
    handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW)
    try:
        return os.read(handle, 64).decode("ascii")
    finally:
        os.close(handle)


def read_limits(environment: dict[str, str]) -> Limits:
    """A value that is no number counts as the default: a watchdog must not die of a typing error."""

    def seconds(name: str, default: float) -> float:
        try:
            return max(60.0, float(environment.get(name, "") or default))
        except ValueError:
            return default

    defaults = Limits()
    return Limits(
        idle=seconds("FLASH_WATCHDOG_IDLE_SECONDS", defaults.idle),
        unreachable=seconds("FLASH_WATCHDOG_UNREACHABLE_SECONDS", defaults.unreachable),
        uptime=seconds("FLASH_UPTIME_CAP_SECONDS", defaults.uptime),
    )


def main() -> int:
    uptime = seconds_since_boot()
    folder = Path(os.environ.get("FLASH_SIGNS_DIR") or "/run/flash")
    reason = decide(uptime, read_signs(folder, uptime), read_limits(dict(os.environ)))
    if not reason:
        return 0
    print(f"Powering off: {reason}.", file=sys.stderr, flush=True)  # noqa: T201  # the journal
    # poweroff, not halt: a halted machine stays "running" for EC2 and costs on.
    command = os.environ.get("FLASH_POWEROFF") or "systemctl poweroff"
    return subprocess.run(shlex.split(command), check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
