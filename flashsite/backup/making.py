"""Makes a backup while the site runs: every file that one of its rows names is in it."""

import fcntl
import os
import shutil
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any

from django.conf import settings
from django.core.files.storage import default_storage
from django.db import connection

from flashsite.backup import contents, postgres, rows, surroundings
from flashsite.backup.archive import FILES, ROWS, SURROUNDINGS, Writer
from flashsite.backup.contents import Named
from flashsite.backup.refusal import Refused
from modelstore.ground import files
from modelstore.ground.errors import FlashError

# Files may go while others are copied: models expire, trainings end. Each round has less to do than the one before.
_ROUNDS = 5
Progress = Callable[[int, int], None]


@dataclass(frozen=True, kw_only=True, slots=True)
class Made:
    """What is in a backup. `missing` are files that rows name and the storage does not have, now as before."""

    path: Path
    bytes: int
    counts: dict[str, int]
    files: int
    missing: list[str]


def make(target: Path, *, with_files: bool = True, progress: Progress = lambda done, total: None) -> Made:
    """Writes the backup to `target`, which is there when it is complete, and never before.

    `progress` is told of the bytes written and about how many there will be. Raises Refused; OSError for the disk.
    """
    if connection.vendor == "postgresql":
        postgres.find("pg_dump")
    total = _check_room(target, with_files)
    with _partial(target) as (file, work):
        done = 0

        def moved(count: int) -> None:
            nonlocal done
            done += count
            progress(done, max(total, done))

        made = _write(Writer(file, moved), target, work, with_files)
    return made


def _write(writer: Writer, target: Path, work: Path, with_files: bool) -> Made:
    copier = _Copier(writer)
    if with_files:
        # The bulk of it. Whatever comes meanwhile is named by the rows that are copied afterwards.
        copier.copy(contents.named())
    dump = work / "dump"
    for _ in range(_ROUNDS):
        with rows.snapshot(work) as snapshot:
            gone = copier.copy(contents.named(rows.ALIAS)) if with_files else []
            # Files go after their rows: what is still named was whole when it was copied, or is really gone.
            if not copier.is_certain(gone):
                continue
            facts: dict[str, Any] = {
                "made": datetime.now(UTC).isoformat(timespec="seconds"),
                "database": connection.vendor,
                "migrations": rows.migrations(),
                "files": "copied" if with_files else "elsewhere",
                "counts": contents.counts(rows.ALIAS),
                "missing": gone,
            }
            snapshot.write(dump)
        break
    else:
        raise Refused("More files are deleted at the moment than can be copied in time. Try again later.")
    writer.add_file(ROWS, dump)
    writer.add_bytes(SURROUNDINGS, surroundings.as_bytes())
    writer.finish(facts)
    return Made(
        path=target,
        bytes=writer.bytes,
        counts=facts["counts"],
        files=len(copier.keys),
        missing=gone,
    )


class _Copier:
    """Copies what is named and not yet in the archive. A file never changes under its key, so once is enough."""

    def __init__(self, writer: Writer) -> None:
        self.keys: set[str] = set()
        self._last: set[str] = set()
        self._whole: set[str] = set()
        self._writer = writer

    def copy(self, found: Named) -> list[str]:
        """Answers what is named and not there."""
        gone = [key for key in sorted(found.keys - self.keys) if not self._file(key)]
        self._last = set(found.folders - self._whole)
        for folder in sorted(self._last):
            there = contents.files_in(folder)
            if there and all(self._file(key) for key in there if key not in self.keys):
                self._whole.add(folder)
            else:
                gone.append(folder)
        return gone

    def is_certain(self, gone: list[str]) -> bool:
        """Whether nothing of the last copy, and nothing that was `gone`, has lost its row by now."""
        asked = self._last.union(gone)
        if not asked:
            return True
        live = contents.named()
        return all(live.of(name) for name in asked)

    def _file(self, key: str) -> bool:
        try:
            size = default_storage.size(key)
            with files.reading(key) as chunks:
                self._writer.add(FILES + key, chunks, size)
        except FileNotFoundError:
            return False
        except FlashError as error:
            raise Refused(error.detail) from error
        self.keys.add(key)
        return True


@contextmanager
def _partial(target: Path) -> Iterator[tuple[IO[bytes], Path]]:
    """A file that takes the name `target` when all went well, and a folder to work in; nothing stays otherwise."""
    partial, work = (target.with_name(f".{target.name}.{part}") for part in ("partial", "work"))
    handle = os.open(partial, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
    with os.fdopen(handle, "r+b") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Refused(f"Another backup is being written to {target}.") from None
        try:
            # What one that was killed has left.
            file.truncate()
            shutil.rmtree(work, ignore_errors=True)
            work.mkdir(mode=0o700)
            yield file, work
            file.flush()
            os.fsync(file.fileno())
            os.replace(partial, target)
        finally:
            partial.unlink(missing_ok=True)
            shutil.rmtree(work, ignore_errors=True)
    _sync_folder(target.parent)


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _check_room(target: Path, with_files: bool) -> int:
    """About how many bytes there will be; raises Refused where they do not fit."""
    if not target.parent.is_dir():
        raise Refused(f"There is no folder {target.parent}.")
    if target.is_dir():
        raise Refused(f"{target} is a folder; name a file.")
    database = _database_bytes()
    total = database + (contents.bytes_of_files() if with_files else 0)
    check_room(target.parent, total + database)
    return total


def check_room(folder: Path, size: int) -> None:
    """Raises Refused unless `size` bytes fit into `folder`, and leave the site what it needs if that is its disk."""
    facts = os.statvfs(folder)
    free = facts.f_bavail * facts.f_frsize
    if os.stat(folder).st_dev == os.stat(settings.FLASH_VAR_DIR).st_dev:
        free -= settings.FLASH_DISK_RESERVE
    if free < size:
        raise Refused(
            f"{folder} has room for {max(free, 0) // 1024**2:,} MB, and about {size // 1024**2 + 1:,} MB are needed. "
            "Nothing was written. Make room, or name another disk."
        )


def _database_bytes() -> int:
    if connection.vendor == "postgresql":
        return postgres.bytes_of(connection)
    name = str(connection.settings_dict["NAME"])
    return sum(size for size in _sizes([name, f"{name}-wal"]))


def _sizes(names: Iterable[str]) -> Iterator[int]:
    for name in names:
        try:
            yield os.stat(name).st_size
        except FileNotFoundError:
            continue
