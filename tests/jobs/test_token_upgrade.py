"""An upgrade from a version whose database had tokens: old addresses work, and no token is left."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.db import connection

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def database(transactional_db: None, tmp_path: Path) -> Iterator[dict[str, str]]:
    """The environment of a site with an empty database of the same kind as that of the tests."""
    if connection.vendor != "postgresql":
        yield {}
        return
    name = f"upgrade_{os.getpid()}"
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE DATABASE {name}")
    given = connection.settings_dict
    yield {"DATABASE_URL": f"postgres://{given['USER']}@/{name}?host={given['HOST']}"}
    with connection.cursor() as cursor:
        cursor.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.mark.slow
def test_tokens_of_an_old_database_are_hashed_and_go_on(database: dict[str, str], tmp_path: Path) -> None:
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith(("FLASH_", "DATABASE_"))
    }
    environment |= {
        "DJANGO_SETTINGS_MODULE": "flashsite.settings",
        "FLASH_VAR_DIR": str(tmp_path / "var"),
        **database,
    }
    command = [sys.executable, "-m", "tests.jobs.token_upgrade"]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
