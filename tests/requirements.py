"""What some tests need beyond Python, and what to say when it is not there."""

import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import NoReturn

import pytest

from tests.rabbitmq_process import find_server
from training.ground import landlock

CHROMIUM_NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")


@dataclass(frozen=True, kw_only=True)
class Requirement:
    """A marker's condition. In CI a missing part fails the run, unless it `may_lack`."""

    marker: str
    is_met: Callable[[], bool]
    advice: str
    may_lack: bool = False


def in_ci() -> bool:
    return bool(os.environ.get("FLASH_CI"))


def lacking(what: str) -> NoReturn:
    """Skips the test that finds out only now what it lacks; in CI it fails."""
    if in_ci():
        pytest.fail(f"CI must run this test: it needs {what}.")
    pytest.skip(f"needs {what}")


@cache
def chromium() -> Path | None:
    """The system's Chromium (FLASH_CHROMIUM names another one)."""
    named = os.environ.get("FLASH_CHROMIUM")
    for name in (named, *CHROMIUM_NAMES):
        if name and (found := shutil.which(name)):
            return Path(found)
    return None


def _has(program: str) -> bool:
    return shutil.which(program) is not None


@cache
def _has_cuda() -> bool:
    import torch

    return torch.cuda.is_available()


def _on_postgres() -> bool:
    from django.db import connection

    return connection.vendor == "postgresql"


def _has_postgres() -> bool:
    from tests import postgres

    return postgres.find_programs() is not None


def _has_redis() -> bool:
    from flashsite.supervisor import redis_server

    try:
        return bool(redis_server.find_binary())
    except redis_server.RedisMissing:
        return False


REQUIREMENTS = (
    Requirement(marker="gpu", is_met=_has_cuda, advice="a CUDA device", may_lack=True),
    Requirement(
        marker="browser", is_met=lambda: chromium() is not None, advice="Chromium (apt install chromium)"
    ),
    Requirement(marker="redis", is_met=_has_redis, advice="a Redis server (apt install redis-server)"),
    Requirement(
        marker="systemd", is_met=lambda: _has("systemd-analyze"), advice="systemd (apt install systemd)"
    ),
    Requirement(marker="unzip", is_met=lambda: _has("unzip"), advice="unzip (apt install unzip)"),
    Requirement(
        marker="rabbitmq",
        is_met=lambda: bool(os.environ.get("FLASH_TEST_AMQP_URL")) or find_server() is not None,
        advice="RabbitMQ (apt install rabbitmq-server, or FLASH_TEST_AMQP_URL=amqp://guest:guest@localhost/)",
    ),
    Requirement(marker="postgres_server", is_met=_has_postgres, advice="PostgreSQL (apt install postgresql)"),
    Requirement(marker="landlock", is_met=landlock.is_there, advice="a Linux kernel with Landlock"),
    # `make test-postgres` is a run of its own, also in CI.
    Requirement(
        marker="postgres", is_met=_on_postgres, advice="PostgreSQL (make test-postgres)", may_lack=True
    ),
)
