"""The folders in which attempts at jobs and batches work: ROOT/<id of the row>/<fence of the attempt>."""

import shutil
from pathlib import Path
from typing import TypeVar

from django.core.exceptions import ObjectDoesNotExist
from django.db import DatabaseError

from jobs.models.leased import Leased, LeasedQuerySet

L = TypeVar("L", bound=Leased)


def run_folder(root: Path, row: Leased) -> Path:
    """Where this attempt at `row` works."""
    return root / str(row.pk) / str(row.fence)


def earlier_attempts(folder: Path) -> list[Path]:
    """What earlier attempts at the same row left on this machine, the latest last."""
    others = (path for path in folder.parent.iterdir() if path != folder)
    return sorted(others, key=lambda path: int(path.name))


def forget_if_ended(root: Path, row: Leased) -> bool:
    """Removes the folders of a row that has ended or is gone, and answers whether it has.

    A row that waits keeps what its next attempt goes on from.
    """
    try:
        row.refresh_from_db(fields=["status"])
        if not row.is_ended:
            return False
    except ObjectDoesNotExist:
        pass
    except DatabaseError:
        return False
    shutil.rmtree(root / str(row.pk), ignore_errors=True)
    return True


def remove_ended(root: Path, rows: LeasedQuerySet[L]) -> int:
    """Removes folders on this machine whose row has ended or is gone; answers how many."""
    if not root.is_dir():
        return 0
    folders = {int(path.name): path for path in root.iterdir() if path.name.isdecimal()}
    needed = set(rows.active().filter(pk__in=folders).values_list("pk", flat=True))
    for pk in folders.keys() - needed:
        shutil.rmtree(folders[pk], ignore_errors=True)
    return len(folders.keys() - needed)
