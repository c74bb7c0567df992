"""The units of deploy/: each is confined, and none dies with a child."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

DEPLOY = Path(__file__).resolve().parents[2] / "deploy"
UNITS = sorted([*DEPLOY.glob("systemd/*.service"), *DEPLOY.glob("server/*.service")])
OURS = [path for path in UNITS if "User=flash" in path.read_text()]


def values(path: Path) -> dict[str, str]:
    return dict(re.findall(r"^(\w+)=(.*)$", path.read_text(), re.M))


def test_there_are_units() -> None:
    assert len(OURS) == 6


@pytest.mark.parametrize("path", OURS, ids=lambda path: path.name)
def test_what_runs_as_our_user_is_confined(path: Path) -> None:
    told = values(path)
    wanted = {
        "StateDirectoryMode": "0700",
        "UMask": "0077",
        "NoNewPrivileges": "true",
        "ProtectSystem": "strict",
        "ProtectHome": "true",
        "ProtectProc": "invisible",
        "PrivateTmp": "true",
        "CapabilityBoundingSet": "",
        "LimitCORE": "0",
    }
    assert {name: told.get(name) for name in wanted} == wanted


@pytest.mark.parametrize("path", OURS, ids=lambda path: path.name)
def test_a_child_that_runs_out_of_memory_does_not_end_its_service(path: Path) -> None:
    """systemd's default would stop the whole unit: the job would go back without blame, again and again."""
    told = values(path)
    if told.get("Type") == "oneshot":
        assert told["TimeoutStartSec"]
    else:
        assert told["OOMPolicy"] == "continue"


def test_the_control_worker_has_the_threads_it_needs() -> None:
    """Without a number of its own the command takes two for control: a batch has one for hours."""
    assert values(DEPLOY / "systemd/flash-worker@.service")["ExecStart"].endswith("manage.py work %i")


def test_systemd_reads_nothing_that_the_worker_could_replace() -> None:
    files = re.findall(
        r"^EnvironmentFile=(\S+)$", (DEPLOY / "server/flash-trainer.service").read_text(), re.M
    )
    identity = values(DEPLOY / "server/flash-identity.service")
    assert files == ["/etc/flash/env", "/run/flash-identity/name"]
    assert identity["RuntimeDirectory"] == "flash flash-identity"
    assert identity["ExecStart"] == "/bin/chown flash:flash /run/flash"


@pytest.mark.systemd
def test_systemd_understands_them(tmp_path: Path) -> None:
    copied = []
    for path in [*DEPLOY.glob("systemd/*.service"), *DEPLOY.glob("systemd/*.timer")]:
        text = re.sub(r"/srv/flash/.venv/bin/\w+", "/bin/true", path.read_text()).replace("User=flash\n", "")
        target = tmp_path / path.name.replace("@.", "@control.")
        target.write_text(text)
        copied.append(str(target))
    analyze = shutil.which("systemd-analyze")
    assert analyze is not None
    done = subprocess.run([analyze, "verify", *copied], capture_output=True, text=True, timeout=60)
    assert [line for line in done.stderr.splitlines() if "flash-" in line] == []
