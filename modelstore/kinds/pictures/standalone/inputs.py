"""Pictures for the programs of a bundle."""

import base64
import binascii
import hashlib
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
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
    try:
        with zipfile.ZipFile(data) as archive:
            for name in archive.namelist():
                content = archive.read(name)
                yield hashlib.sha256(content).hexdigest(), content
    except (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError, NotImplementedError) as error:
        raise ValueError(f"it is neither a folder nor a zip that can be read ({error})") from error
