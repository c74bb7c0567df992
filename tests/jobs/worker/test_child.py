"""The child process: what it learns of the worker's environment, and what it does not."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from jobs.worker.child import spawn

_SHOW = "import json, os; print(json.dumps(dict(os.environ)))"
# Those of today, and such as a later Flash, a cloud or an operator may add.
_SECRETS = (
    "FLASH_SECRET_KEY",
    "FLASH_EMAIL_PASSWORD",
    "FLASH_SOMETHING_NEW",
    "DATABASE_URL",
    "REDIS_URL",
    "AMQP_URL",
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "AWS_CONTAINER_AUTHORIZATION_TOKEN",
    "PGPASSWORD",
    "SENTRY_DSN",
    "GITHUB_TOKEN",
    "CREDENTIALS_DIRECTORY",
)


def learned() -> dict[str, str]:
    process = spawn([sys.executable, "-c", _SHOW], stdin=subprocess.DEVNULL, stderr=None)
    out, _ = process.communicate()
    told: dict[str, str] = json.loads(out)
    return told


@pytest.mark.parametrize("name", _SECRETS)
def test_no_secret_is_passed_on(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv(name, "s3cret-value")
    assert "s3cret-value" not in learned().values()


def test_it_finds_programs_libraries_and_devices(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    needed = {
        "CUDA_VISIBLE_DEVICES": "1",
        "OMP_NUM_THREADS": "3",
        "TMPDIR": str(tmp_path),
        "LC_ALL": "C.UTF-8",
        "LD_LIBRARY_PATH": "/opt/cuda/lib",
        "PYTHONHASHSEED": "7",
    }
    for name, value in needed.items():
        monkeypatch.setenv(name, value)
    told = learned()
    assert {name: told.get(name) for name in needed} == needed
    assert told["PATH"]
    assert told["FLASH_WEIGHTS_DIR"]
