"""PostgreSQL's own programs: a dump at a snapshot, and its way back in one transaction."""

import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.postgresql.client import DatabaseClient

from flashsite.backup.refusal import Refused


def export_snapshot(connection: BaseDatabaseWrapper) -> str:
    """The name of a snapshot for others, valid for this transaction, which has to begin with this."""
    with connection.cursor() as cursor:
        cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        cursor.execute("SELECT pg_export_snapshot()")
        return str(cursor.fetchone()[0])


def find(*programs: str) -> None:
    """Raises Refused, with what is missing."""
    if missing := [program for program in programs if shutil.which(program) is None]:
        raise Refused(
            f"{' and '.join(missing)} not found. Install PostgreSQL's client programs, of the server's version or a "
            "newer one (Debian and Ubuntu: apt install postgresql-client)."
        )


def dump(connection: BaseDatabaseWrapper, snapshot: str, target: Path) -> None:
    """All tables, as they are in the snapshot, in pg_dump's own format, which is compressed."""
    find("pg_dump")
    words, environment = _address(connection)
    schema = current_schema(connection)
    options = ["--format=custom", "--no-owner", "--no-privileges", f"--schema={schema}", "--no-password"]
    target.touch(mode=0o600)
    _run(["pg_dump", *options, f"--snapshot={snapshot}", f"--file={target}", *words], environment)


def load(connection: BaseDatabaseWrapper, dump: Path, *, schema: str, aside: str) -> None:
    """Puts the tables of `dump` into `schema`; what is there now goes to the new schema `aside`; all or nothing.

    Raises Refused; where the dump could be read to its middle only, `put_back` has to undo it.
    """
    words, environment = _address(connection)
    quote = connection.ops.quote_name
    before = [f"ALTER SCHEMA {quote(schema)} RENAME TO {quote(aside)};", f"CREATE SCHEMA {quote(schema)};"]
    psql = [
        "psql",
        "--no-psqlrc",
        "--quiet",
        "--no-password",
        "--set=ON_ERROR_STOP=1",
        "--single-transaction",
    ]
    psql += [*(part for sentence in before for part in ("--command", sentence)), "--file=-", *words]
    restore = ["pg_restore", "--no-owner", "--no-privileges", f"--schema={schema}", "--file=-", str(dump)]
    with subprocess.Popen(restore, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as reading:
        loading = subprocess.run(
            psql, stdin=reading.stdout, env=environment, capture_output=True, check=False
        )
        assert reading.stdout is not None and reading.stderr is not None
        # psql may have ended before it: it must not wait for a reader.
        reading.stdout.close()
        told = reading.stderr.read()
    if loading.returncode:
        raise Refused(f"The rows could not be put into the database: {_words(loading.stderr)}")
    if reading.returncode:
        raise Refused(f"The rows could not be read from the backup: {_words(told)}")


def put_back(connection: BaseDatabaseWrapper, schema: str, aside: str) -> None:
    """Undoes `load`; nothing where it did nothing."""
    quote = connection.ops.quote_name
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM pg_namespace WHERE nspname = %s", [aside])
        if cursor.fetchone():
            cursor.execute(
                f"DROP SCHEMA IF EXISTS {quote(schema)} CASCADE; ALTER SCHEMA {quote(aside)} RENAME TO {quote(schema)}"
            )


def drop(connection: BaseDatabaseWrapper, schema: str) -> None:
    """Removes a schema and all in it."""
    with connection.cursor() as cursor:
        cursor.execute(f"DROP SCHEMA IF EXISTS {connection.ops.quote_name(schema)} CASCADE")


def others_connected(connection: BaseDatabaseWrapper) -> int:
    """How many others use this database."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() "
            "AND backend_type = 'client backend'"
        )
        return int(cursor.fetchone()[0])


def bytes_of(connection: BaseDatabaseWrapper) -> int:
    """What the database takes on its server's disk; a dump is smaller."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_database_size(current_database())")
        return int(cursor.fetchone()[0])


def current_schema(connection: BaseDatabaseWrapper) -> str:
    """Where the tables are."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_schema()")
        return str(cursor.fetchone()[0])


def _address(connection: BaseDatabaseWrapper) -> tuple[list[str], dict[str, str]]:
    """Words of the command line and an environment: passwords are in the latter alone."""
    words, more = DatabaseClient.settings_to_cmd_args_env(connection.settings_dict, [])
    return list(words[1:]), {**os.environ, **(more or {})}


def _run(command: list[str], environment: dict[str, str]) -> None:
    done: Any = subprocess.run(command, env=environment, capture_output=True)
    if done.returncode:
        raise Refused(f"{command[0]} failed: {_words(done.stderr)}")


def _words(output: bytes) -> str:
    lines = output.decode("utf-8", "replace").strip().splitlines() or ["it did not say why"]
    return lines[0] if len(lines) == 1 else f"{lines[0]} ({lines[-1]})"
