"""Files of versions read: changes, labels and segments."""

import logging
from typing import TYPE_CHECKING, cast

from jobs.datasets.intake import sha256_of
from jobs.datasets.versions.changes import Change, Labels
from jobs.models import DatasetSegment, DatasetVersion
from jobs.uploads.samples.columns_file import Columns, ColumnsDamaged, open_columns
from modelstore.ground import files
from modelstore.ground.errors import FlashError

if TYPE_CHECKING:
    from jobs.datasets.versions.changes import Integers

logger = logging.getLogger(__name__)
FOLDER = "versions"


class VersionDamaged(FlashError):
    """A file of a version is gone, or not what was written."""

    status = 503
    code = "version_damaged"
    title = "The version cannot be read"


def read_change(version: DatasetVersion) -> Change:
    """What it changed; the first one there is brought all of its samples. Raises VersionDamaged, StorageUnavailable."""
    if not version.delta_key:
        labels = read_labels(version)
        numbers = labels.numbers()
        after = labels.codes[numbers]
        return Change(numbers, after * 0 - 1, after, labels.words)
    columns = _read(version.delta_key, version.delta_sha256)
    numbers, before, after = (integers(columns, name) for name in ("numbers", "before", "after"))
    return Change(numbers, before, after, columns.facts["words"])


def read_labels(version: DatasetVersion) -> Labels:
    """The labels that are stored with it."""
    columns = _read(version.state_key, version.state_sha256)
    return Labels(integers(columns, "codes"), columns.facts["words"])


def read_facts(segment: DatasetSegment) -> Columns:
    """What is known of the samples of a segment, mapped where the storage is this disk."""
    return _read(segment.facts_key)


def integers(columns: Columns, name: str, kind: str = "<i4") -> "Integers":
    """A column as an array that cannot be written."""
    import numpy as np

    return cast("Integers", np.frombuffer(columns[name], dtype=kind))


def _read(key: str, sha256: str = "") -> Columns:
    """Compared with `sha256` where there is one."""
    path = files.local_path(key)
    try:
        if path is not None:
            if sha256 and sha256_of(path) != sha256:
                raise ColumnsDamaged("It is not what was written.")
            return open_columns(path)
        with files.reading(key) as chunks:
            return Columns(b"".join(chunks))
    except (FileNotFoundError, ColumnsDamaged) as error:
        raise VersionDamaged(
            "The files of this version are gone or damaged. The operator may have a backup."
        ) from error


def delete_folder(folder: str) -> None:
    """Deletes all that is stored of a dataset; what cannot be deleted now the sweep of the storage finds."""
    try:
        files.delete_folder(folder)
    except Exception:  # each backend has an exception tree of its own
        logger.warning("The files under %s, which nobody needs, could not be deleted.", folder, exc_info=True)
