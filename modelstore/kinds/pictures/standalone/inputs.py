"""Pictures for the programs of a bundle."""

import base64
import binascii
import hashlib
import zipfile
import zlib
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import Any

SAMPLES = "pictures"
FILES = True
LINES = False


def from_argument(text: str) -> Path:
    """The name of a file; raises ValueError where there is none."""
    path = Path(text)
    if not path.is_file():
        raise ValueError("it is a folder, not a picture" if path.is_dir() else "there is no such file")
    return path


def from_wire(value: Any) -> bytes:
    """Base64, or a data: address of it."""
    if not isinstance(value, str):
        raise TypeError
    try:
        return base64.b64decode(value.rpartition(",")[2], validate=True)
    except (binascii.Error, ValueError) as error:
        raise ValueError("Pictures in `inputs` must be in base64.") from error


def samples(data: Path) -> Iterator[tuple[str, Any]]:
    """All files of a folder or a zip. Raises OSError, ValueError."""
    if data.is_dir():
        for path in sorted(path for path in data.rglob("*") if path.is_file()):
            yield hashlib.sha256(path.read_bytes()).hexdigest(), path
        return
    with _opened(data) as archive:
        for name in archive.namelist():
            content = archive.read(name)
            yield hashlib.sha256(content).hexdigest(), content


def labelled(data: Path, classes: Collection[str]) -> Iterator[tuple[str, Any]]:
    """(class, picture) of each file of a folder or zip that lies in a folder named like a class: the innermost."""
    if data.is_dir():
        for path in sorted(path for path in data.rglob("*") if path.is_file()):
            if label := _folder(path.relative_to(data).parts, classes):
                yield label, path
        return
    with _opened(data) as archive:
        for name in archive.namelist():
            label = _folder(PurePosixPath(name).parts, classes)
            if label and not name.endswith("/"):
                yield label, archive.read(name)


@contextmanager
def _opened(data: Path) -> Iterator[zipfile.ZipFile]:
    try:
        with zipfile.ZipFile(data) as archive:
            yield archive
    except (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError, NotImplementedError) as error:
        raise ValueError(f"it is neither a folder nor a zip that can be read ({error})") from error


def _folder(parts: tuple[str, ...], classes: Collection[str]) -> str | None:
    return next((part for part in reversed(parts[:-1]) if part in classes), None)
