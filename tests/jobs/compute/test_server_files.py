"""deploy/server: the scripts and units of a training server."""

import os
import shutil
import stat
import subprocess
import sys
from pathlib import Path

import boto3
import pytest
from django.conf import settings

SERVER = Path(settings.BASE_DIR) / "deploy" / "server"
UNITS = sorted(path.name for path in SERVER.iterdir() if path.suffix in (".service", ".timer"))


def run(*command: str, **environment: str) -> "subprocess.CompletedProcess[str]":
    env = {"PATH": os.environ["PATH"], **environment}
    return subprocess.run(command, env=env, capture_output=True, text=True, timeout=60)


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A checkout whose packages are installed by doing nothing."""
    home = tmp_path / "flash"
    shutil.copytree(SERVER, home / "deploy" / "server")
    (home / "deploy" / "install.sh").write_text('mkdir -p "$1/bin"\n')
    return home


def set_up(checkout: Path, **environment: str) -> "subprocess.CompletedProcess[str]":
    return run("sh", str(checkout / "deploy/server/setup.sh"), ROOT=str(checkout.parent), **environment)


@pytest.mark.parametrize("script", ["user-data.sh", "setup.sh"])
def test_the_scripts_can_be_read_by_a_plain_shell(script: str) -> None:
    done = run("sh", "-n", str(SERVER / script))
    assert (done.returncode, done.stderr) == (0, "")


def test_a_set_up_machine_has_its_units(checkout: Path) -> None:
    etc = checkout.parent / "etc"
    (etc / "flash").mkdir(parents=True)
    (etc / "flash" / "env").write_text("AWS_REGION=eu-west-1\n")
    for _ in range(2):  # it may be run again
        done = set_up(checkout)
        assert done.returncode == 0, done.stderr
    assert sorted(path.name for path in (etc / "systemd/system").iterdir()) == UNITS


def test_without_an_environment_it_says_what_to_do_but_the_watchdog_is_there(checkout: Path) -> None:
    done = set_up(checkout)
    assert done.returncode == 1
    assert "FLASH_ENV_PARAMETER" in done.stderr
    assert (checkout.parent / "etc/systemd/system/flash-watchdog.timer").exists()


def test_the_environment_comes_from_the_parameter_store(checkout: Path, aws: str) -> None:
    client = boto3.client("ssm", region_name="eu-west-1", endpoint_url=aws)
    client.put_parameter(
        Name="/flash/env", Type="SecureString", Value="AWS_REGION=eu-west-1\nREDIS_URL=redis://r/0"
    )
    client.close()
    (checkout / ".venv/bin").mkdir(parents=True)
    (checkout / ".venv/bin/python").write_text(f'#!/bin/sh\nexec {sys.executable} "$@"\n')
    (checkout / ".venv/bin/python").chmod(0o755)
    keys = {"AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "b", "AWS_DEFAULT_REGION": "eu-west-1"}
    done = set_up(checkout, FLASH_ENV_PARAMETER="/flash/env", AWS_ENDPOINT_URL=aws, **keys)
    assert done.returncode == 0, done.stderr
    written = checkout.parent / "etc/flash/env"
    assert written.read_text() == "AWS_REGION=eu-west-1\nREDIS_URL=redis://r/0\n"
    assert stat.S_IMODE(written.stat().st_mode) & 0o077 == 0, "it holds the database's password"
    done = set_up(checkout, FLASH_ENV_PARAMETER="/nothing", AWS_ENDPOINT_URL=aws, **keys)
    assert done.returncode != 0
    assert written.exists(), "what was there stays"


def test_the_watchdog_and_the_identity_need_no_package_of_ours() -> None:
    for unit in ("flash-watchdog.service", "flash-identity.service"):
        text = (SERVER / unit).read_text()
        assert "ExecStart=/usr/bin/python3 -I" in text
        assert ".venv" not in text
    for name in ("watchdog", "imds"):
        script = Path(settings.BASE_DIR) / "jobs/compute" / f"{name}.py"
        lines = script.read_text().splitlines()
        imported = {line.split()[1].split(".")[0] for line in lines if line.startswith(("import ", "from "))}
        assert imported <= sys.stdlib_module_names


@pytest.mark.systemd
def test_systemd_understands_the_units(tmp_path: Path) -> None:
    for unit in UNITS:
        text = (SERVER / unit).read_text()
        # Programs and users of a real server are not here; what systemd checks of them is not the matter.
        text = text.replace("/srv/flash/.venv/bin/python", "/bin/true").replace("User=flash\n", "")
        (tmp_path / unit).write_text(text)
    done = run("systemd-analyze", "verify", *(str(tmp_path / unit) for unit in UNITS), HOME=str(tmp_path))
    complaints = [line for line in done.stderr.splitlines() if "flash-" in line]
    assert complaints == []
