"""The rows of a site as one file, as they are at one moment, while the site goes on writing."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import quote

from django.db import connection, connections, transaction
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder

from flashsite.backup import postgres
from flashsite.backup.refusal import Refused

# The name under which Django reads a snapshot.
ALIAS = "snapshot"
_BUSY_SECONDS = 60.0


class Snapshot(Protocol):
    """`ALIAS` reads its rows; `write` puts all of them into a new file."""

    def write(self, target: Path) -> None: ...


@contextmanager
def snapshot(work: Path) -> Iterator[Snapshot]:
    """The rows of this moment, until the context ends; `work` has room for a copy of the database."""
    if connection.vendor == "postgresql":
        with _reading({}), transaction.atomic(using=ALIAS):
            yield _PostgresSnapshot(postgres.export_snapshot(connections[ALIAS]))
        return
    path = work / "snapshot.sqlite3"
    try:
        _copy_sqlite(str(connection.settings_dict["NAME"]), path)
        with _reading({"NAME": str(path)}):
            yield _SqliteSnapshot(path)
    finally:
        path.unlink(missing_ok=True)


@dataclass(frozen=True, slots=True)
class _SqliteSnapshot:
    path: Path

    def write(self, target: Path) -> None:
        """See Snapshot."""
        # Closed, so that all is in the one file.
        connections[ALIAS].close()
        self.path.rename(target)


@dataclass(frozen=True, slots=True)
class _PostgresSnapshot:
    name: str

    def write(self, target: Path) -> None:
        """See Snapshot."""
        postgres.dump(connections[ALIAS], self.name, target)


def migrations(alias: str = ALIAS) -> list[list[str]]:
    """What made the tables: [[app, migration]]."""
    return sorted(list(key) for key in MigrationRecorder(connections[alias]).applied_migrations())


def check_known(migrations: list[list[str]]) -> None:
    """Raises Refused where this code does not know all of them."""
    known = set(MigrationLoader(None).disk_migrations)
    unknown = [f"{app}.{name}" for app, name in migrations if (app, name) not in known]
    if unknown:
        raise Refused(
            f"The backup was made by a newer version of Flash: this one does not know {unknown[0]}. Upgrade the code, "
            "then restore."
        )


@contextmanager
def _reading(differences: dict[str, Any]) -> Iterator[None]:
    connections.databases[ALIAS] = {**connection.settings_dict, **differences}
    try:
        yield
    finally:
        connections[ALIAS].close()
        del connections[ALIAS]
        del connections.databases[ALIAS]


def _copy_sqlite(name: str, target: Path) -> None:
    """By SQLite's online backup, all pages in one go: others read and write meanwhile, and none of it is seen."""
    target.unlink(missing_ok=True)
    target.touch(mode=0o600)
    try:
        with (
            closing(
                sqlite3.connect(f"file:{quote(name)}?mode=rw", uri=True, timeout=_BUSY_SECONDS)
            ) as source,
            closing(sqlite3.connect(target)) as copy,
        ):
            source.backup(copy)
    except sqlite3.Error as error:
        raise Refused(f"The database {name} cannot be copied: {error}.") from error
