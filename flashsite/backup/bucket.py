"""Files of a backup on their way into a bucket, where nothing can be swapped: what is there is never replaced."""

import hashlib
from contextlib import suppress
from pathlib import Path

from django.core.files.storage import default_storage

from flashsite.backup.refusal import Refused
from modelstore.ground import files


def put(source: Path, key: str) -> bool:
    """Stores a file; False where the very same one is there already. Raises Refused where another one is."""
    if not default_storage.exists(key):
        files.put(source, key)
        return True
    with source.open("rb") as file, files.reading(key) as chunks:
        ours = hashlib.file_digest(file, "sha256").digest()
        theirs = hashlib.sha256()
        for chunk in chunks:
            theirs.update(chunk)
    if ours != theirs.digest():
        raise Refused(
            f"The bucket has another file under {key}, which is left alone. Restore with another FLASH_S3_PREFIX or "
            "into an empty bucket."
        )
    return False


def take_back(keys: list[str]) -> None:
    """Deletes what a restore that failed had stored; what stays is found by the daily sweep."""
    for key in keys:
        with suppress(Exception):  # each backend has an exception tree of its own
            default_storage.delete(key)
