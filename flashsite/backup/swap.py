"""The last step of a restore: what was prepared takes the place of what is there, also when it is interrupted.

A journal says what is to be moved. Until it says that all is complete, an interrupted restore is undone; from then on
it is finished, however often that takes.
"""

import json
import os
import shutil
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Self

from django.conf import settings
from django.db import connection

from flashsite.backup import postgres

STAGING = ".restoring"
_ASIDE = "before-restore"


@dataclass(kw_only=True, slots=True)
class Journal:
    """`targets` are replaced by what lies in the folder STAGING beside them, `retired` only go aside.

    On PostgreSQL the tables of `schema` are in the schema `schema_aside`, from the moment that new ones are there.
    """

    stamp: str
    targets: list[str] = field(default_factory=list)
    retired: list[str] = field(default_factory=list)
    schema: str = ""
    schema_aside: str = ""
    is_complete: bool = False

    def write(self) -> None:
        """In one go, and on the disk when it returns."""
        path = journal_path()
        new = path.with_suffix(".new")
        with new.open("w") as file:
            json.dump(asdict(self), file)
            file.flush()
            os.fsync(file.fileno())
        os.replace(new, path)

    @classmethod
    def read(cls) -> Self | None:
        """The one of a restore that did not come to its end; None where there is none."""
        try:
            return cls(**json.loads(journal_path().read_text()))
        except FileNotFoundError:
            return None


def journal_path() -> Path:
    return Path(settings.FLASH_VAR_DIR) / "restore.json"


def staged(target: Path) -> Path:
    """Where the file or folder that is to become `target` is prepared: on the same file system."""
    return target.parent / STAGING / target.name


def aside(target: Path, stamp: str) -> Path:
    """Where what was there before is kept."""
    return target.parent / f"{_ASIDE}-{stamp}" / target.name


def recover() -> str:
    """Finishes or undoes a restore that was interrupted; answers in words what was done, "" where there was none."""
    journal = Journal.read()
    if journal is None:
        return ""
    if journal.is_complete:
        finish(journal)
        return "A restore that was interrupted at its last step has been finished."
    undo(journal)
    return "A restore that was interrupted has been undone: the site is what it was before."


def hand_over(journal: Journal, folder: Path) -> None:
    """Gives what was prepared to the owner of `folder`: root may restore what another user is to serve."""
    facts = folder.stat()
    if os.geteuid() != 0 or facts.st_uid == 0:
        return
    for new in map(staged, map(Path, journal.targets)):
        for path in (new, *new.rglob("*")) if new.exists() else ():
            os.chown(path, facts.st_uid, facts.st_gid, follow_symlinks=False)


def finish(journal: Journal) -> None:
    """Moves everything into its place; may be repeated after it was interrupted anywhere."""
    for target in map(Path, journal.retired):
        _put_aside(target, journal.stamp)
    for target in map(Path, journal.targets):
        new = staged(target)
        if os.path.lexists(new):
            _put_aside(target, journal.stamp)
            os.rename(new, target)
    os.sync()
    clear(map(Path, journal.targets))
    journal_path().unlink(missing_ok=True)


def undo(journal: Journal) -> None:
    """Takes away what was prepared."""
    if journal.schema:
        postgres.put_back(connection, journal.schema, journal.schema_aside)
    clear(map(Path, journal.targets))
    journal_path().unlink(missing_ok=True)


def clear(targets: Iterable[Path]) -> None:
    """Removes the folders in which the targets were prepared."""
    for folder in {staged(target).parent for target in targets}:
        shutil.rmtree(folder, ignore_errors=True)


def _put_aside(target: Path, stamp: str) -> None:
    kept = aside(target, stamp)
    # Moved already, before an interruption: what is there now is of a start since.
    if not os.path.lexists(target) or os.path.lexists(kept):
        return
    kept.parent.mkdir(mode=0o700, exist_ok=True)
    os.rename(target, kept)
