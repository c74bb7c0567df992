"""Puts a backup back: prepared beside what is there, checked, migrated, and only then put in its place."""

import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from django.conf import settings
from django.core.files.storage import default_storage
from django.core.management import call_command
from django.db import DatabaseError, connection, connections

from flashsite.backup import bucket, contents, postgres, rows, surroundings, swap
from flashsite.backup.archive import FILES, ROWS, SURROUNDINGS, Archive
from flashsite.backup.making import Progress, check_room
from flashsite.backup.refusal import Refused
from flashsite.backup.swap import Journal
from flashsite.supervisor import lock
from modelstore.ground import files

SETTINGS_FILE = "settings-of-backup.env"


@dataclass(frozen=True, kw_only=True, slots=True)
class Restored:
    """What came back. `aside` is where what was there before is kept, `settings` are the variables that differ.

    `missing` are files that rows name and nobody has.
    """

    made: str
    counts: dict[str, int]
    missing: list[str]
    aside: list[str]
    settings: list[str]
    other_key: bool


def restore(path: Path, *, replace: bool = False, progress: Progress = lambda done, total: None) -> Restored:
    """Makes this site what it was at the time of the backup, or leaves it as it is.

    A site that has data is only touched with `replace`; what it had is then kept aside. Raises Refused, OSError.
    """
    with _alone(), Archive.open(path) as archive:
        swap.recover()
        had_data = _check(archive, replace)
        work = _Work(archive, progress, had_data)
        try:
            return work.run()
        except BaseException:
            work.take_back()
            raise


def recover() -> str:
    """Finishes or undoes a restore that was interrupted; answers in words what was done. Raises Refused."""
    with _alone():
        return swap.recover()


@contextmanager
def _alone() -> Iterator[None]:
    """Nobody else may use the site meanwhile."""
    try:
        handle = lock.acquire(settings.FLASH_VAR_DIR)
    except lock.AlreadyRunning as error:
        raise Refused(str(error)) from None
    try:
        yield
    finally:
        os.close(handle)


def _check(archive: Archive, replace: bool) -> bool:
    """Answers whether the site has data, which is then to be replaced."""
    facts = archive.facts
    if facts["database"] != connection.vendor:
        raise Refused(
            f"The backup is of {facts['database']}, and this site uses {connection.vendor}. Set DATABASE_URL to a "
            f"database of {facts['database']}."
        )
    rows.check_known(facts["migrations"])
    if connection.vendor == "postgresql":
        postgres.find("pg_restore", "psql")
    found = _counts()
    if any(found.values()) and not replace:
        raise Refused(
            f"This site has data already ({contents.in_words(found)}). Restore into an empty one: another "
            "FLASH_VAR_DIR and database. Or add --replace: what is here is then put aside."
        )
    _check_idle()
    check_room(Path(settings.FLASH_VAR_DIR), archive.size)
    return any(found.values())


def _counts() -> dict[str, int]:
    """A file that is damaged may have been somebody's site."""
    try:
        return contents.counts()
    except DatabaseError:
        if connection.vendor == "postgresql":
            raise
        return {"databases that cannot be read": 1}


def _check_idle() -> None:
    told = "Another process uses the database of this site. Stop web and workers, then restore."
    if connection.vendor == "postgresql":
        if postgres.others_connected(connection):
            raise Refused(told)
        return
    connections.close_all()
    name = Path(connection.settings_dict["NAME"])
    if not name.exists():
        return
    try:
        with closing(sqlite3.connect(name, timeout=0.5, isolation_level=None)) as database:
            # Whoever has the file open shares it, also while doing nothing.
            database.execute("PRAGMA locking_mode=EXCLUSIVE")
            database.execute("BEGIN EXCLUSIVE")
            database.execute("ROLLBACK")
    except sqlite3.OperationalError as error:
        raise Refused(told) from error
    except sqlite3.DatabaseError:
        return  # no database any more: it is going to be put aside


class _Work:
    """One restore, from the first file that it writes."""

    def __init__(self, archive: Archive, progress: Progress, had_data: bool) -> None:
        self._archive, self._progress, self._had_data = archive, progress, had_data
        self._var = Path(settings.FLASH_VAR_DIR)
        self._database = None if connection.vendor == "postgresql" else Path(connection.settings_dict["NAME"])
        self._media = None if files.local_path("x") is None else Path(settings.MEDIA_ROOT)
        self._keys = self._archive.stored()
        self._copies = self._archive.facts["files"] == "copied"
        self._uploaded: list[str] = []
        self._done = 0
        self._journal = Journal(stamp=f"{datetime.now(UTC):%Y%m%d-%H%M%S}")
        if self._database is None:
            self._journal.schema = postgres.current_schema(connection)
            self._journal.schema_aside = f"before_restore_{self._journal.stamp.replace('-', '_')}"

    def run(self) -> Restored:
        self._begin()
        self._prepare_files()
        surroundings_told, differing = self._prepare_surroundings()
        self._prepare_rows()
        swap.hand_over(self._journal, self._var)
        os.sync()
        connections.close_all()
        self._journal.is_complete = True
        self._journal.write()
        try:
            swap.finish(self._journal)
        except KeyboardInterrupt:
            # Too late: all is decided, and takes no time.
            swap.finish(self._journal)
        shutil.rmtree(settings.FLASH_CACHE_DIR, ignore_errors=True)
        return self._told(surroundings_told, differing)

    def take_back(self) -> None:
        """Leaves the site as it was, unless it is complete already."""
        journal = Journal.read()
        if journal is not None and journal.is_complete:
            swap.finish(journal)
            return
        connections.close_all()
        swap.undo(self._journal)
        bucket.take_back(self._uploaded)

    def _begin(self) -> None:
        """The journal first: from now on, whoever comes next knows what to take away."""
        targets = [self._var / "secret_key", self._var / SETTINGS_FILE]
        retired = [Path(settings.FLASH_RUNS_DIR), Path(settings.FILE_UPLOAD_TEMP_DIR), self._var / "redis"]
        if self._database is not None:
            targets.append(self._database)
            retired += [self._database.with_name(self._database.name + suffix) for suffix in ("-wal", "-shm")]
        if self._media is not None and self._copies:
            targets.append(self._media)
        swap.clear(targets)
        self._journal.targets = [str(target) for target in targets]
        self._journal.retired = [str(path) for path in retired]
        self._journal.write()
        for target in targets:
            target.parent.mkdir(parents=True, exist_ok=True)
            swap.staged(target).parent.mkdir(mode=0o700, exist_ok=True)

    def _prepare_files(self) -> None:
        if not self._copies:
            return
        if self._media is None:
            fetched = self._var / swap.STAGING / "file"
            for key in self._keys:
                self._archive.copy(FILES + key, fetched, self._moved)
                if bucket.put(fetched, key):
                    self._uploaded.append(key)
                fetched.unlink()
            return
        root = swap.staged(self._media)
        root.mkdir()
        for key in self._keys:
            target = root / key
            target.parent.mkdir(parents=True, exist_ok=True)
            self._archive.copy(FILES + key, target, self._moved)
            target.chmod(settings.FILE_UPLOAD_PERMISSIONS or 0o640)

    def _prepare_rows(self) -> None:
        if self._database is not None:
            database = swap.staged(self._database)
            self._archive.copy(ROWS, database, self._moved)
            _migrate_file(database)
            return
        dump = self._var / swap.STAGING / "rows"
        self._archive.copy(ROWS, dump, self._moved)
        postgres.load(connection, dump, schema=self._journal.schema, aside=self._journal.schema_aside)
        call_command("migrate", interactive=False, verbosity=0, skip_checks=True)

    def _prepare_surroundings(self) -> tuple[bool, dict[str, str]]:
        """Whether this site keeps another key than the backup's, and the settings that differ."""
        told = self._archive.read(SURROUNDINGS)
        differing = surroundings.differing(told)
        if differing:
            _write_secret(swap.staged(self._var / SETTINGS_FILE), surroundings.as_lines(differing))
        if surroundings.key_is_set():
            return surroundings.secret_key(told) != settings.SECRET_KEY, differing
        _write_secret(swap.staged(self._var / "secret_key"), surroundings.secret_key(told))
        return False, differing

    def _moved(self, count: int) -> None:
        self._done += count
        self._progress(self._done, self._archive.size)

    def _told(self, other_key: bool, differing: dict[str, str]) -> Restored:
        missing = list(self._archive.facts["missing"])
        if not self._copies:
            found = contents.named()
            missing = [key for key in sorted(found.keys) if not default_storage.exists(key)]
            missing += [folder for folder in sorted(found.folders) if not contents.files_in(folder)]
        return Restored(
            made=str(self._archive.facts["made"]),
            counts=contents.counts(),
            missing=missing,
            aside=self._kept_aside(),
            settings=sorted(differing),
            other_key=other_key,
        )

    def _kept_aside(self) -> list[str]:
        """Where to find what was there before; of a site that had nothing, nothing is kept but files."""
        stamp, schema = self._journal.stamp, self._journal.schema_aside
        folders = {swap.aside(Path(path), stamp).parent for path in self._journal.targets}
        media = swap.aside(Path(settings.MEDIA_ROOT), stamp)
        if not self._had_data and not any(path.is_file() for path in media.rglob("*")):
            for folder in folders:
                shutil.rmtree(folder, ignore_errors=True)
            if schema:
                postgres.drop(connection, schema)
                schema = ""
        told = [str(folder) for folder in sorted(folders) if folder.is_dir()]
        return [*told, f"schema {schema} of the database"] if schema else told


def _write_secret(path: Path, text: str) -> None:
    path.touch(mode=0o600)
    path.write_text(text)


def _migrate_file(database: Path) -> None:
    """In a process of its own, whose default database this is: migrations of data ask for no other."""
    environment = os.environ | {"DATABASE_URL": f"sqlite:///{database}"}
    command = [sys.executable, str(settings.BASE_DIR / "manage.py"), "migrate", "--noinput", "--skip-checks"]
    done = subprocess.run(
        [*command, "--verbosity=0"], env=environment, cwd=settings.BASE_DIR, capture_output=True, text=True
    )
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ["it did not say why"])[-1]
        raise Refused(f"The rows of the backup could not be brought up to date: {last}")
