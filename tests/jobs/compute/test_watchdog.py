"""The watchdog in the machine: when it powers off, and that it needs nothing but a Python."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from jobs.compute import watchdog
from jobs.compute.watchdog import Limits, Signs, decide

HOUR = 3600.0
SCRIPT = Path(watchdog.__file__)


@pytest.mark.parametrize(
    ("uptime", "signs", "reason"),
    [
        (60, Signs(), ""),
        (899, Signs(), ""),
        (901, Signs(), "has not been reached for 15 minutes"),
        (901, Signs(control=890), "no job for 15 minutes"),
        (901, Signs(control=890, lease=300), ""),
        (5000, Signs(control=4990, lease=4990), ""),
        (5000, Signs(control=4990, lease=4000), "no job for 15 minutes"),
        (5000, Signs(control=4000, lease=4990), "has not been reached"),
        (25 * HOUR, Signs(control=25 * HOUR, lease=25 * HOUR), "longer than 24 hours"),
        (600, Signs(control=590, lease=590, drained=True), "EC2 is reclaiming it"),
    ],
)
def test_it_powers_off_without_a_job_without_the_control_plane_or_past_the_cap(
    uptime: float, signs: Signs, reason: str
) -> None:
    said = decide(uptime, signs, Limits())
    assert reason in said
    assert bool(said) == bool(reason)


def test_signs_of_an_earlier_start_and_broken_ones_count_as_none(tmp_path: Path) -> None:
    (tmp_path / "lease").write_text("90000\n")
    (tmp_path / "control").write_text("soon")
    assert watchdog.read_signs(tmp_path, 500) == Signs()
    assert watchdog.read_signs(tmp_path / "nowhere", 500) == Signs()
    (tmp_path / "lease").write_text("400.5\n")
    assert watchdog.read_signs(tmp_path, 500) == Signs(lease=400.5)


def test_no_sign_can_hold_it_up(tmp_path: Path) -> None:
    """Those who write signs also read strangers' data."""
    os.mkfifo(tmp_path / "lease")
    (tmp_path / "control").symlink_to("/dev/zero")
    assert watchdog.read_signs(tmp_path, 500) == Signs()
    (tmp_path / "drained").write_bytes(b"9" * 10_000_000)
    assert watchdog.read_signs(tmp_path, 500) == Signs()


def test_a_limit_that_is_no_number_is_the_default() -> None:
    assert watchdog.read_limits({"FLASH_WATCHDOG_IDLE_SECONDS": "ten minutes"}) == Limits()
    assert watchdog.read_limits({"FLASH_WATCHDOG_IDLE_SECONDS": "600"}).idle == 600


def run(tmp_path: Path, **environment: str) -> tuple[subprocess.CompletedProcess[str], bool]:
    """The script as the timer runs it; whether it called the command that powers off."""
    mark = tmp_path / "off"
    done = subprocess.run(
        [sys.executable, "-I", "-S", str(SCRIPT)],
        env={"FLASH_SIGNS_DIR": str(tmp_path), "FLASH_POWEROFF": f"touch {mark}", "PATH": os.environ["PATH"]}
        | environment,
        capture_output=True,
        text=True,
        timeout=20,
    )
    return done, mark.exists()


def test_the_script_powers_off_a_machine_that_is_on_for_too_long(tmp_path: Path) -> None:
    # No machine that runs this suite was switched on less than a minute ago and nothing left signs.
    done, off = run(tmp_path, FLASH_UPTIME_CAP_SECONDS="60")
    assert done.returncode == 0, done.stderr
    assert off
    assert "Powering off: it has been on for longer" in done.stderr


def test_the_script_leaves_a_machine_with_fresh_signs_alone(tmp_path: Path) -> None:
    for name in ("lease", "control"):
        (tmp_path / name).write_text(str(watchdog.seconds_since_boot()))
    done, off = run(tmp_path, FLASH_UPTIME_CAP_SECONDS="1e12")
    assert (done.returncode, done.stderr, off) == (0, "", False)


def test_a_poweroff_that_fails_is_told_to_systemd(tmp_path: Path) -> None:
    done, _ = run(tmp_path, FLASH_UPTIME_CAP_SECONDS="60", FLASH_POWEROFF="false")
    assert done.returncode == 1
