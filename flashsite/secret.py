"""The secret key: from the environment, else a file made once at the first start."""

import os
import secrets
from pathlib import Path

from flashsite import env


def load_or_create(path: Path) -> str:
    """The key in `path`, generated when there is none; safe when two processes start at once.

    A folder that cannot be written is reported by the system checks; until then a key for this process only serves.
    """
    try:
        return _load_or_create(path)
    except OSError as error:
        sentence = f"The secret key cannot be kept in {path}: {error.strerror}. Set FLASH_VAR_DIR to your own folder."
        env.PROBLEMS.append(("FLASH_VAR_DIR", sentence))
        return secrets.token_urlsafe(50)


def _close_to_others(path: Path) -> None:
    """The folder holds tokens and everybody's data. One without our key in it may be for other things, too."""
    folder = path.parent.stat()
    if path.exists() and folder.st_uid == os.getuid() and folder.st_mode & 0o077:
        path.parent.chmod(0o700)


def _load_or_create(path: Path) -> str:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    _close_to_others(path)
    # Django checks that uploads have somewhere to go before anything of ours could make the folder.
    (path.parent / "tmp").mkdir(exist_ok=True)
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return path.read_text().strip() or secrets.token_urlsafe(50)
    with os.fdopen(handle, "w") as file:
        file.write(key := secrets.token_urlsafe(50))
    return key
