"""A second site, in processes and folders of its own, for backups to be restored into."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection
from django.db.backends.base.base import BaseDatabaseWrapper

from flashsite.backup import rows
from tests.jobs.conftest import make_dataset, make_job, server
from tests.modelstore.conftest import publish

__all__ = ["make_dataset", "make_job", "publish", "server"]
ROOT = Path(__file__).resolve().parents[3]


class Site:
    """An installation that runs with the real settings."""

    def __init__(self, var: Path, **environment: str) -> None:
        self.var = var
        kept = {name: value for name, value in os.environ.items() if not name.startswith("FLASH_")}
        kept.pop("DATABASE_URL", None)
        self.environment = kept | {
            "DJANGO_SETTINGS_MODULE": "flashsite.settings",
            "FLASH_VAR_DIR": str(var),
            **environment,
        }

    def manage(self, *arguments: str | Path) -> "subprocess.CompletedProcess[str]":
        """Runs `manage.py`, however it ends."""
        command = [sys.executable, str(ROOT / "manage.py"), *map(str, arguments)]
        return subprocess.run(command, env=self.environment, capture_output=True, text=True, check=False)

    def ask(self, code: str, *arguments: str) -> str:
        """What a script says that runs beside `manage.py`."""
        command = [sys.executable, "-c", code, *arguments]
        done = subprocess.run(
            command, env=self.environment, cwd=ROOT, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def told(self, *arguments: str | Path) -> Any:
        """What a command answers in JSON."""
        done = self.manage(*arguments, "--json")
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    def restore(self, archive: Path, *options: str) -> str:
        """What a restore says that succeeds."""
        done = self.manage("restore", archive, *options)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def refused(self, archive: Path, *options: str) -> str:
        """What a restore says that does not."""
        done = self.manage("restore", archive, *options)
        assert done.returncode == 1 and "Traceback" not in done.stderr, done.stderr
        return done.stderr

    def files(self) -> dict[str, bytes]:
        """Everything that lies in its folder, but for the lock, which names the process that had it last."""
        return {
            str(path.relative_to(self.var)): path.read_bytes()
            for path in sorted(self.var.rglob("*"))
            if path.is_file() and path.name != "up.lock"
        }


@pytest.fixture
def other(tmp_path: Path, transactional_db: None) -> Iterator[Site]:
    """A site with nothing in it, on the same kind of database."""
    with _own_database() as environment:
        yield Site(tmp_path / "other", **environment)


@pytest.fixture
def snapshots(transactional_db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """They may be read: Django lets tests use the databases of the settings only."""
    allowed = BaseDatabaseWrapper.ensure_connection

    def ensure(self: BaseDatabaseWrapper) -> None:
        if self.alias == rows.ALIAS and self.connection is None:
            self.connect()
        else:
            allowed(self)

    monkeypatch.setattr(BaseDatabaseWrapper, "ensure_connection", ensure)


@pytest.fixture
def make_backup(tmp_path: Path, snapshots: None) -> Callable[..., Path]:
    """Backs up the site of the tests; answers the archive."""

    def make(name: str = "site.backup", *options: str) -> Path:
        (tmp_path / "backups").mkdir(exist_ok=True)
        call_command("backup", str(tmp_path / "backups" / name), *options, verbosity=0)
        return tmp_path / "backups" / name

    return make


@contextmanager
def _own_database() -> Iterator[dict[str, str]]:
    if connection.vendor != "postgresql":
        yield {}
        return
    facts = connection.settings_dict
    name = f"other_{os.getpid()}"
    with connection.cursor() as cursor:
        cursor.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        cursor.execute(f"CREATE DATABASE {name} TEMPLATE template0")
    host = facts["OPTIONS"].get("host") or facts["HOST"]
    yield {"DATABASE_URL": f"postgres://{facts['USER']}@/{name}?host={host}"}
    with connection.cursor() as cursor:
        cursor.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
